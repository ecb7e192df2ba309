import { escapeLiteral } from 'pg';
import { adoptedOriginal, oldTableName } from './read.js';
import { type HistoryTables, qualified } from './tables.js';

/*
 * As long as db-migrate's table is there, an old release may start at any moment and look into it.
 * So whatever knexward applies and reverts of db-migrate's files is written there too.
 */

/** What has to be known of db-migrate's table to write into it. */
export interface OldTable {
  /** Whether its `run_on` has a time zone; db-migrate's own has none. */
  zoned: boolean;
}

/**
 * The statements that add a migration to db-migrate's table, for sending together with others. The
 * third of them adds no row where db-migrate itself has recorded the migration meanwhile.
 *
 * @param oldName db-migrate's name for it
 */
export function oldRowInsert(tables: HistoryTables, old: OldTable, oldName: string): string {
  const table = oldTableName(tables);
  const names = spellings(oldName);
  const now = oldTime('clock_timestamp()', tables, old);
  // db-migrate's own insert, the last thing that it does for a migration, waits, or is waited for.
  return `lock table ${table} in share row exclusive mode;
    delete from ${table} m where m.name in (${names}) and exists (${adoptedOriginal(tables, 'm')});
    insert into ${table} (name, run_on) select ${escapeLiteral(oldName)}, ${now}
     where not exists (select from ${table} where name in (${names}))`;
}

/** Where in the results of those statements the answer of the third is. */
export const OLD_ROW_INSERTED = 2;

/** The statement that takes a migration out of db-migrate's table, as its own `down` does. */
export function oldRowsDelete(tables: HistoryTables, oldName: string): string {
  return `delete from ${oldTableName(tables)} where name in (${spellings(oldName)})`;
}

/** An expression for what the journal keeps of the new row, by which it is known again. */
export function oldRowDetails(tables: HistoryTables, oldName: string): string {
  const table = oldTableName(tables);
  return `coalesce((select jsonb_build_object('table', ${escapeLiteral(table)}, 'id', m.id, 'name', m.name)
    from ${table} m where m.name = ${escapeLiteral(oldName)} order by m.id desc limit 1), '{}')`;
}

/** A moment as db-migrate's table has it: without a zone, in the zone that the takeover was told. */
export function oldTime(moment: string, tables: HistoryTables, { zoned }: OldTable): string {
  if (zoned) return moment;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return `${moment} at time zone coalesce((
    select details ->> 'time_zone' from ${qualified(tables.schema, tables.journal)}
     where event = 'adopted' order by id desc limit 1), ${escapeLiteral(own)})`;
}

/** Very old versions of db-migrate wrote no slash; the present one deletes both. */
function spellings(oldName: string): string {
  return [...new Set([oldName, oldName.replace(/^\//, '')])].map(escapeLiteral).join(', ');
}
