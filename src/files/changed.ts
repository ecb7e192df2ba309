import { extname } from 'node:path';
import { type ClientBase } from 'pg';
import { type RecordedFile, readRecordedFiles } from '../history/journal.js';
import { type History } from '../history/read.js';
import { isTextOf, readAll } from './checksum.js';
import { type Migration } from './find.js';
import { asRecorded } from './recorded.js';
import { type FileChange } from './version-control.js';

/** A migration whose file is not what it was when it was applied. */
export interface ChangedFile {
  name: string;
  path: string;
  /** Whether it sent no statement when it was applied: then there is nothing of it to revert. */
  wasEmpty: boolean;
  inLastBatch: boolean;
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
 * @param recorded what they were, by name; a migration without that is not looked at
 * @param mostTold of how many is asked what changed
 */
async function findChanged(
  files: readonly Migration[],
  recorded: ReadonlyMap<string, RecordedFile>,
  mostTold = MOST_TOLD,
): Promise<ChangedFile[]> {
  const changed: ChangedFile[] = [];
  const compared = comparable(files, recorded);
  for await (const some of readAll(compared)) {
    for (const { name, path, content } of some) {
      const was = recorded.get(name);
      if (!was || isTextOf(content, was.checksum)) continue;
      const change = changed.length < mostTold ? await changeOf(path, was.checksum) : null;
      const { empty: wasEmpty, inLastBatch } = was;
      changed.push({ name, path, wasEmpty, inLastBatch, change });
    }
  }
  return changed;
}

/** The files that can be compared with what is recorded of them. */
function comparable(
  files: readonly Migration[],
  recorded: ReadonlyMap<string, unknown>,
): Migration[] {
  return files.filter(
    ({ name, path, format }) =>
      recorded.has(name) &&
      path !== null &&
      // What is recorded of a module that loads SQL files is the SQL.
      (format === 'sql' || extname(path) === extname(name)),
  );
}

/** Whether every file is what each of these records says, whichever of them counts. */
export async function areAllAsRecorded(
  files: readonly Migration[],
  records: readonly { name: string; checksum: string }[],
): Promise<boolean> {
  const recorded = new Map<string, string[]>();
  for (const { name, checksum } of records)
    recorded.set(name, [...(recorded.get(name) ?? []), checksum]);
  for await (const some of readAll(comparable(asRecorded(files, records), recorded))) {
    for (const { name, content } of some) {
      if (!recorded.get(name)?.every((checksum) => isTextOf(content, checksum))) return false;
    }
  }
  return true;
}

/** git is asked only where something changed: a run that has nothing to do does not even load that. */
async function changeOf(path: string, checksum: string): Promise<FileChange | null> {
  const { changeSince } = await import('./version-control.js');
  return changeSince(path, checksum);
}

/** The same among the migrations that were applied last, without asking what changed. */
export async function findRecentlyChanged(
  files: readonly Migration[],
  { recent, rows }: History,
): Promise<ChangedFile[]> {
  const recorded = new Map(recent.map((file) => [file.name, file]));
  return findChanged(asRecorded(files, rows), recorded, 0);
}

/** The applied migrations whose files are not what they were when they were applied. */
export async function findChangedFiles(
  client: ClientBase,
  files: readonly Migration[],
  history: History,
): Promise<ChangedFile[]> {
  if (!history.complete) return [];
  const recorded = await readRecordedFiles(client, history.tables);
  return findChanged(asRecorded(files, history.rows), recorded);
}
