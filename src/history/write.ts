import { type ClientBase, escapeLiteral } from 'pg';
import { fence } from './fence.js';
import { createTablesSql, type HistoryTables, qualified } from './tables.js';

/**
 * Creates Knex's two tables and the journal where they are missing. `if not exists` is not safe
 * for two sessions at once, so the caller holds the lock, and this passes the fence as well.
 */
export async function createTables(client: ClientBase, tables: HistoryTables): Promise<void> {
  await client.query(missingTablesSql(tables));
}

/**
 * The statements that create them, for sending together with others. In each schema one at a time:
 * the server makes up the names of sequences, and may make up the same for two long names.
 */
export function missingTablesSql(tables: HistoryTables): string {
  const schema = fence({ ...tables, history: '' });
  return `${fence(tables)}; ${schema}; ${createTablesSql(tables).trim().replace(/;$/, '')}`;
}

/** Records that a migration is applied, in the transaction that the connection is in. */
export async function insertHistoryRow(
  client: ClientBase,
  tables: HistoryTables,
  row: { name: string; batch: number },
): Promise<void> {
  await client.query(historyRowInsert(tables, row));
}

/** The statement that records it, for sending together with others. */
export function historyRowInsert(
  tables: HistoryTables,
  { name, batch }: { name: string; batch: number },
): string {
  return `insert into ${qualified(tables.schema, tables.history)} (name, batch, migration_time)
    values (${escapeLiteral(name)}, ${Number(batch)}, clock_timestamp())`;
}

/** Removes a migration from the history: every row of that name, as Knex does. */
export async function deleteHistoryRows(
  client: ClientBase,
  tables: HistoryTables,
  name: string,
): Promise<void> {
  await client.query(historyRowsDelete(tables, name));
}

/** The statement that removes it, for sending together with others. */
export function historyRowsDelete(tables: HistoryTables, name: string): string {
  return `delete from ${qualified(tables.schema, tables.history)} where name = ${escapeLiteral(name)}`;
}

/** Gives a migration another name in the history: every row of the old one. */
export async function renameHistoryRows(
  client: ClientBase,
  tables: HistoryTables,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await client.query(
    `update ${qualified(tables.schema, tables.history)} set name = ${escapeLiteral(to)} where name = ${escapeLiteral(from)}`,
  );
}

/** Whether a migration is applied at this moment, as the connection's transaction sees it. */
export async function isApplied(
  client: ClientBase,
  tables: HistoryTables,
  name: string,
): Promise<boolean> {
  const { rowCount } = await client.query(historyRowLook(tables, name));
  return rowCount === 1;
}

/** The query that has one row where the migration is applied, for sending together with others. */
function historyRowLook(tables: HistoryTables, name: string): string {
  return `select from ${qualified(tables.schema, tables.history)} where name = ${escapeLiteral(name)} limit 1`;
}
