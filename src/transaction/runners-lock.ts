import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, escapeLiteral, type QueryResult } from 'pg';
import { SESSIONS } from '../database/sessions.js';
import { KnexwardError } from '../errors.js';
import { isoMoment } from '../history/moment.js';
import { type HistoryTables, qualified } from '../history/tables.js';
import { refuseInterrupted } from './interruption.js';

/** "knxd" in ASCII: marks knexward's advisory locks among those of other programs. */
const RUNNER_LOCK = 0x6b6e7864;
const POLL_MS = 200;
/** How long to wait until the server has released the lock. */
const RELEASE_MS = 1000;

/**
 * The right to run migrations, for as long as its transaction is open. Its connection is for the lock
 * alone: a statement on it that failed would abort the transaction and let go of the lock.
 */
export interface RunLock {
  /** Whether another runner had to be waited for. */
  readonly waited: boolean;
  /** The server's process that holds it. */
  readonly pid: number;
  /** Resolves once the connection that holds the lock is gone. */
  readonly gone: Promise<void>;
  /** Whether the connection that holds the lock is there, as far as this side knows. */
  isHeld(): boolean;
  /** @throws KnexwardError `LOCK_LOST` once the connection that holds the lock is gone. */
  check(): void;
  /**
   * An SQL expression: whether the server still holds the lock for this run. It may have ended the
   * session without this side knowing.
   */
  readonly held: string;
  /** Releases the lock. */
  release(): Promise<void>;
}

/** Who holds the lock that a runner waits for, as far as the server tells. */
export interface LockHolder {
  role: string;
  client: string;
  since: string;
}

/** How long to wait for the lock, and whom to tell. */
export interface LockOptions {
  waitMs: number;
  onWaiting?: ((holder: LockHolder | null) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Takes the one lock that keeps runners of the same history apart, waiting for it if need be.
 *
 * It belongs to an open transaction, so that it holds through a pooler that hands a connection
 * over at the end of each, and goes away with the connection. It is asked for again and again in
 * short transactions: a call that blocked would hold a snapshot, and `create index concurrently`
 * of the runner that holds the lock would wait for that snapshot for ever.
 *
 * @throws KnexwardError `LOCKED` where another runner still holds it after `waitMs`.
 */
export async function acquireLock(
  client: Client,
  tables: HistoryTables,
  options: LockOptions,
): Promise<RunLock> {
  const { waitMs, onWaiting, signal } = options;
  let lost = false;
  const gone = endOf(client).then(() => void (lost = true));
  const deadline = Date.now() + waitMs;
  let told = false;
  let pid: number | null;
  while ((pid = await tryLock(client, tables)) === null) {
    const isOver = Date.now() >= deadline;
    await client.query('rollback');
    const holder = isOver || !told ? await lockHolder(client, tables) : null;
    if (isOver) throw locked(holder, waitMs);
    if (!told) onWaiting?.(holder);
    told = true;
    // Not in step with the others: each holds it for a moment only, to see that nothing is left.
    const pause = POLL_MS * (0.5 + Math.random());
    await sleep(pause, undefined, signal && { signal }).catch(() => undefined);
    refuseInterrupted(signal);
  }
  return {
    waited: told,
    pid,
    gone,
    held: `exists (select from pg_locks where pid = ${pid} and ${isLock(`hashtext(${escapeLiteral(lockName(tables))})`)})`,
    isHeld: () => !lost,
    check: () => {
      if (lost) throw lockLost();
    },
    release: async () => {
      // It goes away with the connection, too.
      if (!lost)
        await Promise.race([client.query('rollback').catch(() => undefined), sleep(RELEASE_MS)]);
    },
  };
}

/**
 * The simple query protocol, on purpose: a statement with parameters leaves a portal open until
 * the transaction ends, and with it the snapshot that must not be held here.
 *
 * @returns the server's process that holds the lock now; `null` where another one does
 */
async function tryLock(client: Client, tables: HistoryTables): Promise<number | null> {
  const results = (await client.query(
    `begin isolation level read committed;
     select pg_try_advisory_xact_lock(${RUNNER_LOCK}, hashtext(${escapeLiteral(lockName(tables))}))
              as locked, pg_backend_pid() as pid,
            set_config('idle_in_transaction_session_timeout', '0', true),
            case when current_setting('server_version_num')::int >= 170000
                 then set_config('transaction_timeout', '0', true) end`,
  )) as unknown as QueryResult<{ locked: boolean; pid: number }>[];
  const answer = results[1]?.rows[0];
  return answer?.locked ? answer.pid : null;
}

/** Who holds the lock at this moment, or `null` where nobody does. */
export async function lockHolder(
  client: Client,
  tables: HistoryTables,
): Promise<LockHolder | null> {
  const { rows } = await client.query<LockHolder>(
    `select coalesce(usename, '?') as role,
            case when backend_start is null then '?'
                 else coalesce(host(client_addr), 'the same machine') end as client,
            coalesce(${isoMoment('coalesce(xact_start, backend_start)')}, '?') as since
       from pg_locks l left join ${SESSIONS} s using (pid)
      where ${isLock('hashtext($1)')}`,
    [lockName(tables)],
  );
  return rows[0] ?? null;
}

/**
 * The names of the runs at work, as SQL: those whose session holds a runners' lock. A name alone shows nothing:
 * behind a pooler, a session of the server's keeps that of a run that has ended, and serves others under it.
 */
export const RUNS_AT_WORK = `select s.application_name from pg_locks l join ${SESSIONS} s using (pid)
  where ${isLock('objid')}`;

/** Tells the runners' lock of a history among `pg_locks`. */
function isLock(hash: string): string {
  return `locktype = 'advisory' and granted and objsubid = 2
        and database = (select oid from pg_database where datname = current_database())
        and classid = ${RUNNER_LOCK}::oid and objid = (${hash})::oid`;
}

function lockName(tables: HistoryTables): string {
  return qualified(tables.schema, tables.history);
}

/** Resolves when a connection has ended. */
export function endOf(client: Client): Promise<void> {
  return new Promise((resolve) => client.once('error', () => resolve()).once('end', resolve));
}

function locked(holder: LockHolder | null, waitMs: number): KnexwardError {
  const who = holder
    ? `the role "${holder.role}" from ${holder.client}, since ${holder.since}`
    : 'another session';
  return new KnexwardError('LOCKED', {
    message: `Another runner holds the lock: ${who}. Waited ${Math.round(waitMs / 1000)} s.`,
    fix: 'Wait until it has finished; its lock goes away with its connection.',
  });
}

/** The error of a run whose lock is gone. */
export function lockLost(): KnexwardError {
  return new KnexwardError('LOCK_LOST', {
    message: 'The connection that holds the lock was lost; the run stopped before its next change.',
    fix: 'Run the command again: what is done is recorded.',
  });
}
