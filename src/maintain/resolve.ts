import { randomUUID } from 'node:crypto';
import { type Client } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { findMigrations, type Migration } from '../files/find.js';
import { oldNameOf } from '../files/old-name.js';
import { asRecorded } from '../files/recorded.js';
import { notWritten, writeJournal } from '../history/journal.js';
import { oldRowDetails, oldRowInsert, oldRowsDelete } from '../history/in-step.js';
import { refuseKnexLock } from '../history/knex-lock.js';
import { locateHistory } from '../history/locate.js';
import { type UnfinishedChange } from '../history/outcomes.js';
import { type History, readHistory } from '../history/read.js';
import { qualified } from '../history/tables.js';
import { createTables, deleteHistoryRows, insertHistoryRow } from '../history/write.js';
import { nextBatch, refuseUnadopted } from '../plan/plan.js';
import { selectName } from '../plan/select.js';
import { sessionOf } from '../plan/unfinished.js';
import { findEvidence } from '../history/evidence.js';
import { inOneTransaction, underLock } from './under-lock.js';

/** What a person found out about a change. */
export type Verdict = 'applied' | 'reverted';

/** What was recorded about a migration. */
export interface Resolution<Said = Verdict> {
  /** The migration's full name. */
  name: string;
  verdict: Said;
  /** `false` where that was recorded already, and nothing was written. */
  changed: boolean;
}

/**
 * Records what a person says about a migration: that it is applied, or that it is not. History and
 * journal are written in one transaction, and read back before it is committed; the schema is not
 * touched. The tables are created where they are missing.
 *
 * @throws KnexwardError `UNKNOWN_MIGRATION`, `AMBIGUOUS_MIGRATION`, `LOCKED`; `NOT_ADOPTED` where
 * the tables are missing and db-migrate's history is not copied; `SERVER_REFUSED` where the
 * server did not write the rows
 */
export async function resolveMigration(
  given: ResolvedConfig,
  wanted: string,
  verdict: Verdict,
  runId: string = randomUUID(),
): Promise<Resolution> {
  const session = await openSession(given);
  const { client } = session;
  try {
    const config = await locateHistory(client, given);
    const history = await readHistory(client, config);
    const name = selectName(namesIn(await findMigrations(config), history), wanted);
    const { tables } = history;
    const { waitForLock, lockTimeout } = config.settings;
    return await underLock(session, tables, { waitMs: waitForLock }, (lock) =>
      inOneTransaction({ client, tables, lock, lockTimeout }, async () => {
        // Read again: whoever held the lock may have changed it.
        const before = await readHistory(client, config);
        if (isRecorded(before, name, verdict)) return { name, verdict, changed: false };
        await record(client, before, { name, verdict, runId });
        refuseUnwritten(before, await readHistory(client, config), { name, verdict });
        return { name, verdict, changed: true };
      }),
    );
  } finally {
    await session.close();
  }
}

function namesIn(files: readonly Migration[], { rows, unfinished }: History): string[] {
  const recorded = [...rows, ...unfinished];
  return [
    ...new Set([...asRecorded(files, recorded), ...recorded].map((migration) => migration.name)),
  ];
}

/** Whether the history says so already, and nothing that comes after it in the journal denies it. */
function isRecorded({ rows, unfinished, failed }: History, wanted: string, verdict: Verdict) {
  const isApplied = rows.some(({ name }) => name === wanted);
  const isOpen = [...unfinished, ...failed].some(({ name }) => name === wanted);
  return isApplied === (verdict === 'applied') && !isOpen;
}

async function record(
  client: Client,
  history: History,
  { name, verdict, runId }: { name: string; verdict: Verdict; runId: string },
): Promise<void> {
  const { tables, rows, unfinished, complete, dbMigrate } = history;
  if (!complete) {
    refuseUnadopted(history);
    await createTables(client, tables);
  }
  await refuseKnexLock(client, tables);
  const change = unfinished.find((started) => started.name === name);
  if (change) await refuseWhileAtWork(client, change);
  const applied = rows.find((row) => row.name === name);
  const oldName = dbMigrate ? oldNameOf(name) : undefined;
  const adds = verdict === 'applied' && !applied;
  const batch = adds ? nextBatch(rows) : (applied?.batch ?? null);
  if (adds) await insertHistoryRow(client, tables, { name, batch: nextBatch(rows) });
  if (verdict === 'reverted') await deleteHistoryRows(client, tables, name);
  if (dbMigrate && oldName !== undefined) {
    if (adds) await client.query(oldRowInsert(tables, dbMigrate, oldName));
    if (verdict === 'reverted') await client.query(oldRowsDelete(tables, oldName));
  }
  await writeJournal(client, tables, {
    ...{ runId, event: 'resolved', migration: name, batch },
    details: { verdict },
    detailsSql: adds && oldName !== undefined ? oldRowDetails(tables, oldName) : undefined,
  });
}

/** A trigger or a rule on a table may have dropped what was written. */
function refuseUnwritten(
  before: History,
  after: History,
  { name, verdict }: { name: string; verdict: Verdict },
): void {
  const { schema, history, dbMigrate } = after.tables;
  if (!isRecorded(after, name, verdict)) throw notWritten(qualified(schema, history));
  if (outOfStep(after) > outOfStep(before))
    throw notWritten(qualified(dbMigrate.schema, dbMigrate.table));
}

/** How many rows Knex's history and db-migrate's disagree about. */
function outOfStep({ dbMigrate }: History): number {
  return (dbMigrate?.unadopted ?? 0) + (dbMigrate?.reverted.length ?? 0);
}

/** The server may go on with a statement long after the client that sent it was killed. */
async function refuseWhileAtWork(client: Client, change: UnfinishedChange): Promise<void> {
  const pid = sessionOf(change, await findEvidence(client));
  if (pid === null) return;
  throw new KnexwardError('LOCKED', {
    message: `The server is still running ${change.name} (pid ${pid}), so its outcome is not known yet.`,
    fix: `Wait until it ends, or cancel it (select pg_cancel_backend(${pid})), then resolve.`,
  });
}
