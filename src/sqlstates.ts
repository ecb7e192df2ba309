import { commandLine } from './command-line.js';

/** What is known about one of PostgreSQL's codes, in a migration author's terms. */
export interface SqlstateAdvice {
  /** PostgreSQL's own name for it. */
  condition: string;
  /** What usually lies behind it. */
  cause: string;
  /** What to do next. */
  fix: string;
  /** All that the migration makes may be there already. */
  mayBeDone?: true;
}

/**
 * The codes that migrations meet. Each has a page, docs/errors/sqlstate-CODE.md. All there are:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const SQLSTATES: Readonly<Record<string, SqlstateAdvice>> = {
  '08006': {
    condition: 'connection_failure',
    cause: 'The connection to the server was lost. Uncommitted changes were rolled back.',
    get fix() {
      return seeThatItIsUp();
    },
  },
  '23502': {
    condition: 'not_null_violation',
    cause: 'A row has no value in that column.',
    fix: 'Fill them in first (update … where … is null), or give the column a default.',
  },
  '23503': {
    condition: 'foreign_key_violation',
    cause:
      'A row points at a row that does not exist, or rows still point at the row that you delete.',
    fix: 'Correct or delete the rows first, or add the key as NOT VALID and validate it in a later migration.',
  },
  '23505': {
    condition: 'unique_violation',
    cause: 'Two rows have the same value, and a unique index forbids that.',
    fix: 'Find and merge the duplicates first: select …, count(*) from … group by … having count(*) > 1.',
  },
  '23514': {
    condition: 'check_violation',
    cause: 'A row violates a check constraint.',
    fix: 'Correct the rows first, or add the constraint as NOT VALID and validate it later.',
  },
  '25001': {
    condition: 'active_sql_transaction',
    cause: 'That statement cannot run inside a transaction, and each migration runs in one.',
    fix: 'Give it a migration of its own that opts out: exports.config = { transaction: false }, or in SQL the line "-- knexward: no-transaction".',
  },
  '25006': {
    condition: 'read_only_sql_transaction',
    cause: 'The database can only be read: it is a standby, or the role is set to read only.',
    fix: 'Connect to the primary server, or with a role that may write.',
  },
  '25P02': {
    condition: 'in_failed_sql_transaction',
    cause: 'An earlier statement of this migration failed, and the migration continued.',
    fix: 'Do not catch the error, or put the statement that may fail in a nested transaction.',
  },
  '28P01': {
    condition: 'invalid_password',
    cause: 'The server refuses the password of that user.',
    fix: 'Correct the user or the password in the connection that is used.',
  },
  '2BP01': {
    condition: 'dependent_objects_still_exist',
    cause: 'Another object in the database depends on the one that you drop.',
    fix: 'Drop or change that object first; the detail names it. CASCADE drops it too, which may be more than you want.',
  },
  '3D000': {
    condition: 'invalid_catalog_name',
    cause: 'The database does not exist.',
    fix: 'Create it (createdb NAME), or correct the name in the connection.',
  },
  '40P01': {
    condition: 'deadlock_detected',
    cause: 'Two sessions waited for each other, and the server ended one of them.',
    fix: 'Run it again. If the error occurs again, lock tables in the same order as the application, or change one table per migration.',
  },
  '42501': {
    condition: 'insufficient_privilege',
    cause: 'The role lacks a privilege, or it does not own the object.',
    fix: 'Grant the privilege, or run migrations as the role that owns the object.',
  },
  '42601': {
    condition: 'syntax_error',
    cause: 'The SQL has a syntax error at, or just before, the place shown.',
    fix: 'Correct it: look for a missing comma or bracket, a reserved word without quotes, a "?" taken for a binding.',
  },
  '42701': {
    condition: 'duplicate_column',
    cause:
      'The table already has that column: somebody added it by hand, or another migration did.',
    fix: 'See what it looks like (\\d TABLE in psql). If it is right, remove the statement or write "add column if not exists".',
  },
  '42703': {
    condition: 'undefined_column',
    cause: 'The column does not exist when this migration runs.',
    fix: 'Check its spelling, and whether the migration that creates it comes before this one. A name with capitals needs double quotes.',
  },
  '42704': {
    condition: 'undefined_object',
    cause:
      'The type, role, constraint, index or extension does not exist when this migration runs.',
    fix: 'Check its name and schema; a type of an extension needs "create extension" first.',
  },
  '42710': {
    condition: 'duplicate_object',
    cause: 'An object with that name (a constraint, a type, a trigger, a role) already exists.',
    fix: 'See what it is (\\d TABLE, \\dT, \\du in psql). If it is right, remove the statement.',
  },
  '42883': {
    condition: 'undefined_function',
    cause: 'No function or operator with that name accepts arguments of those types.',
    fix: 'Check its name and schema, cast the arguments, or create the extension that provides it.',
  },
  '42P01': {
    condition: 'undefined_table',
    cause: 'The table does not exist when this migration runs.',
    fix: 'Check its name and schema, and whether the migration that creates it comes before this one.',
  },
  '42P07': {
    condition: 'duplicate_table',
    cause:
      'A table, index or view with that name already exists: somebody created it by hand, or another migration did.',
    fix: 'See what it looks like (\\d NAME in psql), then rename or drop it.',
    mayBeDone: true,
  },
  '53300': {
    condition: 'too_many_connections',
    cause: 'The server, or the role, has no connection left.',
    fix: 'See who has them (select usename, count(*) from pg_stat_activity group by 1), end what is not needed, or raise max_connections.',
  },
  '55P03': {
    condition: 'lock_not_available',
    cause: 'A busy table could not be locked in time: another session uses it.',
    fix: 'Find out who holds it (select pid, state, query from pg_stat_activity), end that session or wait, then run the command again.',
  },
  '55P04': {
    condition: 'unsafe_new_enum_value_usage',
    cause: 'A value was added to an enum and used in the same transaction.',
    fix: 'Add the value in one migration, and use it in the next.',
  },
  '57014': {
    condition: 'query_canceled',
    cause:
      'The statement was cancelled: it took longer than statement_timeout, or somebody ended it.',
    fix: "Raise knexward.statementTimeout in the knexfile (or the role's statement_timeout) for this one, or do the work in smaller parts.",
  },
  '57P01': {
    condition: 'admin_shutdown',
    cause:
      'The server was shut down, or somebody ended the session. Uncommitted changes were rolled back.',
    get fix() {
      return seeThatItIsUp();
    },
  },
};

/**
 * Advice on one of PostgreSQL's codes, or `undefined` where there is none.
 *
 * @param migration the one whose `up` met it
 */
export function adviceOn(
  sqlstate: string | undefined,
  migration?: string,
): SqlstateAdvice | undefined {
  const advice = sqlstate === undefined ? undefined : SQLSTATES[sqlstate];
  if (!advice?.mayBeDone || migration === undefined) return advice;
  const done = commandLine('resolve', migration, '--applied');
  return {
    ...advice,
    fix: `${advice.fix} If everything that the migration creates already exists: "${done}".`,
  };
}

function seeThatItIsUp(): string {
  return `Check that the server is up ("${commandLine('status')}"), then run the command again.`;
}
