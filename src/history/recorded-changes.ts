import { type ClientBase } from 'pg';
import { SINCE_APPLIED } from './journal.js';
import { type HistoryTables, qualified } from './tables.js';

/** The journal's entry for an applied migration: how it came into the history. */
export interface RecordedChange {
  name: string;
  /** `applied` by a run; `adopted` from db-migrate; `resolved`: marked as applied by a person. */
  event: 'applied' | 'adopted' | 'resolved';
  runId: string;
  /** The person and the machine, and the database role. */
  actor: string;
  /** In milliseconds; `null` if nothing ran, or an SQL script ran it. */
  durationMs: number | null;
  /** The file of the baseline that the migration was loaded with. */
  baseline: string | null;
}

/**
 * Reads the journal's entries for the migrations in the history, by name. A migration that plain Knex applied has
 * none.
 */
export async function readRecordedChanges(
  client: ClientBase,
  tables: HistoryTables,
): Promise<Map<string, RecordedChange>> {
  const history = qualified(tables.schema, tables.history);
  const { rows } = await client.query<RecordedChange>(
    `select distinct on (h.name) h.name, j.event, j.run_id as "runId", j.actor,
            j.duration_ms as "durationMs", j.details ->> 'baseline' as baseline
       from ${qualified(tables.schema, tables.journal)} j
       join ${history} h on h.name = j.migration and ${SINCE_APPLIED}
      where j.event in ('applied', 'adopted')
         or (j.event = 'resolved' and j.details ->> 'verdict' = 'applied')
      order by h.name, j.id desc`,
  );
  return new Map(rows.map((row) => [row.name, row]));
}
