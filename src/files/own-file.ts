import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KnexwardError, type ErrorCode } from '../errors.js';
import { notWritable, writeAtomically } from './write.js';

/** A kind of file that knexward writes, and may overwrite. */
export interface OwnFile {
  /** What an error calls it, such as `a plan`. */
  called: string;
  isOurs: (text: string) => boolean;
  /** The error if an existing file is not of this kind, and its fix. */
  code: ErrorCode;
  fix: string;
}

/**
 * Reads a file that knexward wrote; `null` if there is none.
 *
 * @param name the file's name for messages
 * @throws KnexwardError the kind's `code` if the file is something else or cannot be read
 */
export async function readOwnFile(
  path: string,
  name: string,
  { called, isOurs, code, fix }: OwnFile,
): Promise<string | null> {
  if (!existsSync(path)) return null;
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text !== null && isOurs(text)) return text;
  throw new KnexwardError(code, {
    message: `${name} exists, and it is not ${called} that knexward wrote. It is left as it is.`,
    fix,
  });
}

/**
 * Writes a file, and its folder if that is missing.
 *
 * @throws KnexwardError `FILE_NOT_WRITABLE`
 */
export async function writeOwnFile(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw notWritable(path, error);
  });
  await writeAtomically(path, content);
}
