import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Migration } from './find.js';

/** SHA-256 of a file's bytes, in hexadecimal. */
export async function checksumOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/**
 * The migrations whose files are not what they were.
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
    if (before !== undefined && path !== null && (await checksumOf(path)) !== before) {
      changed.push(name);
    }
  }
  return changed;
}
