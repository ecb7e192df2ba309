/**
 * Every error that knexward raises on purpose, in one table: its code, and the exit code a
 * pipeline sees. A code is part of the contract: it may be added, never renamed.
 */
export const ERROR_CODES = {
  // 1: a migration failed
  MIGRATION_FAILED: 1,
  // 2: wrong usage or configuration
  USAGE: 2,
  KNEXFILE_NOT_FOUND: 2,
  KNEXFILE_BROKEN: 2,
  UNKNOWN_ENVIRONMENT: 2,
  UNSUPPORTED_CLIENT: 2,
  NO_DATABASE: 2,
  NO_EMBEDDED_SERVER: 2,
  EMBEDDED_SERVER_FAILED: 2,
  CONFIRMATION_REQUIRED: 2,
  INVALID_NAME: 2,
  UNKNOWN_MIGRATION: 2,
  AMBIGUOUS_MIGRATION: 2,
  MIGRATIONS_FOLDER: 2,
  INVALID_MIGRATION: 2,
  DUPLICATE_FILE: 2,
  UNKNOWN_TIME_ZONE: 2,
  NOT_A_DB_MIGRATE_PROJECT: 2,
  DB_MIGRATE_CONFIG: 2,
  SCHEMA_MISSING: 2,
  PERMISSION_DENIED: 2,
  FILE_NOT_WRITABLE: 2,
  SNAPSHOT_FILE: 2,
  // 3: no connection
  CONNECTION_FAILED: 3,
  AUTHENTICATION_FAILED: 3,
  DATABASE_MISSING: 3,
  // 4: another runner holds the lock
  LOCKED: 4,
  LOCK_LOST: 4,
  // 5: history and files disagree, or an unfinished migration needs a person
  NOT_ADOPTED: 5,
  HISTORY_TABLE_SHAPE: 5,
  MISSING_FILE: 5,
  UNFINISHED: 5,
  ADOPT_MISMATCH: 5,
  // 6: a check found something
  STILL_PENDING: 6,
  // stopped by a signal
  INTERRUPTED: 130,
  // a fault of knexward's own
  INTERNAL: 1,
} as const;

/** The stable name of an error, such as `NOT_ADOPTED`. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error tells besides its code. */
export interface ErrorDetails {
  /** What happened, in one or two sentences. Never holds a secret. */
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
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'KnexwardError';
    this.code = code;
    this.fix = details.fix;
  }

  /** The process exit code that stands for this error. */
  get exitCode(): number {
    return ERROR_CODES[this.code];
  }
}
