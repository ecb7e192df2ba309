import { type QueryResult } from 'pg';
import { type RawConnection } from '../database/raw-connection.js';
import { type LoadedMigration } from '../files/load.js';
import { oldNameOf } from '../files/old-name.js';
import {
  OLD_ROW_INSERTED,
  oldRowDetails,
  oldRowInsert,
  oldRowsDelete,
} from '../history/in-step.js';
import { journalInsert } from '../history/journal.js';
import { historyRowInsert, historyRowsDelete } from '../history/write.js';
import { type RunContext } from './apply.js';

/**
 * The history row, the row of db-migrate's own table and the journal row, in one message to the
 * server, which is one transaction.
 *
 * @returns `false` where db-migrate's table has the migration already, from db-migrate
 */
export async function record(
  connection: RawConnection,
  context: RunContext,
  migration: LoadedMigration,
  durationMs: number,
): Promise<boolean> {
  const { tables, direction, batch, runId, oldTable } = context;
  const { name, checksum } = migration;
  const up = direction === 'up';
  const oldName = oldTable === null ? undefined : oldNameOf(name);
  const row = up ? historyRowInsert(tables, { name, batch }) : historyRowsDelete(tables, name);
  const entry = journalInsert(tables, {
    ...{ runId, event: up ? 'applied' : 'reverted', migration: name, batch, checksum, durationMs },
    detailsSql: up && oldName !== undefined ? oldRowDetails(tables, oldName) : undefined,
  });
  if (oldTable === null || oldName === undefined) {
    await connection.query(`${row}; ${entry}`);
    return true;
  }
  const old = up ? oldRowInsert(tables, oldTable, oldName) : oldRowsDelete(tables, oldName);
  const results = (await connection.query(`${old}; ${row}; ${entry}`)) as unknown as QueryResult[];
  return !up || results[OLD_ROW_INSERTED]?.rowCount === 1;
}
