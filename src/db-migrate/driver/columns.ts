import Bluebird from 'bluebird';
import { KnexwardError } from '../../errors.js';
import { toPostgresType } from '../data-type.js';
import { callbackIn, optionsIn, type Trailing } from './callback.js';
import { columnSql, type ColumnSpec, lengthSql, normalizeColumnSpec } from './column-definition.js';
import { changedDefaultSql, type DefaultValue } from './default-value.js';
import { quoteName } from './escape.js';
import { type Answer, type Operations } from './operations.js';

/** What a column becomes. What is left out is taken away: `notNull` and the default. */
export type ColumnChange = Partial<Omit<ColumnSpec, 'defaultValue'>> & {
  defaultValue?: DefaultValue | null;
  /** The `USING …` clause of the change of type; without it the column is cast. */
  using?: string;
};

/** How to remove a column: at once, or by renaming it, to be dropped later. */
export interface RemoveColumnOptions {
  columnStrategy?: string;
  passthrough?: { column: string };
}

/** The methods of `db` that concern single columns. */
export function columnMethods(operations: Operations) {
  const methods = {
    /** Adds a column, then the foreign key and the comment it carries. */
    addColumn: (
      tableName: string,
      columnName: string,
      spec: string | ColumnSpec,
      ...trailing: Trailing
    ): Bluebird<unknown[]> => {
      return operations.perform(callbackIn(trailing), (send) => {
        const place = { tableName, columnName, emitPrimaryKey: false };
        const column = columnSql(place, normalizeColumnSpec(spec));
        const sql = `ALTER TABLE ${quoteName(tableName)} ADD COLUMN ${column.definition}`;
        const afterwards = [column.foreignKey, column.comment].filter((next) => next !== undefined);
        return send(sql).then(() => Bluebird.all(afterwards.map((next) => send(next))));
      });
    },

    removeColumn: (
      tableName: string,
      columnName: string,
      ...trailing: Trailing<RemoveColumnOptions>
    ): Bluebird<Answer> => {
      const { columnStrategy, passthrough } = optionsIn(trailing);
      if (columnStrategy === 'delay' && passthrough) {
        return methods.renameColumn(tableName, columnName, passthrough.column, ...trailing);
      }
      const sql = `ALTER TABLE "${tableName}" DROP COLUMN "${columnName}"`;
      return operations.perform(callbackIn(trailing), (send) => send(sql));
    },

    renameColumn: (
      tableName: string,
      columnName: string,
      newColumnName: string,
      ...trailing: Trailing
    ): Bluebird<Answer> => {
      const sql = `ALTER TABLE "${tableName}" RENAME COLUMN "${columnName}" TO "${newColumnName}"`;
      return operations.perform(callbackIn(trailing), (send) => send(sql));
    },

    /** Changes what a column is, in up to four statements, one after the other. */
    changeColumn: (
      tableName: string,
      columnName: string,
      change: ColumnChange,
      ...trailing: Trailing
    ): Bluebird<Answer | undefined> => {
      return operations.perform(callbackIn(trailing), (send) => {
        const [first, ...rest] = changeColumnSql(tableName, columnName, change);
        // The first goes out at once: what is asked for next, without waiting, comes after it.
        return rest
          .reduce((done, sql) => done.then(() => send(sql)), send(first))
          .then((answer) => (change.type === undefined ? undefined : answer));
      });
    },
  };
  return methods;
}

/**
 * The statements that change a column, in db-migrate's order.
 *
 * @throws KnexwardError `INVALID_MIGRATION` for a type or a default that is none.
 */
export function changeColumnSql(
  tableName: string,
  columnName: string,
  change: ColumnChange,
): [string, ...string[]] {
  const table = `ALTER TABLE "${tableName}"`;
  const column = `${table} ALTER COLUMN "${columnName}"`;
  const unique = `"${tableName}_${columnName}_key"`;

  const statements: [string, ...string[]] = [
    `${column} ${change.notNull === true ? 'SET' : 'DROP'} NOT NULL`,
  ];
  if (change.unique === true) {
    statements.push(`${table} ADD CONSTRAINT ${unique} UNIQUE ("${columnName}")`);
  } else if (change.unique === false) {
    statements.push(`${table} DROP CONSTRAINT ${unique}`);
  }
  statements.push(
    change.defaultValue === undefined
      ? `${column} DROP DEFAULT`
      : `${column} SET DEFAULT ${changedDefaultSql(change.defaultValue, { tableName, columnName })}`,
  );
  if (change.type !== undefined) {
    const type = typeSql(change.type, columnName);
    const using = change.using !== undefined ? change.using : `USING "${columnName}"::${type}`;
    statements.push(`${column} TYPE ${type} ${lengthSql(change)} ${using}`);
  }
  return statements;
}

function typeSql(type: unknown, columnName: string): string {
  if (typeof type === 'string') return toPostgresType(type);
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `db.changeColumn is given a type for "${columnName}" that is no text.`,
    fix: 'Name a type, such as "string", or leave it out to keep the one that the column has.',
  });
}
