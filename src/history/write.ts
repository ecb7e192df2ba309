import { type ClientBase } from 'pg';
import { createTablesSql, type HistoryTables, qualified } from './tables.js';

/**
 * Creates Knex's two tables and the journal where they are missing. `if not exists` is not safe
 * for two sessions at once, so the caller holds the lock.
 */
export async function createTables(client: ClientBase, tables: HistoryTables): Promise<void> {
  await client.query(createTablesSql(tables));
}

/** Records that a migration is applied, in the transaction that the connection is in. */
export async function insertHistoryRow(
  client: ClientBase,
  tables: HistoryTables,
  row: { name: string; batch: number },
): Promise<void> {
  await client.query(
    `insert into ${qualified(tables.schema, tables.history)} (name, batch, migration_time)
     values ($1, $2, clock_timestamp())`,
    [row.name, row.batch],
  );
}

/** Removes a migration from the history: every row of that name, as Knex does. */
export async function deleteHistoryRows(
  client: ClientBase,
  tables: HistoryTables,
  name: string,
): Promise<void> {
  await client.query(`delete from ${qualified(tables.schema, tables.history)} where name = $1`, [
    name,
  ]);
}

/** Whether a migration is applied at this moment, as the connection's transaction sees it. */
export async function isApplied(
  client: ClientBase,
  tables: HistoryTables,
  name: string,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from ${qualified(tables.schema, tables.history)} where name = $1 limit 1`,
    [name],
  );
  return rowCount === 1;
}
