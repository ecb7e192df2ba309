import type Bluebird from 'bluebird';
import { KnexwardError } from '../../errors.js';
import { callbackIn } from './callback.js';
import { quoteName, quoteText } from './escape.js';
import { type Answer, type Operations } from './operations.js';

/** The method of `db` that inserts rows. */
export function rowMethods(operations: Operations) {
  return {
    /**
     * `insert(table, columns, values, [callback])`
     *
     * Old files rest on a peculiarity: with a fourth argument, whatever it is, every value that is
     * not a text is sent as its JSON text, so `null` becomes the text "null". With three, values
     * go as they are, and the first must not be `null` or an object: db-migrate takes such an array
     * for a list of rows, and then fails, or cuts the values short.
     */
    insert: (
      tableName: string,
      columns: readonly string[],
      values: readonly unknown[],
      ...trailing: readonly unknown[]
    ): Bluebird<Answer> => {
      return operations.perform(callbackIn(trailing), (send) =>
        send(insertSql(tableName, columns, values, trailing.length > 0)),
      );
    },
  };
}

/**
 * Writes an insert, as db-migrate does.
 *
 * @throws KnexwardError `INVALID_MIGRATION` where columns and values are not arrays of one length,
 *   or the first value makes db-migrate fail.
 */
export function insertSql(
  tableName: string,
  columns: readonly string[],
  values: readonly unknown[],
  asJson: boolean,
): string {
  if (!Array.isArray(columns) || !Array.isArray(values) || columns.length !== values.length) {
    throw new KnexwardError('INVALID_MIGRATION', {
      message: `db.insert("${tableName}", …) needs as many values as columns, in two arrays.`,
      fix: 'Write db.insert(table, ["column", …], [value, …]), or use db.runSql.',
    });
  }
  const given = asJson ? values.map(toJsonText) : values;
  if (typeof given[0] === 'object') {
    throw new KnexwardError('INVALID_MIGRATION', {
      message: `db.insert("${tableName}", …) cannot take null or an object as its first value.`,
      fix: 'Put another column first, or use db.runSql("INSERT …", [values]).',
    });
  }
  const names = columns.map(quoteName).join(',');
  return `INSERT INTO ${quoteName(tableName)} (${names}) VALUES (${given.map(literal).join(',')})`;
}

function toJsonText(value: unknown): unknown {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function literal(value: unknown): string {
  return typeof value === 'string' ? quoteText(value) : String(value);
}
