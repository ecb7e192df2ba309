import { type ResolvedConfig } from '../config/resolve.js';
import { type Session } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { checksumsOf } from '../files/checksum.js';
import { type Migration } from '../files/find.js';
import { actor, notWritten } from '../history/journal.js';
import { type History, oldTableName, readHistory } from '../history/read.js';
import { type HistoryTables, qualified } from '../history/tables.js';
import { createTables } from '../history/write.js';
import { inOneTransaction, underLock } from '../maintain/under-lock.js';
import { type LockHolder } from '../transaction/runners-lock.js';
import { compareRows } from './compare-rows.js';
import { momentOf, readOldHistory, type RunOnType, typeOfRunOn } from './inspect-database.js';
import { type AdoptedRow, type HistoryPlan, planHistory } from './plan.js';

/** What carrying over needs to know. */
export interface CarryOver {
  session: Session;
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
  const { session, config, onWaiting } = work;
  const { client } = session;
  const { tables } = await readHistory(client, config);
  const { lockTimeout, waitForLock } = config.settings;
  return underLock(session, tables, { waitMs: waitForLock, onWaiting }, (lock) =>
    inOneTransaction({ client, tables, lock, lockTimeout }, () => carryRowsOver(work, tables)),
  );
}

async function carryRowsOver(work: CarryOver, tables: HistoryTables): Promise<HistoryPlan> {
  const { config, files, timeZone, runId } = work;
  const { client } = work.session;
  // Of rows that this transaction has just written, the planner knows nothing: where it takes them
  // for few, it compares each with each, and ten thousand take half a minute.
  await client.query("select set_config('enable_nestloop', 'off', true)");
  const old = qualified(tables.dbMigrate.schema, tables.dbMigrate.table);
  // Readers go on; db-migrate's own insert, or a second adopt, waits until this is committed.
  await client.query(`lock table ${old} in share row exclusive mode`);
  await createTables(client, tables);
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
  const planned = await documentOf(files, plan.rows);
  await write(work, history.tables, planned, type);
  await compareRows(client, history.tables, plan.rows, { planned, timeZone, runId, type });
  return plan;
}

/** What db-migrate has reverted, on an instance of an old release, is not applied any more. */
async function takeBack(
  { session: { client }, runId }: CarryOver,
  { tables }: History,
  reverted: readonly string[],
): Promise<void> {
  if (reverted.length === 0) return;
  const { rowCount } = await client.query(
    `with gone as (
       delete from ${qualified(tables.schema, tables.history)} where name = any ($1)
       returning id, name, batch
     ), batches as (
       select distinct on (name) name, batch from gone order by name, id
     )
     insert into ${qualified(tables.schema, tables.journal)}
       (run_id, event, migration, batch, actor, details)
     select $2, 'reverted', r.name, b.batch, $3::text || ', ' || current_user, '{"by": "db-migrate"}'
       from unnest($1::text[]) with ordinality r (name, position) left join batches b using (name)
      order by r.position`,
    [reverted, runId, actor()],
  );
  if (rowCount !== reverted.length) throw notWritten(qualified(tables.schema, tables.journal));
  const history = qualified(tables.schema, tables.history);
  const left = await client.query(`select from ${history} where name = any ($1)`, [reverted]);
  if (left.rowCount !== 0) throw notWritten(history);
}

/** db-migrate takes no lock: it may have applied more while the proof was made. */
function refuseUnexpected({ rows }: HistoryPlan, expected: readonly string[] | undefined): void {
  if (expected === undefined) return;
  const names = rows.map(({ name }) => name);
  if (names.length === expected.length && names.every((name, i) => name === expected[i])) return;
  throw new KnexwardError('ADOPT_MISMATCH', {
    message: `db-migrate has changed its history while the proof was made: ${expected.length} rows were to be copied, and there are ${names.length} now. Nothing was changed.`,
    fix: 'Run the command again.',
  });
}

/** The plan as the server is told it, with the files' checksums: one JSON document. */
async function documentOf(
  files: readonly Migration[],
  rows: readonly AdoptedRow[],
): Promise<string> {
  const wanted = new Set(rows.map(({ name }) => name));
  const checksums = await checksumsOf(files.filter(({ name }) => wanted.has(name)));
  return JSON.stringify(
    rows.map(({ id, from, name, batch, appliedAt, known }) => ({
      ...{ id, from, name, batch, appliedAt, known },
      checksum: checksums.get(name) ?? null,
    })),
  );
}

async function write(
  { session: { client }, timeZone, runId }: CarryOver,
  tables: HistoryTables,
  planned: string,
  type: RunOnType,
): Promise<void> {
  const history = qualified(tables.schema, tables.history);
  const journal = qualified(tables.schema, tables.journal);
  await client.query(
    `with planned as (
       select p.*, o.name as original, o.run_on
         from json_to_recordset($1) as p(id bigint, name text, batch int, known bool, checksum text)
         join ${oldTableName(tables)} o on o.id = p.id
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
    [planned, timeZone, runId, actor(), oldTableName(tables)],
  );
}
