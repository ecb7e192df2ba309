import { type Status } from '../plan/status.js';

/** Everything that doctor looks at, by the name that is part of the contract. */
export const CHECK_CODES = [
  // this machine and the project
  'NODE_VERSION',
  'PACKAGES',
  'DB_MIGRATE',
  'CONFIGURATION',
  'MIGRATIONS_FOLDER',
  'POOL',
  'TRANSACTIONS_OFF',
  'KNEX_COMMANDS',
  'SQL_WITHOUT_LOADER',
  // the connection
  'CONNECTION',
  'SECOND_CONNECTION',
  'POOLER',
  'TLS',
  'SERVER_VERSION',
  'WRITABLE',
  'CLOCK',
  // rights
  'SCHEMA_RIGHTS',
  'HISTORY_RIGHTS',
  'ROW_SECURITY',
  'TABLE_OWNERS',
  'SESSION_RIGHTS',
  // settings
  'STATEMENT_TIMEOUT',
  'LOCK_TIMEOUT',
  'IDLE_TRANSACTION_TIMEOUT',
  'TRANSACTION_TIMEOUT',
  'MESSAGES',
  'CONNECTIONS_LEFT',
  'EVENT_TRIGGERS',
  // what goes on in the database
  'RUNNER',
  'OPEN_TRANSACTION',
  'PREPARED_TRANSACTION',
  'INVALID_INDEX',
  'NOT_VALIDATED',
  // the history
  'HISTORY',
  'PENDING',
  // what could not be looked at
  'NOT_LOOKED_AT',
] as const;

/** The name of a check; what is wrong with the migrations keeps the name that `status` gives it. */
export type CheckCode = (typeof CHECK_CODES)[number] | Status['problems'][number]['code'];

/**
 * Green: well. Yellow: `up` works, and something may hurt it one day. Red: `up` cannot work, or
 * would do harm.
 */
export type CheckStatus = 'green' | 'yellow' | 'red';

/** What was found about one thing. */
export interface Check {
  code: CheckCode;
  status: CheckStatus;
  message: string;
  /** The command or the statement to run; `null` where it is green. */
  fix: string | null;
}

export function green(code: CheckCode, message: string): Check {
  return { code, status: 'green', message, fix: null };
}

export function yellow(code: CheckCode, message: string, fix: string): Check {
  return { code, status: 'yellow', message, fix };
}

export function red(code: CheckCode, message: string, fix: string): Check {
  return { code, status: 'red', message, fix };
}
