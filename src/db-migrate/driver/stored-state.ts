import type Bluebird from 'bluebird';
import { DATA_TYPE } from '../data-type.js';
import { quoteName } from './escape.js';
import { RECORD_COLUMNS } from './history.js';
import { type Answer, type Operations, rowsOf } from './operations.js';
import { createTableSql } from './tables.js';

const STATE_COLUMNS = {
  key: { type: DATA_TYPE.STRING, notNull: true, primaryKey: true, unique: true },
  value: { type: DATA_TYPE.TEXT, notNull: true },
  run_on: { type: DATA_TYPE.DATE_TIME, notNull: true },
} as const;

/**
 * db-migrate's private methods for tables of names, and of keys and values.
 *
 * In db-migrate-pg, what reads them needs a driver whose methods a program has promisified.
 */
export function storedStateMethods(operations: Operations) {
  const run = (sql: string, values?: readonly unknown[]): Bluebird<Answer> =>
    operations.perform(undefined, (send) => send(sql, values));
  const create = (table: string, columns: typeof RECORD_COLUMNS | typeof STATE_COLUMNS) =>
    run(createTableSql(table, { columns, ifNotExists: true }).create);
  const rows = (sql: string, values?: readonly unknown[]) =>
    operations.perform(undefined, (_, read) =>
      read(sql, values).then((answer) => rowsOf(answer) ?? []),
    );
  return {
    _createList: (table: string) => create(table, RECORD_COLUMNS),
    _insertEntry: (table: string, name: string) =>
      run(`INSERT INTO ${quoteName(table)} ("name", "run_on") VALUES ($1, NOW())`, [name]),
    _deleteEntry: (table: string, name: string) =>
      run(`DELETE FROM ${quoteName(table)} WHERE name = $1`, [name]),
    _deleteExpired: (table: string, expiry: unknown) =>
      run(`DELETE FROM ${quoteName(table)} WHERE run_on <= $1`, [expiry]),

    /** The newest first. */
    _getList: (table: string) =>
      rows(`SELECT * FROM ${quoteName(table)} ORDER BY "run_on" DESC, "name" DESC`),

    _createKV: (table: string) => create(table, STATE_COLUMNS),
    _insertKV: (table: string, key: string, value: unknown) =>
      run(`INSERT INTO ${quoteName(table)} ("key", "value", "run_on") VALUES ($1, $2, NOW())`, [
        key,
        value,
      ]),
    _updateKV: (table: string, key: string, value: unknown) =>
      run(`UPDATE ${quoteName(table)} SET "value" = $1, "run_on" = NOW() WHERE "key" = $2`, [
        value,
        key,
      ]),
    /** Only where the column `column` holds `expected`. */
    _updateKVC: (table: string, key: string, value: unknown, column: string, expected: unknown) =>
      run(
        `UPDATE ${quoteName(table)} SET "value" = $1, "run_on" = NOW()` +
          ` WHERE "key" = $2 AND ${quoteName(column)} = $3`,
        [value, key, expected],
      ),
    /** `run_on` as text: a Date has no microseconds. */
    _getKV: (table: string, key: string) =>
      rows(`SELECT "key", "value", "run_on"::VARCHAR FROM ${quoteName(table)} WHERE "key" = $1`, [
        key,
      ]).then(([row]) => row),
    _deleteKV: (table: string, key: string) =>
      run(`DELETE FROM ${quoteName(table)} WHERE "key" = $1`, [key]),
  };
}
