import { randomUUID } from 'node:crypto';
import { type Client } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { checksumOf } from '../files/checksum.js';
import { findMigrations } from '../files/find.js';
import { readRecordedFiles, writeJournal } from '../history/journal.js';
import { refuseKnexLock } from '../history/knex-lock.js';
import { locateHistory } from '../history/locate.js';
import { readHistory } from '../history/read.js';
import { asRecorded } from '../files/recorded.js';
import { selectName } from '../plan/select.js';
import { type Resolution } from './resolve.js';
import { inOneTransaction, underLock } from './under-lock.js';

/**
 * Records that a file which was edited after it was applied is right as it is now: its checksum
 * counts from here on. Neither history nor schema is touched.
 *
 * @throws KnexwardError `UNKNOWN_MIGRATION`, `AMBIGUOUS_MIGRATION`, where no such migration is
 * applied; `LOCKED`; `MISSING_FILE`; `USAGE` where there is no journal, and so no checksum to change
 */
export async function acceptChecksum(
  given: ResolvedConfig,
  wanted: string,
  runId: string = randomUUID(),
): Promise<Resolution<'checksum'>> {
  const session = await openSession(given);
  const { client } = session;
  try {
    const config = await locateHistory(client, given);
    const { tables, rows, complete } = await readHistory(client, config);
    if (!complete) throw withoutJournal(selectApplied(rows, wanted));
    const { waitForLock, lockTimeout } = config.settings;
    return await underLock(session, tables, { waitMs: waitForLock }, (lock) =>
      inOneTransaction({ client, tables, lock, lockTimeout }, async () => {
        await refuseKnexLock(client, tables);
        return accept(client, config, { wanted, runId });
      }),
    );
  } finally {
    await session.close();
  }
}

async function accept(
  client: Client,
  config: ResolvedConfig,
  { wanted, runId }: { wanted: string; runId: string },
): Promise<Resolution<'checksum'>> {
  const { tables, rows } = await readHistory(client, config);
  const name = selectApplied(rows, wanted);
  const files = asRecorded(await findMigrations(config), rows);
  const path = files.find((file) => file.name === name)?.path ?? null;
  if (path === null) throw withoutFile(name);
  const checksum = await checksumOf(path);
  const changed = (await readRecordedFiles(client, tables)).get(name)?.checksum !== checksum;
  if (changed) {
    const details = { verdict: 'checksum' };
    await writeJournal(client, tables, {
      ...{ runId, event: 'resolved', migration: name, checksum, details },
    });
  }
  return { name, verdict: 'checksum', changed };
}

function selectApplied(rows: readonly { name: string }[], wanted: string): string {
  return selectName(
    rows.map(({ name }) => name),
    wanted,
  );
}

function withoutJournal(name: string): KnexwardError {
  return new KnexwardError('USAGE', {
    message: `There is no checksum of ${name} to accept another for: knexward has recorded nothing in this database yet. Nothing was changed.`,
    fix: 'Nothing to do: without a recorded checksum, no file is told as changed.',
  });
}

function withoutFile(name: string): KnexwardError {
  return new KnexwardError('MISSING_FILE', {
    message: `There is no file of ${name} whose checksum could be accepted.`,
    fix: 'Bring the file back (from version control), then run the command again.',
  });
}
