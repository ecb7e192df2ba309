import type Bluebird from 'bluebird';
import { type QueryResultRow } from 'pg';
import { DATA_TYPE } from '../data-type.js';
import { type Callback, callbackIn } from './callback.js';
import { quoteName, quoteText } from './escape.js';
import { type Internals } from './internals.js';
import { type Answer, type Operations, rowsOf, type Send } from './operations.js';
import { withFirst } from './search-path.js';
import { createTableSql } from './tables.js';

/** Which schema the driver works in; `switchDatabase` changes it. */
export interface CurrentSchema {
  schema: string;
}

/** The columns of db-migrate's two histories. */
export const RECORD_COLUMNS = {
  id: { type: DATA_TYPE.INTEGER, notNull: true, primaryKey: true, autoIncrement: true },
  name: { type: DATA_TYPE.STRING, length: 255, notNull: true },
  run_on: { type: DATA_TYPE.DATE_TIME, notNull: true },
} as const;

/** The methods of `db` for db-migrate's history of migrations, and that of its seeds. */
export function historyMethods(
  operations: Operations,
  internals: Internals,
  current: CurrentSchema,
) {
  const migrations = recordMethods(operations, current, () => internals.migrationTable);
  const seeds = recordMethods(operations, current, () => internals.seedTable);
  return {
    createMigrationsTable: migrations.create,
    allLoadedMigrations: migrations.all,
    addMigrationRecord: migrations.add,
    deleteMigration: migrations.remove,
    createSeedsTable: seeds.create,
    allLoadedSeeds: seeds.all,
    addSeedRecord: seeds.add,
    deleteSeed: seeds.remove,
  };
}

type Rest = readonly (Callback | null | undefined)[];

/** The table may be named after the driver is made, so it is asked for at each call. */
function recordMethods(operations: Operations, current: CurrentSchema, table: () => string) {
  return {
    /** Creates the table where it is missing, and puts the schema first on the search path. */
    create: (...trailing: Rest): Bluebird<Answer | undefined> =>
      operations.perform(callbackIn(trailing), (send, read) =>
        putFirst(current.schema, read)
          .then(() => read(existsSql(table(), current.schema)))
          .then((found) => (rowsOf(found)?.length ? undefined : send(createSql(table())))),
      ),

    all: (...trailing: Rest): Bluebird<QueryResultRow[] | undefined> => {
      const sql = `SELECT * FROM ${quoteName(table())} ORDER BY run_on DESC, name DESC`;
      return operations.perform(callbackIn(trailing), (_, read) => read(sql).then(rowsOf));
    },

    /** Adds a row of this moment, in this computer's local time. */
    add: (name: string, ...trailing: Rest): Bluebird<Answer> => {
      const sql = `INSERT INTO ${quoteName(table())} ("name", "run_on") VALUES ($1, $2)`;
      return operations.perform(callbackIn(trailing), (send) => send(sql, [name, new Date()]));
    },

    remove: (name: string, ...trailing: Rest): Bluebird<Answer> => {
      const sql = `DELETE FROM ${quoteName(table())} WHERE name = $1`;
      return operations.perform(callbackIn(trailing), (send) => send(sql, [name]));
    },
  };
}

function putFirst(schema: string, read: Send): Bluebird<Answer> {
  return read('SHOW search_path').then((answer) => {
    const { search_path: path } = rowsOf(answer)?.[0] as { search_path: string };
    return read(`SET search_path TO ${withFirst(schema === 'public' ? undefined : schema, path)}`);
  });
}

function existsSql(table: string, schema: string): string {
  return (
    'SELECT table_name FROM information_schema.tables' +
    ` WHERE table_name = ${quoteText(table)} AND table_schema = ${quoteText(schema)}`
  );
}

function createSql(table: string): string {
  return createTableSql(table, { columns: RECORD_COLUMNS, ifNotExists: true }).create;
}
