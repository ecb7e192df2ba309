import { type ClientBase } from 'pg';
import { rememberName } from '../printable.js';
import { KnexwardError } from '../errors.js';
import { isoMoment } from '../history/moment.js';
import { adoptedOriginal, type History } from '../history/read.js';
import { type HistoryTables, qualified } from '../history/tables.js';

/** One row of db-migrate's history, as it is in the table. */
export interface OldRow {
  id: number;
  /** With the slash or the scope in front that db-migrate writes. */
  name: string;
  /** The moment that its time stands for in the chosen time zone, in ISO 8601. */
  appliedAt: string;
  /** The local time comes twice on that day, because clocks were put back. */
  ambiguous: boolean;
  /** The local time does not exist on that day, because clocks were put forward. */
  impossible: boolean;
  /** Whether it was copied before. */
  adopted: boolean;
}

/** db-migrate's history: `null` where the database has none. */
export type OldHistory = OldRow[] | null;

const EXPECTED = ['id', 'name', 'run_on'];

/**
 * Reads db-migrate's table, its times in the given zone. Reads only.
 *
 * @throws KnexwardError `HISTORY_TABLE_SHAPE` where the table of that name is not db-migrate's,
 * `UNKNOWN_TIME_ZONE` where the server does not know the zone.
 */
export async function readOldHistory(
  client: ClientBase,
  history: History,
  timeZone: string,
): Promise<OldHistory> {
  const { tables } = history;
  const type = await typeOfRunOn(client, tables);
  if (type === null) return null;
  const moment = momentOf('o.run_on', type, '$1');
  const local = type === ZONELESS ? `${moment} at time zone $1` : 'o.run_on';
  const again = (hour: string) => `((${moment} + interval '${hour}') at time zone $1 = o.run_on)`;
  const adopted = history.complete ? `exists (${adoptedOriginal(tables, 'o')})` : 'false';
  const { rows } = await client.query<OldRow>(
    `select o.id, o.name, ${isoMoment(`(${moment})`)} as "appliedAt",
            ${type === ZONELESS ? `${again('1 hour')} or ${again('-1 hour')}` : 'false'} as ambiguous,
            ${local} <> o.run_on as impossible,
            ${adopted} as adopted
       from ${qualified(tables.dbMigrate.schema, tables.dbMigrate.table)} o
      where $1::text is not null
      order by o.id`,
    [timeZone],
  );
  for (const { name } of rows) rememberName(name);
  return rows;
}

/** The type of db-migrate's own `run_on`. */
export const ZONELESS = 'timestamp without time zone';

/** SQL for the moment that a `run_on` stands for. A column that has a zone needs none given. */
export function momentOf(column: string, type: RunOnType, zone: string): string {
  return type === ZONELESS ? `${column} at time zone ${zone}` : column;
}

/** The type of `run_on`: db-migrate's own has no zone; somebody may have given it one. */
export type RunOnType = typeof ZONELESS | 'timestamp with time zone';

/**
 * The type of the table's `run_on`, or `null` where there is no such table.
 *
 * @throws KnexwardError `HISTORY_TABLE_SHAPE`
 */
export async function typeOfRunOn(
  client: ClientBase,
  tables: HistoryTables,
): Promise<RunOnType | null> {
  const { schema, table } = tables.dbMigrate;
  const { rows } = await client.query<{ name: string; type: string }>(
    `select a.attname as name, format_type(a.atttypid, null) as type
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p')
      order by a.attnum`,
    [schema, table],
  );
  if (rows.length === 0) return null;
  const types = new Map(rows.map(({ name, type }) => [name, type]));
  const type = types.get('run_on');
  const fits =
    EXPECTED.every((column) => types.has(column)) &&
    /^(smallint|integer|bigint)$/.test(types.get('id') ?? '') &&
    (type === ZONELESS || type === 'timestamp with time zone');
  if (fits) return type;
  const found = rows.map((column) => `${column.name} ${column.type}`).join(', ');
  throw new KnexwardError('HISTORY_TABLE_SHAPE', {
    message: `The table ${qualified(schema, table)} is not db-migrate's history: it has ${found}; db-migrate's has id integer, name, run_on timestamp. Nothing was changed.`,
    fix: 'If db-migrate kept its history elsewhere, name it with --table and --schema. If this database has none, rename the table or name one that does not exist.',
  });
}

/**
 * Checks a time zone's name before it goes anywhere: PostgreSQL would take `+02` for two hours
 * *west* of Greenwich, and almost any letters for a zone of their own.
 *
 * @throws KnexwardError `UNKNOWN_TIME_ZONE`
 */
export function checkTimeZone(timeZone: string): string {
  try {
    if (/^[A-Za-z]/.test(timeZone)) {
      return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
    }
  } catch {
    // Said below, in our own words.
  }
  throw new KnexwardError('UNKNOWN_TIME_ZONE', {
    message: `"${timeZone}" is not the name of a time zone.`,
    fix: 'Give a name such as UTC, Europe/Berlin or America/New_York: the zone of the machines that ran db-migrate.',
  });
}

/** The time zone of this process, which is db-migrate's where both run on the same machine. */
export function ownTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
