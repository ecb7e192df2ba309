import { type ClientBase } from 'pg';
import { KnexwardError } from '../errors.js';
import { type ChangedFile, findChanged } from '../files/changed.js';
import { type Migration } from '../files/find.js';
import { readChecksums } from '../history/journal.js';
import { type History } from '../history/read.js';
import { describeChange } from '../plan/problems.js';
import { asRecorded } from '../plan/recorded.js';

/** The applied migrations whose files are not what they were when they were applied. */
export async function findChangedFiles(
  client: ClientBase,
  files: readonly Migration[],
  history: History,
): Promise<ChangedFile[]> {
  if (!history.complete) return [];
  const recorded = await readChecksums(client, history.tables);
  return findChanged(asRecorded(files, history.rows), recorded);
}

/**
 * Stops where applied files were edited, for projects that want that.
 *
 * @throws KnexwardError `CHANGED_FILE`
 */
export async function refuseChangedFiles(
  client: ClientBase,
  files: readonly Migration[],
  history: History,
): Promise<void> {
  const changed = await findChangedFiles(client, files, history);
  if (changed.length === 0) return;
  const told = changed.map(({ name, change }) => `${name}${describeChange(change)}`).join('; ');
  throw new KnexwardError('CHANGED_FILE', {
    message: `${changed.length} files are not what they were when they were applied, and the knexfile says to stop then (knexward.checksums). ${told}.`,
    fix: 'Put what changed into a new migration and restore the file. If a file is right as it is: knexward resolve NAME --accept-checksum',
  });
}
