import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { isTextOf } from './checksum.js';
import { type Migration } from './find.js';
import { changeSince, type FileChange } from './version-control.js';

/** A migration whose file is not what it was when it was applied. */
export interface ChangedFile {
  name: string;
  /** What changed, where version control still has the file as it was. */
  change: FileChange | null;
}

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
  for (const { name, path } of files) {
    const checksum = recorded.get(name);
    if (checksum === undefined || path === null || extname(path) !== extname(name)) continue;
    if (isTextOf(await readFile(path), checksum)) continue;
    changed.push({ name, change: await changeSince(path, checksum) });
  }
  return changed;
}
