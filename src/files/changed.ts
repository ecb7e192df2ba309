import { extname } from 'node:path';
import { type ClientBase } from 'pg';
import { readChecksums } from '../history/journal.js';
import { type History } from '../history/read.js';
import { isTextOf, readAll } from './checksum.js';
import { type Migration } from './find.js';
import { asRecorded } from './recorded.js';
import { changeSince, type FileChange } from './version-control.js';

/** A migration whose file is not what it was when it was applied. */
export interface ChangedFile {
  name: string;
  /** What changed, where version control still has the file as it was. */
  change: FileChange | null;
}

/**
 * Of so many is told what changed: a formatter that went over a thousand files would have git asked
 * thousands of times.
 */
const MOST_TOLD = 20;

/**
 * The migrations whose files are not what they were. A file with another extension is not compared:
 * what a compiler makes of a file is another text.
 *
 * @param recorded the checksums of then, by name; a migration without one is not looked at
 */
export async function findChanged(
  files: readonly Migration[],
  recorded: ReadonlyMap<string, string>,
): Promise<ChangedFile[]> {
  const changed: ChangedFile[] = [];
  const compared = files.filter(
    ({ name, path, format }) =>
      recorded.has(name) &&
      path !== null &&
      // What is recorded of a module that loads SQL files is the SQL.
      (format === 'sql' || extname(path) === extname(name)),
  );
  for await (const some of readAll(compared)) {
    for (const { name, path, content } of some) {
      const checksum = recorded.get(name) ?? '';
      if (isTextOf(content, checksum)) continue;
      const isTold = changed.length < MOST_TOLD;
      changed.push({ name, change: isTold ? await changeSince(path, checksum) : null });
    }
  }
  return changed;
}

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
