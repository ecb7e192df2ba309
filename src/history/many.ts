import { escapeLiteral } from 'pg';
import { actor, jsonOf } from './journal.js';
import { NOT_WRITTEN } from './not-written.js';
import { type HistoryTables, qualified } from './tables.js';

/** Migrations that are recorded together, because one act has applied them. */
export interface AppliedTogether {
  runId: string;
  batch: number;
  /** In the order in which they count as applied. */
  migrations: readonly { name: string; checksum: string }[];
  /** What the journal says of it. */
  details: Record<string, unknown>;
}

/** The statement that writes a history row and a journal row for each, for sending with others. It fails
 * unless the tables have taken every row. */
export function recordManySql(tables: HistoryTables, applied: AppliedTogether): string {
  const { runId, migrations, details } = applied;
  const batch = Number(applied.batch);
  const names = arrayOf(migrations.map(({ name }) => name));
  const checksums = arrayOf(migrations.map(({ checksum }) => checksum));
  return `with history as (
    insert into ${qualified(tables.schema, tables.history)} (name, batch, migration_time)
      select m.name, ${batch}, clock_timestamp()
        from unnest(${names}) with ordinality m (name, place) order by m.place
      returning 1
  ), journal as (
    insert into ${qualified(tables.schema, tables.journal)}
        (run_id, event, migration, batch, checksum, actor, details)
      select ${escapeLiteral(runId)}::uuid, 'applied', m.name, ${batch}, m.checksum,
        ${escapeLiteral(actor())} || ', ' || current_user, ${escapeLiteral(jsonOf(details))}::jsonb
        from unnest(${names}, ${checksums}) with ordinality m (name, checksum, place) order by m.place
      returning 1
  ) select case when (select count(*) from history) = ${migrations.length}
                 and (select count(*) from journal) = ${migrations.length} then 'true'
            else '${NOT_WRITTEN}' end::boolean`;
}

function arrayOf(texts: readonly string[]): string {
  return `array[${texts.map((text) => escapeLiteral(text)).join(',')}]::text[]`;
}
