import type Bluebird from 'bluebird';
import { type QueryResultRow } from 'pg';
import { KnexwardError } from '../../errors.js';
import { type Callback, callbackIn } from './callback.js';
import { quoteName, quoteText } from './escape.js';
import { type Answer, type Operations, rowsOf } from './operations.js';
import { whereClause, type WhereRows } from './where-clause.js';

/** The methods that db-migrate has for programs and seeds, and hides from migrations. */
export function seedingMethods(operations: Operations) {
  return {
    buildWhereClause: whereClause,

    /** `update(table, { column: value, … }, rows, [callback])`. Column names go unquoted. */
    update: (
      tableName: string,
      values: Readonly<Record<string, unknown>>,
      rows: WhereRows,
      ...trailing: readonly (Callback | null | undefined)[]
    ): Bluebird<Answer> => {
      return operations.perform(callbackIn(trailing), (send) =>
        send(updateSql(tableName, values, rows, trailing.length)),
      );
    },

    /** The first row found, with the one column. */
    lookup: (
      tableName: string,
      column: string,
      rows: WhereRows,
      callback?: Callback,
    ): Bluebird<QueryResultRow | undefined> => {
      return operations.perform(callback, (_, read) => {
        const where = whereClause(rows);
        const sql = `SELECT ${quoteName(column)} FROM ${quoteName(tableName)} ${where}`;
        return read(sql).then((answer) => rowsOf(answer)?.[0]);
      });
    },

    truncate: (tableName: string, callback?: Callback): Bluebird<Answer> =>
      operations.perform(callback, (send) => send(`TRUNCATE ${quoteName(tableName)}`)),
  };
}

function updateSql(
  tableName: string,
  values: Readonly<Record<string, unknown>>,
  rows: WhereRows,
  trailing: number,
): string {
  // db-migrate cuts the last two characters off what it writes for two arrays.
  if (Array.isArray(values) || trailing > 1) {
    throw new KnexwardError('INVALID_MIGRATION', {
      message: `db.update("${tableName}", …) takes the columns and their values in one object.`,
      fix: 'Write db.update(table, { column: value }, id), or use db.runSql.',
    });
  }
  const changes = Object.entries(values).map(([name, value]) => {
    const written = typeof value === 'string' ? quoteText(value) : String(value);
    return `${name}=${written}`;
  });
  return `UPDATE ${quoteName(tableName)} SET ${changes.join(', ')} ${whereClause(rows)}`;
}
