import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { type Migration } from './find.js';

/** SHA-256 of a file's bytes, in hexadecimal. */
export async function checksumOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
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
): Promise<string[]> {
  const changed: string[] = [];
  for (const { name, path } of files) {
    const before = recorded.get(name);
    if (before === undefined || path === null || extname(path) !== extname(name)) continue;
    if ((await checksumOf(path)) !== before) changed.push(name);
  }
  return changed;
}
