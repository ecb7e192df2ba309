import { type QueryResult } from 'pg';
import { type LoadedMigration } from '../files/load.js';
import { oldNameOf } from '../files/old-name.js';
import {
  OLD_ROW_INSERTED,
  type OldTable,
  oldRowDetails,
  oldRowInsert,
  oldRowsDelete,
} from '../history/in-step.js';
import { journalInsert } from '../history/journal.js';
import { type HistoryTables } from '../history/tables.js';
import { historyRowInsert, historyRowsDelete } from '../history/write.js';

/** Where and how the changes of a run are recorded. */
export interface Recording {
  tables: HistoryTables;
  /** db-migrate's table, as long as it is there, which is kept in step; else `null`. */
  oldTable: OldTable | null;
  runId: string;
  direction: 'up' | 'down';
  batch: number;
  /** Who does it, where that is not this process. */
  actor?: string;
}

/** What records a change. */
export interface ChangeRecord {
  statements: string;
  /** Where the answer has to be looked at: whether db-migrate has recorded the migration before. */
  isDoneElsewhere: ((results: QueryResult[]) => boolean) | null;
}

/**
 * The statements that write the history row, the row of db-migrate's own table and the journal row,
 * for one message to the server.
 */
export function recordOf(
  { tables, direction, batch, runId, oldTable, actor }: Recording,
  { name, checksum }: Pick<LoadedMigration, 'name' | 'checksum'>,
  durationMs: number | null,
): ChangeRecord {
  const up = direction === 'up';
  const oldName = oldTable === null ? undefined : oldNameOf(name);
  const row = up ? historyRowInsert(tables, { name, batch }) : historyRowsDelete(tables, name);
  const entry = journalInsert(tables, {
    ...{ runId, event: up ? 'applied' : 'reverted', migration: name, batch, checksum, durationMs },
    ...(actor !== undefined && { actor }),
    detailsSql: up && oldName !== undefined ? oldRowDetails(tables, oldName) : undefined,
  });
  if (oldTable === null || oldName === undefined) {
    return { statements: `${row}; ${entry}`, isDoneElsewhere: null };
  }
  if (!up) {
    const old = oldRowsDelete(tables, oldName);
    return { statements: `${old}; ${row}; ${entry}`, isDoneElsewhere: null };
  }
  return {
    statements: `${oldRowInsert(tables, oldTable, oldName)}; ${row}; ${entry}`,
    isDoneElsewhere: (results) => results[OLD_ROW_INSERTED]?.rowCount !== 1,
  };
}
