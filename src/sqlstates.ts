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
    cause: 'The connection to the server was lost, so what was not committed is undone.',
    get fix() {
      return seeThatItIsUp();
    },
  },
  '23502': {
    condition: 'not_null_violation',
    cause: 'Rows exist, or are written, that have no value there.',
    fix: 'Fill them in first (update … where … is null), or give the column a default.',
  },
  '23503': {
    condition: 'foreign_key_violation',
    cause: 'Rows exist that point at nothing, or others point at the ones that are to go.',
    fix: 'Clean them up first, or add the key as NOT VALID and validate it in a later migration.',
  },
  '23505': {
    condition: 'unique_violation',
    cause: 'Rows exist that are equal where they must differ.',
    fix: 'Find and merge them first: select …, count(*) from … group by … having count(*) > 1.',
  },
  '23514': {
    condition: 'check_violation',
    cause: 'Rows exist, or are written, that break the rule of a check constraint.',
    fix: 'Correct them first, or add the constraint as NOT VALID and validate it later.',
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
    cause: 'An earlier statement of this migration failed, and the migration went on.',
    fix: 'Let errors through instead of catching them, or put what may fail in a nested transaction.',
  },
  '28P01': {
    condition: 'invalid_password',
    cause: 'The server refuses the password of that user.',
    fix: 'Correct the user or the password in the connection that is used.',
  },
  '2BP01': {
    condition: 'dependent_objects_still_exist',
    cause: 'Something else in the database stands on what is to be dropped.',
    fix: 'Drop or change that first: the detail names it. CASCADE takes it along, which may be more than you want.',
  },
  '3D000': {
    condition: 'invalid_catalog_name',
    cause: 'The database does not exist.',
    fix: 'Create it (createdb NAME), or correct the name in the connection.',
  },
  '40P01': {
    condition: 'deadlock_detected',
    cause: 'Two sessions waited for each other, and the server ended one of them.',
    fix: 'Run it again; if it comes back, lock tables in the order in which the application does, or one table a migration.',
  },
  '42501': {
    condition: 'insufficient_privilege',
    cause: 'The role may not do that: a right is missing, or it is not the owner.',
    fix: 'Grant it the right, or run migrations as the role that owns the object.',
  },
  '42601': {
    condition: 'syntax_error',
    cause: 'The SQL has a syntax error at, or just before, the place shown.',
    fix: 'Correct it: look for a missing comma or bracket, a reserved word without quotes, a "?" taken for a binding.',
  },
  '42701': {
    condition: 'duplicate_column',
    cause: 'The table has that column already: made by hand, or by another migration.',
    fix: 'See what it looks like (\\d TABLE in psql). Where it is right, leave the statement out, or write "add column if not exists".',
  },
  '42703': {
    condition: 'undefined_column',
    cause: 'There is no such column at this point of the history.',
    fix: 'Check its spelling, and whether the migration that makes it comes before this one. A name with capitals needs double quotes.',
  },
  '42704': {
    condition: 'undefined_object',
    cause:
      'There is no such type, role, constraint, index or extension at this point of the history.',
    fix: 'Check its name and schema; a type of an extension needs "create extension" first.',
  },
  '42710': {
    condition: 'duplicate_object',
    cause: 'Something of that name (a constraint, a type, a trigger, a role) exists already.',
    fix: 'See what it is (\\d TABLE, \\dT, \\du in psql). Where it is right, leave the statement out.',
  },
  '42883': {
    condition: 'undefined_function',
    cause: 'There is no function or operator of that name for values of those types.',
    fix: 'Check its name and schema, cast the arguments, or create the extension that has it.',
  },
  '42P01': {
    condition: 'undefined_table',
    cause: 'There is no such table at this point of the history.',
    fix: 'Check its name and schema, and whether the migration that makes it comes before this one.',
  },
  '42P07': {
    condition: 'duplicate_table',
    cause:
      'A table, index or view of that name exists already: made by hand, or by another migration.',
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
      'The server was shut down, or somebody ended the session; what was not committed is undone.',
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
    fix: `${advice.fix} Where all that the migration makes is there already: "${done}".`,
  };
}

function seeThatItIsUp(): string {
  return `See that the server is up ("${commandLine('status')}"), then run the command again.`;
}
