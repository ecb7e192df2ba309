import { escapeLiteral } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { type ChangeSessions } from '../database/session.js';
import { fence } from '../history/fence.js';
import { type HistoryTables, qualified } from '../history/tables.js';
import { messageOf } from '../server-error.js';

/** The beginning of a change's transaction. */
export interface Opening {
  /** The change's name. */
  name: string;
  /** The statements after `begin`. */
  sql: string;
}

/** The server's answer to an opening. */
export interface Seen {
  /** Whether the migration is in the history. */
  applied: boolean;
  /** Who holds Knex's lock: a run's number, 1 for Knex, 0 or `null` for nobody. */
  lockedBy: number | null;
  /** The server's process. */
  pid: number;
  /** The transaction's id; `null` beside a change, where it would hold vacuum back. */
  xid: string | null;
  /** The session's settings. They show whether an earlier migration has changed any. */
  settings: string;
}

/** The context that all changes of a run share. */
export interface OpeningContext {
  config: ResolvedConfig;
  /** The search path that each transaction sets; `null` if the connection has it already. */
  searchPath: string | null;
  sessions: ChangeSessions;
  tables: HistoryTables;
}

/**
 * Whatever the database's default is: at any higher level, the look at the history after the fence
 * would see what was there before it, and not what the runner behind it has just committed.
 */
export const BEGIN = 'begin isolation level read committed';

/**
 * Limits of this transaction, then the fence, and only then a look at the history: a runner that
 * lost its lock may still be at the end of its last change. One message to the server, in which each
 * statement sees what is committed when it begins.
 */
export function openingOf(context: OpeningContext, name: string): Opening {
  return {
    name,
    sql: `${resetOf(context)}${limitsOf(context)}; ${fence(context.tables)}; ${look(context, name, 'txid_current()')}`,
  };
}

/** Undoes what an earlier migration set for the session. */
function resetOf({ sessions: { reset } }: OpeningContext): string {
  return reset === '' ? '' : `${reset}; `;
}

/** The opening of a transaction that stays open and idle while a change runs outside of it. */
export function openingBeside(context: OpeningContext, name: string): Opening {
  const { tables, config } = context;
  const limits = `select set_config('idle_in_transaction_session_timeout', '0', true),
    set_config('lock_timeout', '${Math.max(config.settings.waitForLock, 1)}ms', true),
    case when current_setting('server_version_num')::int >= 170000
         then set_config('transaction_timeout', '0', true) end`;
  return { name, sql: `${limits}; ${fence(tables)}; ${look(context, name, 'null')}` };
}

/** The setting with a transaction's id, where that is not known to the runner yet. It ends with the transaction. */
const XID = 'knexward.xid';

/** The setting with the place of the last change that a session has committed. It is committed, and rolled back, with it. */
const LAST = 'knexward.last';

/** The end of a change in a pipeline. */
export function commitAt(place: number): string {
  return `select set_config('${LAST}', '${place}', false); commit`;
}

/** What an opening is sent behind. */
export interface Behind {
  /** The place of the change ahead. */
  ahead: number;
  direction: 'up' | 'down';
  /** What the session's settings were when it was new. */
  settings: string;
  /** The run's number in Knex's lock row. */
  lockNumber: number;
}

/**
 * The beginning of a change that is sent before the one ahead of it has been answered: what the runner looks at
 * otherwise, the server does. It fails unless the session has just committed the change ahead, this one is still to
 * be done, and the run still holds Knex's lock. Within a transaction that has failed, it fails as every statement does.
 */
export function beginningBehind(
  context: OpeningContext,
  name: string,
  { ahead, direction, settings, lockNumber }: Behind,
): string {
  // The server reads a message whole before it begins: with the encoding that the change ahead has left.
  const follows = `current_setting('${LAST}', true) = '${ahead}' and current_setting('client_encoding') = 'UTF8'`;
  const isToDo = [
    `applied is ${direction === 'down'}`,
    `"lockedBy" = ${Number(lockNumber)}`,
    `settings = ${escapeLiteral(settings)}`,
  ];
  return `${BEGIN}; select ${orFail(follows)};
      ${resetOf(context)}${limitsOf(context)}; ${fence(context.tables)};
      select set_config('${XID}', xid, true), ${orFail(isToDo.join(' and '))}
      from (${look(context, name, 'txid_current()')}) seen`;
}

function orFail(condition: string): string {
  return `case when ${condition} then 'true'
    else 'knexward: this change cannot follow the one ahead of it' end::boolean`;
}

const ENDED = 'knexward: the migration has ended its transaction';

/** A statement that fails unless the transaction is still the one that was opened. */
export function sameTransaction({ xid }: Pick<Seen, 'xid'>): string {
  return stillIn(String(Number(xid)));
}

/** The same where the runner does not know the transaction's id yet: see `beginningBehind`. */
export function transactionOfOpening(): string {
  return stillIn(`nullif(current_setting('${XID}', true), '')::bigint`);
}

function stillIn(xid: string): string {
  return `select case when txid_current_if_assigned() = ${xid}
    then 'true' else '${ENDED}' end::boolean`;
}

/** Whether an error comes from `sameTransaction`. */
export function isEndedTransaction(error: unknown): boolean {
  return messageOf(error).includes(ENDED);
}

/**
 * How often the server looks, during a statement, whether the runner is still there: else a killed
 * runner's statement goes on to its end, with every lock that it holds, only to be rolled back.
 * PostgreSQL can do that on Linux; elsewhere it refuses the setting (macOS has it from 15 on).
 */
const LOOK_FOR_CLIENT_MS = 1000;

/** The limits of one transaction. They end with it. */
export function limitsOf({
  config,
  searchPath,
}: Pick<OpeningContext, 'config' | 'searchPath'>): string {
  const { lockTimeout, statementTimeout } = config.settings;
  const set = (name: string, value: string): string =>
    `set_config('${name}', ${escapeLiteral(value)}, true)`;
  return `select ${[
    set('lock_timeout', `${lockTimeout}ms`),
    ...(statementTimeout === null ? [] : [set('statement_timeout', `${statementTimeout}ms`)]),
    ...(searchPath === null ? [] : [set('search_path', searchPath)]),
    `case when current_setting('client_connection_check_interval', true) is not null
           and version() like '%linux%'
          then ${set('client_connection_check_interval', `${LOOK_FOR_CLIENT_MS}`)} end`,
  ].join(', ')}`;
}

/**
 * What migrations, and the output of pg_dump, set for the session, for where it cannot be reset as a whole.
 * To compare all that `pg_settings` has would cost as much as a small change.
 */
const SETTINGS = [
  ...['search_path', 'role', 'session_authorization', 'session_replication_role', 'row_security'],
  ...['check_function_bodies', 'default_tablespace', 'default_table_access_method', 'TimeZone'],
  ...['DateStyle', 'IntervalStyle', 'standard_conforming_strings', 'xmloption', 'bytea_output'],
  ...['default_transaction_isolation', 'default_transaction_read_only', 'client_min_messages'],
  // The transaction has it from the default of before the reset.
  'transaction_read_only',
  ...['synchronous_commit', 'work_mem', 'maintenance_work_mem', 'client_encoding'],
  ...['statement_timeout', 'idle_in_transaction_session_timeout'],
];

/** What a reset of all leaves as it is; the transaction began with a default from before the reset. */
const NOT_RESET = ['role', 'session_authorization', 'transaction_read_only'];

/** What a session keeps besides its settings. */
const KEPT = [
  'pg_my_temp_schema()::text',
  '(select count(*) from pg_prepared_statements)',
  '(select count(*) from pg_cursors where is_holdable)',
  "(select string_agg(channel, ',' order by channel) from pg_listening_channels() channel)",
];

function look({ tables, sessions }: OpeningContext, name: string, xid: string): string {
  const settings = (sessions.reset === '' ? SETTINGS : NOT_RESET).map(
    (each) => `current_setting('${each}', true)`,
  );
  // Behind a pooler, each transaction may meet another session, with its own.
  const kept = sessions.ours ? KEPT : KEPT.slice(0, 1);
  return `select exists (select from ${qualified(tables.schema, tables.history)}
      where name = ${escapeLiteral(name)}) as applied,
    (select max(is_locked) from ${qualified(tables.schema, tables.lock)}) as "lockedBy",
    pg_backend_pid() as pid, ${xid}::text as xid,
    concat_ws('|', ${[...settings, ...kept].join(', ')}) as settings`;
}
