import { type Client } from 'pg';
import { KnexwardError } from '../errors.js';
import { isoMoment } from '../history/moment.js';
import { oldTableName } from '../history/read.js';
import { type HistoryTables, qualified } from '../history/tables.js';
import { momentOf, type RunOnType } from './inspect-database.js';
import { type AdoptedRow } from './plan.js';

/** What the rows are compared with, and how they are found. */
export interface Comparison {
  /** The planned rows as JSON: an object a row, with the fields of `AdoptedRow`. */
  planned: string;
  timeZone: string;
  /** The run that has carried the rows over. */
  runId: string;
  type: RunOnType;
}

/** An old row beside the new one, as the database has it now. */
interface Carried {
  id: number;
  from: string;
  journaled: boolean;
  name: string | null;
  batch: number | null;
  appliedAt: string | null;
  sameMoment: boolean;
  inOrder: boolean;
}

/**
 * Compares each row of the plan with what the database has now: name, batch and moment against what
 * was planned, the moment also against the old row, the journal's record against the old row, and the
 * order of the new ids against that of the old. The server does it, on what it reads back from the tables, so
 * that ten thousand rows need not travel; it tells the first that differs.
 *
 * @throws KnexwardError `ADOPT_MISMATCH`
 */
export async function compareRows(
  client: Client,
  tables: HistoryTables,
  rows: readonly AdoptedRow[],
  { planned, timeZone, runId, type }: Comparison,
): Promise<void> {
  const { rows: answer } = await client.query<{
    compared: number;
    different: { place: number; found: Carried | null } | null;
  }>(
    `with adopted as materialized (
       select (details ->> 'id')::bigint as id, details ->> 'name' as name,
              details ->> 'run_on' as run_on, (details ->> 'history_id')::bigint as history_id
         from ${qualified(tables.schema, tables.journal)} where run_id = $2 and event = 'adopted'
     ), carried as (
       select o.id, o.name as "from", h.name, h.batch, ${isoMoment('h.migration_time')} as "appliedAt",
              j.run_on is not distinct from o.run_on::text as journaled,
              h.migration_time is not distinct from (${momentOf('o.run_on', type, '$3')}) as "sameMoment",
              h.id > coalesce(max(h.id) over (order by o.id rows between unbounded preceding
                and 1 preceding), 0) as "inOrder", $3::text as zone
         from ${oldTableName(tables)} o
         left join adopted j on j.id = o.id and j.name = o.name
         left join ${qualified(tables.schema, tables.history)} h on h.id = j.history_id
     ), compared as (
       select p.place, c.id is not null as there, c.*, coalesce(c.journaled and (p.known
                or c."sameMoment" and c."inOrder" and c."from" collate "C" = p."from"
                  and c.name collate "C" = p.name and c.batch = p.batch
                  and c."appliedAt" = p."appliedAt"), false) as same
         from rows from (json_to_recordset($1) as (id bigint, "from" text, name text, batch int,
                "appliedAt" text, known bool))
              with ordinality p (id, "from", name, batch, "appliedAt", known, place)
         left join carried c on c.id = p.id
     )
     select count(*)::int as compared,
            (select json_build_object('place', d.place::int, 'found', case when d.there then
                json_build_object('id', d.id, 'from', d."from", 'journaled', d.journaled, 'name', d.name,
                  'batch', d.batch, 'appliedAt', d."appliedAt", 'sameMoment', d."sameMoment",
                  'inOrder', d."inOrder") end)
               from compared d where not d.same order by d.place limit 1) as different
       from compared`,
    [planned, runId, timeZone],
  );
  const { compared = 0, different = null } = answer[0] ?? {};
  if (compared === rows.length && different === null) return;
  throw mismatch(rows[(different?.place ?? compared + 1) - 1], different?.found);
}

function mismatch(row: AdoptedRow | undefined, found: Carried | null | undefined): KnexwardError {
  return new KnexwardError('ADOPT_MISMATCH', {
    message: `The row ${row?.id} (${row?.from}) should have become ${JSON.stringify({ name: row?.name, batch: row?.batch, appliedAt: row?.appliedAt })}, but the database has ${JSON.stringify(found ?? null)}. Everything was rolled back.`,
    fix: 'A trigger or a rule on the history tables may have changed it. Please report this with the table definitions.',
  });
}
