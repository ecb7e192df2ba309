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
import { type JournalDuration, journalInsert } from '../history/journal.js';
import { type HistoryTables } from '../history/tables.js';
import { NOT_WRITTEN } from '../history/not-written.js';
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
  /** The history row, the row of db-migrate's own table and the journal row. */
  statements: string;
  /** The same, for a run: they fail unless history and journal have taken their rows. */
  confirmed: string;
  /** Where the answer has to be looked at: whether db-migrate has recorded the migration before. */
  isDoneElsewhere: ((results: QueryResult[]) => boolean) | null;
}

/** The statements that record a change, for one message to the server. */
export function recordOf(
  { tables, direction, batch, runId, oldTable, actor }: Recording,
  { name, checksum }: Pick<LoadedMigration, 'name' | 'checksum'>,
  { durationMs, empty }: { durationMs: JournalDuration; empty: boolean },
): ChangeRecord {
  const up = direction === 'up';
  const oldName = oldTable === null ? undefined : oldNameOf(name);
  const row = up ? historyRowInsert(tables, { name, batch }) : historyRowsDelete(tables, name);
  const entry = journalInsert(tables, {
    ...{ runId, event: up ? 'applied' : 'reverted', migration: name, batch, checksum, durationMs },
    ...(actor !== undefined && { actor }),
    ...(up && empty && { details: { empty } }),
    detailsSql: up && oldName !== undefined ? oldRowDetails(tables, oldName) : undefined,
  });
  const texts = (before: string): Pick<ChangeRecord, 'statements' | 'confirmed'> => ({
    statements: `${before}${row}; ${entry}`,
    confirmed: `${before}with history as (${row} returning 1), journal as (${entry} returning 1)
      select case when exists (select from history) and exists (select from journal) then 'true'
                  else '${NOT_WRITTEN}' end::boolean`,
  });
  if (oldTable === null || oldName === undefined) return { ...texts(''), isDoneElsewhere: null };
  if (!up) return { ...texts(`${oldRowsDelete(tables, oldName)}; `), isDoneElsewhere: null };
  return {
    ...texts(`${oldRowInsert(tables, oldTable, oldName)}; `),
    isDoneElsewhere: (results) => results[OLD_ROW_INSERTED]?.rowCount !== 1,
  };
}
