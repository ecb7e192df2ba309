import { type Client } from 'pg';
import { type Session } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { fence } from '../history/fence.js';
import { type HistoryTables } from '../history/tables.js';
import { acquireLock, type LockOptions, type RunLock } from '../transaction/runners-lock.js';

/**
 * Does something while it holds the runners' lock. The lock has a connection of its own: a statement
 * that failed there would end the transaction that the lock belongs to.
 *
 * @throws KnexwardError `LOCKED`, and what the work throws
 */
export async function underLock<T>(
  session: Session,
  tables: HistoryTables,
  options: LockOptions,
  work: (lock: RunLock) => Promise<T>,
): Promise<T> {
  const connection = await session.connect();
  try {
    const lock = await acquireLock(connection, tables, options);
    try {
      return await work(lock);
    } finally {
      await lock.release();
    }
  } finally {
    await connection.end().catch(() => undefined);
  }
}

/** Where the history is changed, and what keeps others out of it meanwhile. */
export interface ChangePlace {
  client: Client;
  tables: HistoryTables;
  lock: RunLock;
  /** How long to wait for what another session has locked, in milliseconds. */
  lockTimeout: number;
}

/**
 * Changes the history in one transaction, behind the fence; what throws leaves everything as it was.
 *
 * @throws KnexwardError `LOCKED` where another session does not let go of the fence, `LOCK_LOST`,
 * and what the change throws
 */
export async function inOneTransaction<T>(
  { client, tables, lock, lockTimeout }: ChangePlace,
  change: () => Promise<T>,
): Promise<T> {
  await client.query(
    `begin isolation level read committed; select set_config('lock_timeout', '${lockTimeout}ms', true)`,
  );
  try {
    await client.query(fence(tables)).catch(refuseWhileFenced);
    const result = await change();
    lock.check();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

function refuseWhileFenced(error: unknown): never {
  if ((error as { code?: string }).code !== '55P03') throw error;
  throw new KnexwardError('LOCKED', {
    message: 'Another session is in the middle of a change to this history. Nothing was changed.',
    fix: 'Wait until it has finished, then run the command again.',
  });
}
