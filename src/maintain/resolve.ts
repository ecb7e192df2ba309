import { randomUUID } from 'node:crypto';
import { type Client } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { findMigrations } from '../files/find.js';
import { oldNameOf } from '../files/old-name.js';
import { writeJournal } from '../history/journal.js';
import { oldRowDetails, oldRowInsert, oldRowsDelete } from '../history/in-step.js';
import { type UnfinishedChange } from '../history/outcomes.js';
import { locateHistory } from '../history/locate.js';
import { readHistory } from '../history/read.js';
import { deleteHistoryRows, insertHistoryRow } from '../history/write.js';
import { selectName } from '../plan/select.js';
import { sessionOf } from '../plan/unfinished.js';
import { findEvidence } from '../history/evidence.js';
import { acquireLock } from '../run/lock.js';

/** What a person found out about a change. */
export type Verdict = 'applied' | 'reverted';

/**
 * Records what a person says about a change whose end is unknown: that it is applied, or that it
 * is not. History and journal are written in one transaction; the schema is not touched.
 *
 * @returns the migration's full name
 * @throws KnexwardError `UNKNOWN_MIGRATION`, `AMBIGUOUS_MIGRATION`, `LOCKED`
 */
export async function resolveMigration(
  given: ResolvedConfig,
  wanted: string,
  verdict: Verdict,
  runId: string = randomUUID(),
): Promise<string> {
  const session = await openSession(given);
  const { client } = session;
  try {
    const config = await locateHistory(client, given);
    const files = await findMigrations(config);
    const known = await readHistory(client, config);
    const names = new Set([...files, ...known.rows, ...known.unfinished].map(({ name }) => name));
    const name = selectName([...names], wanted);
    const lock = await acquireLock(client, known.tables, { waitMs: config.settings.waitForLock });
    try {
      // Read again: whoever held the lock may have changed it.
      const { tables, rows, unfinished, complete, dbMigrate } = await readHistory(client, config);
      const applied = rows.find((row) => row.name === name);
      const batch =
        applied?.batch ?? rows.reduce((highest, row) => Math.max(highest, row.batch), 0) + 1;
      if (!complete) return name;
      const change = unfinished.find((started) => started.name === name);
      if (change) await refuseWhileAtWork(client, change);
      const oldName = dbMigrate ? oldNameOf(name) : undefined;
      const adds = verdict === 'applied' && !applied;
      if (adds) await insertHistoryRow(client, tables, { name, batch });
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
      await lock.commit();
      return name;
    } finally {
      await lock.release();
    }
  } finally {
    await session.close();
  }
}

/** The server may go on with a statement long after the client that sent it was killed. */
async function refuseWhileAtWork(client: Client, change: UnfinishedChange): Promise<void> {
  const pid = sessionOf(change, await findEvidence(client));
  if (pid === null) return;
  throw new KnexwardError('LOCKED', {
    message: `The server is still at work on ${change.name} (pid ${pid}): what becomes of it is open.`,
    fix: `Wait until it has ended, or end it (select pg_cancel_backend(${pid})), then resolve.`,
  });
}
