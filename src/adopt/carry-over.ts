import { type Client } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { checksumOf } from '../files/checksum.js';
import { type Migration } from '../files/find.js';
import { actor, writeJournal } from '../history/journal.js';
import { isoMoment } from '../history/moment.js';
import { type History, oldTableName, readHistory } from '../history/read.js';
import { type HistoryTables, qualified } from '../history/tables.js';
import { createTables, deleteHistoryRows } from '../history/write.js';
import { acquireLock } from '../run/lock.js';
import { type LockHolder } from '../run/events.js';
import { momentOf, readOldHistory, type RunOnType, typeOfRunOn } from './inspect-database.js';
import { type AdoptedRow, type HistoryPlan, planHistory } from './plan.js';

/** What carrying over needs to know. */
export interface CarryOver {
  client: Client;
  config: ResolvedConfig;
  files: readonly Migration[];
  timeZone: string;
  runId: string;
  onWaiting?: (holder: LockHolder | null) => void;
  /** The rows that it is to come to, where something was proven about them. */
  expected?: readonly string[];
}

/**
 * Carries db-migrate's history over to Knex's, in one transaction: under the runners' lock, with
 * the old table locked against writers, planned anew from what the table holds then, and compared
 * row by row before it is committed. The old table stays as it is.
 *
 * @throws KnexwardError `ADOPT_MISMATCH` where the comparison finds a difference; nothing is kept.
 */
export async function carryHistoryOver(work: CarryOver): Promise<HistoryPlan> {
  const { client, config, files, timeZone } = work;
  const before = await readHistory(client, config);
  const { lockTimeout, waitForLock } = config.settings;
  const lock = await acquireLock(client, before.tables, {
    waitMs: waitForLock,
    onWaiting: work.onWaiting,
  });
  try {
    // Of rows that this transaction has just written, the planner knows nothing: where it takes them
    // for few, it compares each with each, and ten thousand take half a minute.
    await client.query(
      "select set_config('lock_timeout', $1, true), set_config('enable_nestloop', 'off', true)",
      [`${lockTimeout}ms`],
    );
    const { schema, table } = before.tables.dbMigrate;
    const old = qualified(schema, table);
    // Readers go on; db-migrate's own insert, or a second adopt, waits until this is committed.
    await client.query(`lock table ${old} in share row exclusive mode`);
    await createTables(client, before.tables);
    const history = await readHistory(client, config);
    const type = (await typeOfRunOn(client, history.tables)) as RunOnType;
    const plan = planHistory(
      await readOldHistory(client, history, timeZone),
      history,
      files,
      timeZone,
    );
    refuseUnexpected(plan, work.expected);
    await takeBack(work, history, plan.reverted);
    await write(work, history.tables, plan.rows, type);
    await compare(work, history.tables, plan.rows, type);
    await client.query('commit');
    return plan;
  } finally {
    await lock.release();
  }
}

/** What db-migrate has reverted, on an instance of an old release, is not applied any more. */
async function takeBack(
  { client, runId }: CarryOver,
  { tables, rows }: History,
  reverted: readonly string[],
): Promise<void> {
  for (const name of reverted) {
    await deleteHistoryRows(client, tables, name);
    await writeJournal(client, tables, {
      ...{ runId, event: 'reverted', migration: name, details: { by: 'db-migrate' } },
      batch: rows.find((row) => row.name === name)?.batch ?? null,
    });
  }
}

/** db-migrate takes no lock: it may have applied more while the proof was made. */
function refuseUnexpected({ rows }: HistoryPlan, expected: readonly string[] | undefined): void {
  if (expected === undefined) return;
  const names = rows.map(({ name }) => name);
  if (names.length === expected.length && names.every((name, i) => name === expected[i])) return;
  throw new KnexwardError('ADOPT_MISMATCH', {
    message: `db-migrate has changed its history while the proof was made: ${expected.length} rows were to be carried over, and there are ${names.length} now. Nothing was changed.`,
    fix: 'Run the command again.',
  });
}

async function write(
  work: CarryOver,
  tables: HistoryTables,
  rows: readonly AdoptedRow[],
  type: RunOnType,
): Promise<void> {
  const { client, files, timeZone, runId } = work;
  const checksums = await checksumsOf(files, rows);
  const planned = rows.map(({ id, name, batch, known }) => ({
    ...{ id, name, batch, known, checksum: checksums.get(name) ?? null },
  }));
  const old = qualified(tables.dbMigrate.schema, tables.dbMigrate.table);
  const history = qualified(tables.schema, tables.history);
  const journal = qualified(tables.schema, tables.journal);
  await client.query(
    `with planned as (
       select p.*, o.name as original, o.run_on
         from json_to_recordset($1) as p(id bigint, name text, batch int, known bool, checksum text)
         join ${old} o on o.id = p.id
     ), carried as (
       insert into ${history} (name, batch, migration_time)
       select name, batch, ${momentOf('run_on', type, '$2')} from planned where not known order by id
       returning id, name, batch
     )
     insert into ${journal} (run_id, event, migration, batch, checksum, actor, details)
     select $3, 'adopted', p.name, p.batch, p.checksum, $4::text || ', ' || current_user,
            jsonb_build_object('table', $5::text, 'id', p.id, 'name', p.original,
              'run_on', p.run_on::text, 'time_zone', $2::text, 'history_id', c.id)
       from planned p left join carried c on c.name = p.name and c.batch = p.batch and not p.known
      order by p.id`,
    [JSON.stringify(planned), timeZone, runId, actor(), oldTableName(tables)],
  );
}

async function checksumsOf(
  files: readonly Migration[],
  rows: readonly AdoptedRow[],
): Promise<Map<string, string>> {
  const wanted = new Set(rows.map(({ name }) => name));
  const checksums = new Map<string, string>();
  for (const { name, path } of files) {
    if (path !== null && wanted.has(name)) checksums.set(name, await checksumOf(path));
  }
  return checksums;
}

/** One old row beside what became of it, as the database has it now. */
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
 * Reads back every row of the old table beside its new one, and compares: name and batch against
 * the plan, the moment against the old row in SQL, and the order of the new ids against the old.
 */
async function compare(
  work: CarryOver,
  tables: HistoryTables,
  rows: readonly AdoptedRow[],
  type: RunOnType,
): Promise<void> {
  const { client, timeZone, runId } = work;
  const old = qualified(tables.dbMigrate.schema, tables.dbMigrate.table);
  const history = qualified(tables.schema, tables.history);
  const journal = qualified(tables.schema, tables.journal);
  const moment = momentOf('o.run_on', type, '$2');
  const { rows: carried } = await client.query<Carried>(
    `with adopted as materialized (
       select (details ->> 'id')::bigint as id, details ->> 'name' as name,
              details ->> 'run_on' as run_on, (details ->> 'history_id')::bigint as history_id
         from ${journal} where run_id = $1 and event = 'adopted'
     )
     select o.id, o.name as from, h.name, h.batch, ${isoMoment('h.migration_time')} as "appliedAt",
            j.run_on is not distinct from o.run_on::text as journaled,
            h.migration_time is not distinct from (${moment}) as "sameMoment",
            h.id > coalesce(max(h.id) over (order by o.id rows between unbounded preceding
              and 1 preceding), 0) as "inOrder", $2::text as zone
       from ${old} o
       left join adopted j on j.id = o.id and j.name = o.name
       left join ${history} h on h.id = j.history_id
      order by o.id`,
    [runId, timeZone],
  );
  const byId = new Map(carried.map((row) => [String(row.id), row]));
  for (const row of rows) {
    const found = byId.get(String(row.id));
    const same = row.known
      ? found?.journaled
      : found?.journaled &&
        found.sameMoment &&
        found.inOrder &&
        found.from === row.from &&
        found.name === row.name &&
        found.batch === row.batch &&
        found.appliedAt === row.appliedAt;
    if (!same) throw mismatch(row, found);
  }
}

function mismatch(row: AdoptedRow, found: Carried | undefined): KnexwardError {
  return new KnexwardError('ADOPT_MISMATCH', {
    message: `The row ${row.id} (${row.from}) should have become ${JSON.stringify({ name: row.name, batch: row.batch, appliedAt: row.appliedAt })}, but the database has ${JSON.stringify(found ?? null)}. Everything was rolled back.`,
    fix: 'A trigger or a rule on the history tables may have changed it. Please report this with the table definitions.',
  });
}
