import { type ClientBase, type QueryResult } from 'pg';
import { type HistoryTables, LOCKED_BY_KNEXWARD, qualified } from './tables.js';
import { missingTablesSql } from './write.js';

/**
 * Takes Knex's own lock, so that a plain `knex migrate:latest` keeps out. The caller holds the
 * runners' lock: what it finds here of another knexward is left over from one that was killed.
 *
 * @param create whether the tables may be missing; they are created then, in the same message
 * @returns whether it was to be had: `false` where Knex holds it, or left it behind.
 */
export async function takeKnexLock(
  client: ClientBase,
  tables: HistoryTables,
  create = false,
): Promise<boolean> {
  const lock = qualified(tables.schema, tables.lock);
  const mine = LOCKED_BY_KNEXWARD;
  const take = `with made as (
       insert into ${lock} (is_locked) select ${mine} where not exists (select from ${lock}) returning 1
     ), taken as (
       update ${lock} set is_locked = ${mine} where is_locked in (0, ${mine}) returning 1
     )
     select exists (select from made) or exists (select from taken) as taken`;
  const results = (await client.query(
    create ? `${missingTablesSql(tables)}; ${take}` : take,
  )) as unknown as QueryResult<{ taken: boolean }> | QueryResult<{ taken: boolean }>[];
  return [results].flat().at(-1)?.rows[0]?.taken ?? false;
}

/** Gives Knex's lock back, if it is knexward's to give. */
export async function giveKnexLockBack(client: ClientBase, tables: HistoryTables): Promise<void> {
  await client.query(
    `update ${qualified(tables.schema, tables.lock)} set is_locked = 0 where is_locked = ${LOCKED_BY_KNEXWARD}`,
  );
}

/** Frees Knex's lock, whoever took it. */
export async function freeKnexLock(client: ClientBase, tables: HistoryTables): Promise<void> {
  await client.query(`update ${qualified(tables.schema, tables.lock)} set is_locked = 0`);
}
