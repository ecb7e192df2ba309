import { randomUUID } from 'node:crypto';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { checksumOf } from '../files/checksum.js';
import { findMigrations } from '../files/find.js';
import { writeJournal } from '../history/journal.js';
import { locateHistory } from '../history/locate.js';
import { readHistory } from '../history/read.js';
import { asRecorded } from '../files/recorded.js';
import { selectName } from '../plan/select.js';

/**
 * Records that a file which was edited after it was applied is right as it is now: its checksum
 * counts from here on. Neither history nor schema is touched.
 *
 * @returns the migration's full name
 * @throws KnexwardError `UNKNOWN_MIGRATION`, `AMBIGUOUS_MIGRATION`, where no such migration is
 * applied; `MISSING_FILE`
 */
export async function acceptChecksum(
  given: ResolvedConfig,
  wanted: string,
  runId: string = randomUUID(),
): Promise<string> {
  const session = await openSession(given);
  try {
    const config = await locateHistory(session.client, given);
    const { tables, rows } = await readHistory(session.client, config);
    const name = selectName(
      rows.map((row) => row.name),
      wanted,
    );
    const files = asRecorded(await findMigrations(config), rows);
    const path = files.find((file) => file.name === name)?.path ?? null;
    if (path === null) throw withoutFile(name);
    await writeJournal(session.client, tables, {
      ...{ runId, event: 'resolved', migration: name, checksum: await checksumOf(path) },
      details: { verdict: 'checksum' },
    });
    return name;
  } finally {
    await session.close();
  }
}

function withoutFile(name: string): KnexwardError {
  return new KnexwardError('MISSING_FILE', {
    message: `There is no file of ${name} whose checksum could be accepted.`,
    fix: 'Bring the file back (from version control), then run the command again.',
  });
}
