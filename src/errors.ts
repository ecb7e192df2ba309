import { pageOf } from './pages.js';
import { redact } from './secrets.js';

/** What the table says of one code. */
interface CodeEntry {
  /** One short sentence for the index of docs/errors. */
  summary: string;
  /** The exit code that a pipeline sees where the code is an error that ends a command. */
  exit?: number;
  /** `status` tells of it as a problem. */
  status?: true;
  /** `adopt` warns of it. */
  adopt?: true;
  /** A run warns of it and goes on. */
  run?: true;
}

/**
 * Every code that a person can meet, in one table: errors, problems of `status`, warnings of
 * `adopt` and of a run. Each has a page, docs/errors/CODE.md. A code is part of the contract: it
 * may be added, never renamed.
 */
export const CODES = {
  // 1: a migration failed
  MIGRATION_FAILED: { exit: 1, summary: 'A migration failed; what it did was rolled back.' },
  REPLAY_FAILED: { exit: 1, summary: 'An applied migration cannot be replayed.' },
  BASELINE_DIFFERS: { exit: 1, summary: 'A baseline would not create what the migrations create.' },
  SERVER_REFUSED: { exit: 1, summary: "The server refused one of knexward's own statements." },
  SEED_FAILED: { exit: 1, summary: 'A seed file failed or does not exist.' },
  // 2: wrong usage or configuration
  USAGE: { exit: 2, summary: 'The command line has a wrong command, option or value.' },
  KNEXFILE_NOT_FOUND: { exit: 2, summary: 'The knexfile that was given does not exist.' },
  KNEXFILE_BROKEN: { exit: 2, summary: 'The knexfile cannot be loaded or has an invalid setting.' },
  AMBIGUOUS_KNEXFILE: { exit: 2, summary: "Knex would use another knexfile than the project's." },
  INVALID_CONNECTION: { exit: 2, summary: 'The connection setting is invalid.' },
  AMBIGUOUS_ENVIRONMENT: {
    exit: 2,
    summary: 'db-migrate and NODE_ENV mean different environments.',
  },
  UNKNOWN_ENVIRONMENT: { exit: 2, summary: 'The configuration has no environment of that name.' },
  UNSUPPORTED_CLIENT: { exit: 2, summary: 'The knexfile is for a database other than PostgreSQL.' },
  NO_DATABASE: { exit: 2, summary: 'No database is configured.' },
  NO_EMBEDDED_SERVER: { exit: 2, summary: 'The embedded PostgreSQL is not available here.' },
  EMBEDDED_SERVER_FAILED: { exit: 2, summary: 'The embedded PostgreSQL does not start or stop.' },
  CONFIRMATION_REQUIRED: {
    exit: 2,
    summary: 'The command needs a confirmation and did not get one.',
  },
  INVALID_NAME: { exit: 2, summary: 'The name is not valid for a migration.' },
  UNKNOWN_MIGRATION: { exit: 2, summary: 'No migration has this name.' },
  AMBIGUOUS_MIGRATION: { exit: 2, summary: 'The name matches more than one migration.' },
  MIGRATIONS_FOLDER: { exit: 2, summary: 'The migrations folder cannot be read or written to.' },
  INVALID_MIGRATION: { exit: 2, summary: 'A migration file cannot be loaded or lacks a function.' },
  DUPLICATE_FILE: { exit: 2, summary: 'Two files are the same migration.' },
  TIME_ZONE_REQUIRED: { exit: 2, summary: "The time zone of db-migrate's times is not clear." },
  UNKNOWN_TIME_ZONE: { exit: 2, summary: 'No time zone has this name.' },
  NOT_A_DB_MIGRATE_PROJECT: { exit: 2, summary: 'The project does not use db-migrate.' },
  DB_MIGRATE_CONFIG: { exit: 2, summary: "db-migrate's configuration is invalid." },
  SCHEMA_MISSING: { exit: 2, summary: 'The schema of the history tables does not exist.' },
  SEARCH_PATH_POOLED: { exit: 2, summary: 'A pooler cannot keep the search path for this change.' },
  PERMISSION_DENIED: { exit: 2, summary: 'The database role lacks a privilege.' },
  FILE_NOT_WRITABLE: { exit: 2, summary: 'A file cannot be written.' },
  SERVER_WIDE_CHANGE: {
    exit: 2,
    summary: 'A migration would change more of the server than its temporary database.',
  },
  NO_SHADOW: { exit: 2, summary: 'There is no server for a temporary database.' },
  SNAPSHOT_FILE: { exit: 2, summary: 'The snapshot does not exist or is another kind of file.' },
  BASELINE_FILE: { exit: 2, summary: 'The baseline does not exist or is another kind of file.' },
  FLEET_TARGETS: { exit: 2, summary: 'The targets of the fleet cannot be read or are invalid.' },
  RESET_REFUSED: { exit: 2, summary: 'reset may not drop this database.' },
  DATABASE_IN_USE: {
    exit: 2,
    summary: 'Others are connected to the database that reset would drop.',
  },
  // 3: no connection
  CONNECTION_FAILED: { exit: 3, summary: 'No connection to the database, or it was lost.' },
  AUTHENTICATION_FAILED: { exit: 3, summary: 'The server refuses the user or the password.' },
  DATABASE_MISSING: { exit: 3, summary: 'The database does not exist.' },
  TOO_MANY_CONNECTIONS: { exit: 3, summary: 'The server has no free connection.' },
  // 4: another runner holds the lock
  LOCKED: { exit: 4, summary: 'Another runner holds the lock and did not finish in time.' },
  LOCK_LOST: { exit: 4, summary: 'The connection that holds the lock was lost.' },
  // 5: history and files disagree, or an unfinished migration needs a person
  NOT_ADOPTED: { exit: 5, status: true, summary: "db-migrate's history has not been copied." },
  HISTORY_TABLE_SHAPE: { exit: 5, summary: 'A table of this name exists but is not a history.' },
  MISSING_FILE: {
    ...{ exit: 5, status: true, adopt: true },
    summary: 'The file of an applied migration is missing.',
  },
  CHANGED_FILE: {
    ...{ exit: 5, status: true, run: true },
    summary: 'A file was edited after it was applied.',
  },
  RENAMED_FILE: {
    ...{ exit: 5, status: true },
    summary: 'A pending file is an applied migration under another name.',
  },
  RENAME_REFUSED: { exit: 5, summary: 'A rename cannot be recorded as it was asked for.' },
  OUT_OF_ORDER: {
    ...{ exit: 5, status: true, run: true },
    summary: 'A pending migration comes before an applied one.',
  },
  PLAN_CHANGED: { exit: 5, summary: 'The plan changed after it was confirmed.' },
  UNFINISHED: {
    exit: 5,
    status: true,
    summary: 'A migration outside a transaction was interrupted.',
  },
  UNDO_BLOCKED: { exit: 5, summary: 'db-migrate cannot know some applied migrations.' },
  ADOPT_MISMATCH: { exit: 5, summary: 'The copied history differs from the plan.' },
  // 6: a check found something
  STILL_PENDING: { exit: 6, summary: 'The database was not up to date in time.' },
  // stopped by a signal (143 where it was SIGTERM, 129 where it was SIGHUP)
  INTERRUPTED: { exit: 130, summary: 'A signal stopped the run, cleanly.' },
  // a fault of knexward's own
  INTERNAL: { exit: 1, summary: 'An unexpected error occurred.' },
  // what only status tells of
  FAILED: { status: true, summary: 'The last attempt to apply or revert a migration failed.' },
  DUPLICATE_ROW: {
    ...{ status: true, adopt: true },
    summary: 'The history has more than one row for a migration.',
  },
  ROW_WITHOUT_NAME: { status: true, summary: 'The history has a row without a name.' },
  PARTLY_REVERTED: { status: true, summary: 'Reverting several migrations stopped in the middle.' },
  AHEAD: { status: true, summary: 'The database has newer migrations than the files.' },
  KNEX_LOCKED: { status: true, summary: "Knex's lock is held, or was left behind, by Knex." },
  LEFT_LOCK: {
    status: true,
    run: true,
    summary: "Knex's lock is held, or was left behind, by knexward.",
  },
  // what only adopt warns of
  ALREADY_IN_HISTORY: { adopt: true, summary: "Knex's history has the migration already." },
  TIME_DOES_NOT_EXIST: { adopt: true, summary: 'A time does not exist in the time zone.' },
  TIME_AMBIGUOUS: { adopt: true, summary: 'A time occurs twice in the time zone.' },
  KNEXFILE_KEPT: { adopt: true, summary: 'The project has a knexfile, which is kept as it is.' },
  ENVIRONMENT_LEFT_OUT: {
    adopt: true,
    summary: 'The knexfile lacks an environment of the old file.',
  },
  FILES_LEFT_OUT: { adopt: true, summary: 'Files that are compiled to migrations do not count.' },
  SCRIPT_LEFT: { adopt: true, summary: 'A script calls db-migrate and was not changed.' },
  SCRIPT_CHANGED: { adopt: true, summary: 'A script was rewritten and needs a review.' },
  CALLER_LEFT: { adopt: true, summary: 'A file calls db-migrate and was not changed.' },
  CALLERS_NOT_ALL_SEARCHED: { adopt: true, summary: 'Not every file was searched for callers.' },
  DRIFT: { adopt: true, summary: 'The schema differs from what the migrations create.' },
  UNDO_LEFT: { adopt: true, summary: 'Undo did not change a file.' },
  KNEX_FILES_LEFT: { adopt: true, summary: 'Files are left on which db-migrate fails.' },
  IMPLICIT_DEPENDENCY: { adopt: true, summary: 'Migrations load a package that is not listed.' },
  // what a run warns of
  NOT_IN_JOURNAL: { run: true, summary: 'A failure could not be written to the journal.' },
  NOT_RETRIED: {
    run: true,
    summary: 'A migration was not retried, because it could run twice.',
  },
  EMPTY_MIGRATION: { run: true, summary: 'A migration was applied and did nothing.' },
  ENDED_ITS_TRANSACTION: { run: true, summary: 'A migration ended its transaction itself.' },
} as const satisfies Record<string, CodeEntry>;

/** The codes of the table that have this mark. */
type Marked<Mark extends keyof CodeEntry> = {
  [Code in keyof typeof CODES]: (typeof CODES)[Code] extends Record<Mark, unknown> ? Code : never;
}[keyof typeof CODES];

/** The stable name of an error, such as `NOT_ADOPTED`. */
export type ErrorCode = Marked<'exit'>;
/** Every kind of problem that `status` can tell of. */
export type ProblemCode = Marked<'status'>;
/** Every warning that `adopt` can give. */
export type WarningCode = Marked<'adopt'>;
/** Every warning that a run can give. */
export type RunWarningCode = Marked<'run'>;

/** The exit code of each error. */
export const ERROR_CODES = Object.fromEntries(
  Object.entries(CODES).flatMap(([code, entry]) => ('exit' in entry ? [[code, entry.exit]] : [])),
) as { [Code in ErrorCode]: (typeof CODES)[Code]['exit'] };

/** What an error tells besides its code. */
export interface ErrorDetails {
  /** What happened, in one or two sentences. Secrets in it are hidden. */
  message: string;
  /** What to do next: a command to run or a thing to change. */
  fix: string;
  /** The error underneath, kept for debugging. */
  cause?: unknown;
}

/**
 * An error with a code, an explanation and a way out.
 *
 * @example
 * throw new KnexwardError('UNKNOWN_ENVIRONMENT', {
 *   message: 'The knexfile has no environment "staging".',
 *   fix: 'Use one of: development, production.',
 * });
 */
export class KnexwardError extends Error {
  readonly code: ErrorCode;
  readonly fix: string;

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(
      redact(details.message),
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.name = 'KnexwardError';
    this.code = code;
    this.fix = redact(details.fix);
  }

  /** The page of the documentation that is about it: the path of a file. */
  get page(): string {
    return pageOf(this.code);
  }

  /** The process exit code that stands for this error. */
  get exitCode(): number {
    return ERROR_CODES[this.code];
  }
}

/** Why the process cannot go on with a migration, where that is no wish of a person's. */
export class StoppedByMigration extends Error {
  override name = 'StoppedByMigration';
}
