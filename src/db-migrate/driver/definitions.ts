import Bluebird from 'bluebird';
import { toPostgresType } from '../data-type.js';
import { type Callback, deliver } from './callback.js';
import {
  columnSql,
  type ColumnSpec,
  commentSql,
  constraintSql,
  normalizeColumnSpec,
} from './column-definition.js';
import { type DefaultExpression, expressionSql } from './default-value.js';
import { quoteName } from './escape.js';
import { type foreignKeyMethods } from './foreign-keys.js';
import { type Operations } from './operations.js';

/** Something to run once a column exists. */
type Step = (callback?: Callback) => PromiseLike<unknown>;

/** A column, or its constraints, as db-migrate hands them to those who build statements by hand. */
export interface ColumnDefinition {
  constraints: string;
  foreignKey: Step | undefined;
  /** What else to run once the column exists: its comment. */
  callbacks: Step[];
}

/** Whether a column is its table's only primary key column. */
export interface DefinitionOptions {
  emitPrimaryKey?: boolean;
}

/**
 * The methods of `db` that only describe columns. The driver does not call them itself; a migration
 * that writes its own `CREATE TABLE` may.
 */
export function definitionMethods(
  operations: Operations,
  { bindForeignKey }: Pick<ReturnType<typeof foreignKeyMethods>, 'bindForeignKey'>,
) {
  function afterwards(
    tableName: string,
    columnName: string,
    spec: ColumnSpec,
  ): Omit<ColumnDefinition, 'constraints'> {
    const comment = commentSql(tableName, columnName, spec.comment);
    return {
      foreignKey: spec.foreignKey && bindForeignKey(tableName, columnName, spec.foreignKey),
      callbacks: comment ? [(done) => operations.perform(done, (send) => send(comment))] : [],
    };
  }

  return {
    normalizeColumnSpec,
    mapDataType: toPostgresType,

    createColumnDef: (
      columnName: string,
      spec: ColumnSpec,
      options: DefinitionOptions,
      tableName: string,
    ): ColumnDefinition => {
      const place = { tableName, columnName, emitPrimaryKey: Boolean(options.emitPrimaryKey) };
      const { definition } = columnSql(place, spec);
      return { constraints: definition, ...afterwards(tableName, columnName, spec) };
    },

    createColumnConstraint: (
      spec: ColumnSpec,
      options: DefinitionOptions,
      tableName: string,
      columnName: string,
    ): ColumnDefinition => {
      const place = { tableName, columnName, emitPrimaryKey: Boolean(options.emitPrimaryKey) };
      return {
        constraints: constraintSql(spec, place),
        ...afterwards(tableName, columnName, spec),
      };
    },

    _prepareSpec: (_columnName: string, spec: ColumnSpec): void => prepareDefault(spec),
    _translateSpecialDefaultValues: (spec: ColumnSpec): void => prepareDefault(spec),

    /** The primary key of several columns, as it follows the columns of a table. */
    _handleMultiPrimaryKeys: (columns: readonly { name: string }[]): string =>
      `, PRIMARY KEY (${columns.map(({ name }) => quoteName(name)).join(', ')})`,

    /** Empties a list of steps from its end, starting each, and waits for all of them. */
    recurseCallbackArray: (steps: Step[], callback?: Callback): Bluebird<unknown[]> => {
      const running: PromiseLike<unknown>[] = [];
      for (let step = steps.pop(); step; step = steps.pop()) running.push(step());
      const all = Bluebird.all(running);
      if (callback) deliver(all, callback, (error) => operations.fail(error));
      return all;
    },
  };
}

/** Notes down, beside a default that is an expression, the SQL that stands for it. */
function prepareDefault(spec: ColumnSpec): void {
  const { defaultValue } = spec as { defaultValue?: DefaultExpression };
  if (!defaultValue?.raw && !defaultValue?.special) return;
  const prep = expressionSql(defaultValue);
  if (typeof prep === 'string') defaultValue.prep = prep;
}
