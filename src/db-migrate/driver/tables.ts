import Bluebird from 'bluebird';
import { callbackIn, optionsIn, type Trailing } from './callback.js';
import { columnSql, type ColumnSpec, normalizeColumnSpec } from './column-definition.js';
import { quoteName } from './escape.js';
import { type Answer, type Operations } from './operations.js';

/** The columns of a table, by name. A string stands for a column's type. */
export type ColumnSpecs = Record<string, string | ColumnSpec>;

/** A table: its columns, or an object that holds them beside options. */
export type TableSpec = ColumnSpecs | TableWithOptions;

/** A table whose columns stand beside options. */
export interface TableWithOptions {
  columns: ColumnSpecs;
  ifNotExists?: boolean;
}

/** The methods of `db` that concern whole tables. */
export function tableMethods(operations: Operations) {
  return {
    /**
     * Creates a table, then adds the foreign keys and comments its columns carry. With
     * `ifNotExists` these are added even where the table existed, as db-migrate does.
     */
    createTable: (
      tableName: string,
      spec: TableSpec,
      ...trailing: Trailing
    ): Bluebird<unknown[]> => {
      return operations.perform(callbackIn(trailing), (send) =>
        // db-migrate starts a createTable one turn late. A file may rest on it without knowing: what
        // it asks for next, without waiting, comes first.
        Bluebird.resolve().then(() => {
          const { create, afterwards } = createTableSql(tableName, spec);
          return send(create).then(() => Bluebird.all(afterwards.map((sql) => send(sql))));
        }),
      );
    },

    dropTable: (
      tableName: string,
      ...trailing: Trailing<{ ifExists?: boolean }>
    ): Bluebird<Answer> => {
      const ifExists = optionsIn(trailing).ifExists ? 'IF EXISTS' : '';
      const sql = `DROP TABLE ${ifExists} ${quoteName(tableName)}`;
      return operations.perform(callbackIn(trailing), (send) => send(sql));
    },

    renameTable: (
      tableName: string,
      newTableName: string,
      ...trailing: Trailing
    ): Bluebird<Answer> => {
      const sql = `ALTER TABLE "${tableName}" RENAME TO "${newTableName}"`;
      return operations.perform(callbackIn(trailing), (send) => send(sql));
    },
  };
}

/** The statement that creates a table, and those that follow it, in the order they are sent. */
export function createTableSql(
  tableName: string,
  spec: TableSpec,
): { create: string; afterwards: string[] } {
  const { columns, ifNotExists } = withOptions(spec);
  const specs = Object.entries(columns).map(
    ([name, column]) => [name, normalizeColumnSpec(column)] as const,
  );
  const keys = specs.filter(([, column]) => column?.primaryKey).map(([name]) => quoteName(name));
  const emitPrimaryKey = keys.length === 1;
  const compositeKey = keys.length > 1 ? `, PRIMARY KEY (${keys.join(', ')})` : '';

  const written = specs.map(([columnName, column]) =>
    columnSql({ tableName, columnName, emitPrimaryKey }, column),
  );
  const definitions = written.map(({ definition }) => definition).join(', ');
  return {
    create:
      `CREATE TABLE ${ifNotExists ? 'IF NOT EXISTS' : ''} ${quoteName(tableName)}` +
      ` (${definitions}${compositeKey})`,
    // db-migrate takes them off the end of its list, so the last column's come first.
    afterwards: written
      .flatMap(({ foreignKey, comment }) => [foreignKey, comment])
      .filter((sql) => sql !== undefined)
      .reverse(),
  };
}

function withOptions(spec: TableSpec): TableWithOptions {
  return hasOptions(spec) ? spec : { columns: spec };
}

function hasOptions(spec: TableSpec): spec is TableWithOptions {
  return spec.columns !== undefined;
}
