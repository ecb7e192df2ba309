import { escapeLiteral } from 'pg';
import { actor } from './journal.js';
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

/** The statements that write a history row and a journal row for each, for sending with others. */
export function recordManySql(tables: HistoryTables, applied: AppliedTogether): string {
  const { runId, migrations, details } = applied;
  const batch = Number(applied.batch);
  const names = arrayOf(migrations.map(({ name }) => name));
  const checksums = arrayOf(migrations.map(({ checksum }) => checksum));
  return `insert into ${qualified(tables.schema, tables.history)} (name, batch, migration_time)
    select m.name, ${batch}, clock_timestamp()
      from unnest(${names}) with ordinality m (name, place) order by m.place;
  insert into ${qualified(tables.schema, tables.journal)}
      (run_id, event, migration, batch, checksum, actor, details)
    select ${escapeLiteral(runId)}::uuid, 'applied', m.name, ${batch}, m.checksum,
      ${escapeLiteral(actor())} || ', ' || current_user, ${escapeLiteral(JSON.stringify(details))}::jsonb
      from unnest(${names}, ${checksums}) with ordinality m (name, checksum, place) order by m.place`;
}

function arrayOf(texts: readonly string[]): string {
  return `array[${texts.map((text) => escapeLiteral(text)).join(',')}]::text[]`;
}
