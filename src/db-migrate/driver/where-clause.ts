import { KnexwardError } from '../../errors.js';
import { quoteName } from './escape.js';

/** A condition on one column: `{ name, value }`, or `{ theNameItself: value }`. */
export type WhereColumn =
  { name?: string; operator?: string; value: unknown; link?: string } | Record<string, unknown>;

/** Which rows: those with an id, with these values in these columns, or by two conditions or more. */
export type WhereRows =
  string | number | readonly [string | number] | readonly WhereColumn[] | Record<string, unknown>;

/**
 * Writes a `WHERE` as db-migrate does: every value in quotes, which are not doubled inside it.
 *
 * @throws KnexwardError `INVALID_MIGRATION` for what db-migrate writes invalid SQL for: several
 *   ids, one condition alone in an array, a condition without a value, nothing at all.
 */
export function whereClause(rows: WhereRows): string {
  if (typeof rows === 'string' || typeof rows === 'number') return idClause(rows);
  if (Array.isArray(rows)) return arrayClause(rows as readonly unknown[]);
  if (typeof rows !== 'object' || rows === null || Object.keys(rows).length === 0) throw noRows();
  const conditions = Object.entries(rows).map(([name, value]) => condition(name, '=', value));
  return `WHERE ${conditions.join(' AND ')}`;
}

function arrayClause(rows: readonly unknown[]): string {
  const [first] = rows;
  if (rows.length === 1 && (typeof first === 'string' || typeof first === 'number')) {
    return idClause(first);
  }
  if (rows.length < 2 || !rows.every(isColumn)) throw noRows();
  let clause = ' WHERE ';
  let link = '';
  for (const row of rows) {
    const { name = 'id', operator = '=', value, link: next = 'AND' } = named(row);
    if (!value) throw noRows();
    clause += ` ${link} ${condition(String(name), String(operator), value)}`;
    link = String(next);
  }
  return clause;
}

function idClause(id: string | number): string {
  return `WHERE id = '${id}'`;
}

function condition(name: string, operator: string, value: unknown): string {
  return `${quoteName(name)} ${operator} ('${String(value)}')`;
}

function isColumn(row: unknown): row is Record<string, unknown> {
  return typeof row === 'object' && row !== null;
}

function named(row: Record<string, unknown>): Record<string, unknown> {
  const [only, ...others] = Object.entries(row);
  return only && others.length === 0 ? { name: only[0], value: only[1] } : row;
}

function noRows(): KnexwardError {
  return new KnexwardError('INVALID_MIGRATION', {
    message: 'db-migrate cannot write this WHERE clause.',
    fix:
      'Name the rows by one id, by an object of columns and values, or by two conditions or more,' +
      ' each with a value; for anything else use db.runSql.',
  });
}
