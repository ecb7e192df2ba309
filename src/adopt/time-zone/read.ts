import { type ClientBase } from 'pg';
import { isoMoment } from '../../history/moment.js';
import { adoptedOriginal, type History } from '../../history/read.js';
import { type HistoryTables, qualified } from '../../history/tables.js';
import { checkTimeZone, typeOfRunOn, ZONELESS } from '../inspect-database.js';
import { type Candidate, type Reading } from './candidates.js';
import { type ZonelessRow } from './dated-rows.js';

/** Rows that are still to be copied, and whose times have no zone. */
export interface Zoneless {
  /** A query of `id`, `name`, `run_on` and the `place` of the history, or `null` without a table. */
  query: string | null;
}

/** So many rows are enough to see which zone the dates of their files speak for. */
const NEWEST = 200;

/** How far the server's clock may be behind the one that db-migrate went by. */
const CLOCKS_APART = '5 minutes';

/**
 * The tables among these histories whose times have no zone.
 *
 * @throws KnexwardError `HISTORY_TABLE_SHAPE`
 */
export async function findZoneless(
  client: ClientBase,
  histories: readonly History[],
): Promise<Zoneless> {
  const parts: string[] = [];
  for (const [place, { tables, complete }] of histories.entries()) {
    if ((await typeOfRunOn(client, tables)) !== ZONELESS) continue;
    const { schema, table } = tables.dbMigrate;
    const open = complete ? `where not exists (${adoptedOriginal(tables, 'o')})` : '';
    parts.push(
      `select ${place} as place, o.id, o.name, o.run_on from ${qualified(schema, table)} o ${open}`,
    );
  }
  return { query: parts.length === 0 ? null : parts.join(' union all ') };
}

/** The newest of the rows, in the order in which they were applied. */
export async function newestRows(client: ClientBase, query: string): Promise<ZonelessRow[]> {
  const { rows } = await client.query<ZonelessRow>(
    `select name, (extract(epoch from run_on) * 1000)::float8 as clock from (${query}) o
      where isfinite(run_on) order by run_on desc limit ${NEWEST}`,
  );
  return rows.reverse();
}

/** The newest row as it stands in the table. */
export interface NewestRow {
  name: string;
  runOn: string;
  /** How many rows there are. */
  rows: number;
}

/** What the server makes of all rows in each candidate's zone. Zones that it does not know are left out. */
export async function readInZones(
  client: ClientBase,
  query: string,
  candidates: readonly Candidate[],
): Promise<{ newest: NewestRow; readings: Reading[] } | null> {
  const moment = '(o.run_on at time zone z.name)';
  const { rows } = await client.query<Omit<Reading, 'reasons' | 'fit'> & NewestRow>(
    `with o as materialized (${query}),
          last as (select * from o order by place, id desc limit 1)
     select z.name as "timeZone", last.name, last.run_on::text as "runOn", count(*)::int as rows,
            ${isoMoment('(last.run_on at time zone z.name)')} as newest,
            count(*) filter (where ${moment} at time zone z.name <> o.run_on)::int as impossible,
            count(*) filter (where ${moment} > clock_timestamp() + interval '${CLOCKS_APART}'
                               and isfinite(o.run_on))::int as future,
            md5(string_agg(extract(epoch from ${moment})::text, ',' order by o.place, o.id))
              as fingerprint
       from pg_timezone_names z, o, last
      where z.name = any ($1)
      group by z.name, last.name, last.run_on`,
    [candidates.map(({ timeZone }) => timeZone)],
  );
  const byZone = new Map(rows.map((row) => [row.timeZone, row]));
  const readings = candidates.flatMap((candidate): Reading[] => {
    const read = byZone.get(candidate.timeZone);
    if (read === undefined) return [];
    const { newest, impossible, future, fingerprint } = read;
    return [{ ...candidate, newest, impossible, future, fingerprint }];
  });
  const [first] = rows;
  if (first === undefined) return null;
  return { newest: { name: first.name, runOn: first.runOn, rows: first.rows }, readings };
}

/** The zone of the server, as it is for this role and database; `null` where it has no usual name. */
export async function serverTimeZone(client: ClientBase): Promise<string | null> {
  const { rows } = await client.query<{ name: string }>(
    "select reset_val as name from pg_settings where name = 'TimeZone'",
  );
  try {
    return checkTimeZone(rows[0]?.name ?? '');
  } catch {
    // Such as `localtime` or `<+02>-02`: nobody could be asked about it.
    return null;
  }
}

/** The zone that an earlier takeover of this database was told; its history is read in that. */
export async function earlierTimeZone(
  client: ClientBase,
  { schema, journal }: HistoryTables,
): Promise<string | null> {
  const { rows } = await client.query<{ zone: string | null }>(
    `select details ->> 'time_zone' as zone from ${qualified(schema, journal)}
      where event = 'adopted' order by id desc limit 1`,
  );
  return rows[0]?.zone ?? null;
}
