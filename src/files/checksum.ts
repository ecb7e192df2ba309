import * as crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Migration } from './find.js';

/** SHA-256 of a file's bytes, in hexadecimal. */
export async function checksumOf(path: string): Promise<string> {
  return sha256(await readFile(path));
}

/** How many files are read before others have their turn. */
const AT_ONCE = 256;

/**
 * Reads many files, one after the other. In this thread: handing each to another and back takes ten
 * times as long as reading it, and files of migrations are small.
 */
export async function* readAll(files: readonly Migration[]): AsyncGenerator<ReadFile[]> {
  for (let start = 0; start < files.length; start += AT_ONCE) {
    if (start > 0) await nextTurn();
    yield files
      .slice(start, start + AT_ONCE)
      .flatMap(({ name, path }) =>
        path === null ? [] : { name, path, content: readFileSync(path) },
      );
  }
}

/** A migration's file and what it holds. */
export interface ReadFile {
  name: string;
  path: string;
  content: Buffer;
}

/** The checksums of many files, by name. */
export async function checksumsOf(files: readonly Migration[]): Promise<Map<string, string>> {
  const checksums = new Map<string, string>();
  for await (const some of readAll(files)) {
    for (const { name, content } of some) checksums.set(name, sha256(content));
  }
  return checksums;
}

/**
 * Whether a text is the one that a checksum was taken of. Line ends do not count: version control
 * may give the same file `\r\n` on one machine and `\n` on the other.
 */
export function isTextOf(content: Buffer, checksum: string): boolean {
  if (sha256(content) === checksum) return true;
  // As bytes, one character each: nothing but the line ends must change.
  const unix = content.toString('latin1').replaceAll('\r\n', '\n');
  return [unix, unix.replaceAll('\n', '\r\n')].some(
    (text) => sha256(Buffer.from(text, 'latin1')) === checksum,
  );
}

/**
 * SHA-256 of a content that was read already, in hexadecimal. In one call where Node.js has it: an object for each
 * hash is memory that only the collector frees.
 */
export function sha256(content: string | Buffer): string {
  const { hash } = crypto as { hash?: (name: string, data: typeof content, to: 'hex') => string };
  if (hash) return hash('sha256', content, 'hex');
  return crypto.createHash('sha256').update(content).digest('hex');
}
