import { Client } from 'pg';
import { type TestDatabase } from './database';

/** A closed gate: a migration that sends its statement stays there until it is opened. */
export interface Gate {
  /** What a migration sends to wait there, however long that takes. */
  statement: string;
  open(): Promise<void>;
}

/** Closes a gate with an advisory lock; gates of one database differ in their keys. */
export async function closeGate(database: TestDatabase, key: number): Promise<Gate> {
  const keeper = new Client(database.config);
  keeper.on('error', () => undefined);
  await keeper.connect();
  await keeper.query(`select pg_advisory_lock(${key})`);
  return {
    statement: `set local lock_timeout = 0; select pg_advisory_lock_shared(${key}), pg_advisory_unlock_shared(${key})`,
    open: () => keeper.end(),
  };
}

/** How many sessions wait for an advisory lock: at a gate, or behind another runner. */
export async function waitingSessions(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `select count(*)::int as count from pg_locks
      where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())`,
  );
  return row?.count ?? 0;
}
