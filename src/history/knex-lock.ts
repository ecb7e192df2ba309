import { type ClientBase, type QueryResult } from 'pg';
import { commandLine } from '../command-line.js';
import { KnexwardError } from '../errors.js';
import { fence } from './fence.js';
import { type HistoryTables, LEAST_RUN_NUMBER, qualified } from './tables.js';
import { missingTablesSql } from './write.js';

/*
 * Knex takes its lock where it finds 0 in `is_locked`, and writes 1. A run of knexward writes a
 * number of its own from here on, which keeps Knex out all the same: so a row that a killed run left
 * can be told from one that Knex holds, and no run gives back what is another's.
 */

const MOST_INTEGER = 2 ** 31 - 1;

/** The number of a run, by its id (a UUID). */
export function runNumber(runId: string): number {
  const drawn = parseInt(runId.replace(/\W/g, '').slice(0, 8), 16) || 0;
  return LEAST_RUN_NUMBER + (drawn % (MOST_INTEGER - LEAST_RUN_NUMBER));
}

interface TakeOptions {
  number: number;
  held: string;
  waitMs: number;
  create?: boolean;
}

interface Taken {
  taken: boolean;
  held: boolean;
}

/**
 * Takes Knex's own lock, so that a plain `knex migrate:latest` keeps out. The caller holds the
 * runners' lock: what it finds here of another knexward is left over from one that was killed, or
 * that lost its lock.
 *
 * It passes the fence first: a run that has lost the runners' lock may be in the middle of a change, and
 * as long as it is, Knex has to keep out for it.
 *
 * @param held an SQL expression: whether the caller still holds the runners' lock
 * @param waitMs how long to wait for the fence, in milliseconds
 * @param create whether the tables may be missing; they are created then, in the same message
 * @returns whether it was to be had: `false` where Knex holds it, or left it behind; `null` where the
 * caller has lost the runners' lock.
 */
export async function takeKnexLock(
  client: ClientBase,
  tables: HistoryTables,
  { number, held, waitMs, create = false }: TakeOptions,
): Promise<boolean | null> {
  const lock = qualified(tables.schema, tables.lock);
  const take = `with made as (
       insert into ${lock} (is_locked) select ${number}
         where not exists (select from ${lock}) and ${held} returning 1
     ), taken as (
       update ${lock} set is_locked = ${number}
         where (is_locked = 0 or is_locked >= ${LEAST_RUN_NUMBER}) and ${held} returning 1
     )
     select exists (select from made) or exists (select from taken) as taken, ${held} as held`;
  const limit = `select set_config('lock_timeout', '${Math.max(waitMs, 1)}ms', true)`;
  const before = create ? missingTablesSql(tables) : fence(tables);
  const results = (await client.query(`${limit}; ${before}; ${take}`)) as unknown as
    QueryResult<Taken> | QueryResult<Taken>[];
  const answer = [results].flat().at(-1)?.rows[0];
  if (answer?.taken) return true;
  return answer?.held ? false : null;
}

/** Somebody may have locked the row: the run is over all the same, and the next one takes it over. */
const GIVE_BACK_MS = 5000;

/** Gives Knex's lock back, if it is this run's to give. */
export async function giveKnexLockBack(
  client: ClientBase,
  tables: HistoryTables,
  number: number,
): Promise<void> {
  await client.query(
    `select set_config('lock_timeout', '${GIVE_BACK_MS}ms', true);
     update ${qualified(tables.schema, tables.lock)} set is_locked = 0 where is_locked = ${number}`,
  );
}

/** Frees Knex's lock, whoever took it. */
export async function freeKnexLock(client: ClientBase, tables: HistoryTables): Promise<void> {
  await client.query(`update ${qualified(tables.schema, tables.lock)} set is_locked = 0`);
}

/** Knex's own runner is at work, or was killed at it: two runners must not overlap. */
export function knexLockTaken(table: string): KnexwardError {
  return new KnexwardError('LOCKED', {
    message: `Knex's own lock (${table}) is held: a "knex migrate" command is running, or was killed.`,
    fix: `Wait until it has finished. If none runs: ${commandLine('unlock')}`,
  });
}

/**
 * Keeps plain Knex out until the transaction ends, which has to be open.
 *
 * @throws KnexwardError `LOCKED` where Knex holds its lock
 */
export async function refuseKnexLock(client: ClientBase, tables: HistoryTables): Promise<void> {
  const { rows } = await client.query<{ locked: boolean }>(
    `select is_locked > 0 and is_locked < ${LEAST_RUN_NUMBER} as locked
       from ${qualified(tables.schema, tables.lock)} for update`,
  );
  if (rows.some(({ locked }) => locked)) throw knexLockTaken(tables.lock);
}
