/**
 * What usually lies behind an error of the server, and what to do about it, in a migration
 * author's terms. The codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const ADVICE: Readonly<Record<string, string>> = {
  '42P07':
    'Something of that name exists already. Was it made by hand, or by an earlier migration? See \\d in psql.',
  '42701': 'The table has that column already. Was it added by hand, or by an earlier migration?',
  '42703': 'There is no such column at this point of the history. Check its spelling and order.',
  '42P01': 'There is no such table at this point of the history. Check its name, schema and order.',
  '23502': 'Rows exist that have no value there. Fill them in first, or give the column a default.',
  '23505': 'Rows exist that are equal where they must differ. Find and merge them first.',
  '23503': 'Rows exist that point at nothing. Clean them up first, or add the key as NOT VALID.',
  '25001':
    'That statement cannot run inside a transaction. Opt out: exports.config = { transaction: false }, or in SQL the line "-- knexward: no-transaction".',
  '25P02':
    'An earlier statement of this migration failed, and the migration went on. Let errors through.',
  '55P03': 'A busy table could not be locked in time. Find out who holds it, then run it again.',
  '57014': 'The statement was cancelled: by statement_timeout, or by somebody.',
  '40P01':
    'Two sessions waited for each other. Run it again; if it comes back, lock tables in one order.',
  '42501': 'The role may not do that. Grant it the right, or run migrations as the owner.',
  '42601': 'The SQL has a syntax error at the place shown.',
  '08006': 'The connection was lost. What was not committed is undone; run the command again.',
  '57P01': 'The server was shut down. What was not committed is undone; run the command again.',
  '53300': 'The server has no connection left. Try later, or raise max_connections.',
};

/** Advice for one of PostgreSQL's codes, or `undefined` where there is none. */
export function adviceFor(sqlstate: string | undefined): string | undefined {
  return sqlstate === undefined ? undefined : ADVICE[sqlstate];
}
