import { type Client, escapeLiteral } from 'pg';
import { KnexwardError } from '../../errors.js';
import { oldNameOf } from '../../files/old-name.js';
import { oldTime } from '../../history/in-step.js';
import { type Phase, renameTable } from '../../history/phase.js';
import {
  adoptedOriginal,
  type History,
  type HistoryRow,
  oldTableName,
} from '../../history/read.js';
import { type HistoryTables, qualified } from '../../history/tables.js';
import { typeOfRunOn } from '../inspect-database.js';

/** A row of db-migrate's table, as an undo looks at it. */
export interface OldRowNow {
  id: number;
  name: string;
  /** Carried over, or written by knexward: `knex_migrations` knows better whether it is applied. */
  known: boolean;
  /** Its migration was applied by knexward once more, after what the row tells of. */
  appliedAgain: boolean;
}

/** What db-migrate's table gets and loses, so that it says what is applied by now. */
export interface RowsBack {
  add: { historyId: number; oldName: string }[];
  remove: { id: number; name: string }[];
}

/** Reads db-migrate's table under the name that it has at the moment. Reads only. */
export async function readOldRows(
  client: Client,
  tables: HistoryTables,
  table: string,
): Promise<OldRowNow[]> {
  const journal = qualified(tables.schema, tables.journal);
  const { rows } = await client.query<OldRowNow>(
    `select m.id, m.name, exists (${adoptedOriginal(tables, 'm')}) as known,
            exists (select from ${journal} a join ${journal} b
                on b.migration = a.migration and b.id > a.id and b.event in ('applied', 'resolved')
                and b.details ->> 'verdict' is distinct from 'checksum'
              where a.event in ('adopted', 'applied', 'resolved') and a.details ->> 'id' = m.id::text
                and a.details ->> 'name' = m.name
                and a.details ->> 'table' = ${escapeLiteral(oldTableName(tables))}
                and a.id > coalesce((select max(id) from ${journal} where event = 'undone'), 0)
            ) as "appliedAgain"
       from ${qualified(tables.dbMigrate.schema, table)} m order by m.id`,
  );
  return rows;
}

/**
 * Plans how db-migrate's table comes to say what is applied: rows that stand as they were stay as
 * they are, to the letter. Pure.
 */
export function planRowsBack(applied: readonly HistoryRow[], old: readonly OldRowNow[]): RowsBack {
  const byStem = new Map<string, { historyId: number; oldName: string }>();
  for (const { id, name } of applied) {
    const oldName = oldNameOf(name);
    if (oldName !== undefined) byStem.set(stemOf(oldName), { historyId: id, oldName });
  }
  const goes = ({ name, known, appliedAgain }: OldRowNow): boolean =>
    known && (appliedAgain || !byStem.has(stemOf(name)));
  const remove = old.filter(goes);
  const staying = new Set(old.filter((row) => !goes(row)).map(({ name }) => stemOf(name)));
  return {
    add: [...byStem].flatMap(([stem, row]) => (staying.has(stem) ? [] : [row])),
    remove: remove.map(({ id, name }) => ({ id, name })),
  };
}

/** Very old rows have no slash in front. */
function stemOf(oldName: string): string {
  return oldName.replace(/^\//, '');
}

/**
 * Brings db-migrate's table back to its name, or makes one as db-migrate does where there is none.
 *
 * @throws KnexwardError `HISTORY_TABLE_SHAPE` where something else has that name by now.
 */
export async function restoreTable(
  client: Client,
  tables: HistoryTables,
  { notice, setAside }: Phase,
): Promise<void> {
  const { schema, table } = tables.dbMigrate;
  const name = qualified(schema, table);
  if (notice) await client.query(`drop view ${name}`);
  if ((await typeOfRunOn(client, tables)) !== null) return;
  await client.query(
    setAside !== null
      ? renameTable(schema, setAside, table)
      : `create table ${name} (id serial primary key, name varchar(255) not null, run_on timestamp not null)`,
  );
}

/**
 * Writes the plan, and compares what the table holds then with what is applied.
 *
 * @throws KnexwardError `ADOPT_MISMATCH`
 */
export async function writeRowsBack(
  client: Client,
  { tables, rows, dbMigrate }: History,
  { add, remove }: RowsBack,
): Promise<void> {
  const old = oldTableName(tables);
  const history = qualified(tables.schema, tables.history);
  const before = await namesIn(client, old);
  await client.query(`delete from ${old} where id = any ($1)`, [remove.map(({ id }) => id)]);
  const zoned = dbMigrate?.zoned ?? false;
  await client.query(
    `insert into ${old} (name, run_on)
     select a."oldName", ${oldTime('coalesce(h.migration_time, clock_timestamp())', tables, { zoned })}
       from json_to_recordset($1) as a("historyId" bigint, "oldName" text)
       join ${history} h on h.id = a."historyId" order by h.id`,
    [JSON.stringify(add)],
  );
  const after = await namesIn(client, old);
  const gone = new Set(remove.map(({ id }) => id));
  const staying = [...before].filter(([id]) => !gone.has(id));
  const stems = new Set([...after.values()].map(stemOf));
  const complete = rows.every(({ name }) => stems.has(stemOf(oldNameOf(name) ?? name)));
  const kept = staying.every(([id, name]) => after.get(id) === name);
  if (complete && kept && after.size === staying.length + add.length) return;
  throw new KnexwardError('ADOPT_MISMATCH', {
    message: `db-migrate's table ${old} should have ${staying.length + add.length} rows, one for each of the ${rows.length} applied migrations, and has ${after.size}, or not the same ones. Everything was rolled back.`,
    fix: 'A trigger or a rule on the table may have changed it. Please report this with the table definition.',
  });
}

async function namesIn(client: Client, table: string): Promise<Map<number, string>> {
  const { rows } = await client.query<{ id: number; name: string }>(
    `select id, name from ${table}`,
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}
