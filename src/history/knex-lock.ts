import { type ClientBase } from 'pg';
import { type HistoryTables, LOCKED_BY_KNEXWARD, qualified } from './tables.js';

/**
 * Takes Knex's own lock, so that a plain `knex migrate:latest` keeps out. The caller holds the
 * runners' lock: what it finds here of another knexward is left over from one that was killed.
 *
 * @returns whether it was to be had: `false` where Knex holds it, or left it behind.
 */
export async function takeKnexLock(client: ClientBase, tables: HistoryTables): Promise<boolean> {
  const lock = qualified(tables.schema, tables.lock);
  const { rows } = await client.query<{ taken: boolean }>(
    `with made as (
       insert into ${lock} (is_locked) select $1 where not exists (select from ${lock}) returning 1
     ), taken as (
       update ${lock} set is_locked = $1 where is_locked in (0, $1) returning 1
     )
     select exists (select from made) or exists (select from taken) as taken`,
    [LOCKED_BY_KNEXWARD],
  );
  return rows[0]?.taken ?? false;
}

/** Gives Knex's lock back, if it is knexward's to give. */
export async function giveKnexLockBack(client: ClientBase, tables: HistoryTables): Promise<void> {
  await client.query(
    `update ${qualified(tables.schema, tables.lock)} set is_locked = 0 where is_locked = $1`,
    [LOCKED_BY_KNEXWARD],
  );
}

/** Frees Knex's lock, whoever took it. */
export async function freeKnexLock(client: ClientBase, tables: HistoryTables): Promise<void> {
  await client.query(`update ${qualified(tables.schema, tables.lock)} set is_locked = 0`);
}
