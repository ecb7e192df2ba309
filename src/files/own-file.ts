import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KnexwardError, type ErrorCode } from '../errors.js';
import { notWritable, writeAtomically } from './write.js';

/** A kind of file that knexward writes, and may write over. */
export interface OwnFile {
  /** What an error calls it, such as `a plan`. */
  called: string;
  isOurs: (text: string) => boolean;
  /** The error where a file of that name is something else, and what to do about it. */
  code: ErrorCode;
  fix: string;
}

/**
 * What is in a file that knexward wrote; `null` where there is none.
 *
 * @param name as a report names it
 * @throws KnexwardError the kind's `code` where the file is something else, or cannot be read
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
 * Writes such a file, and its folder where that is missing.
 *
 * @throws KnexwardError `FILE_NOT_WRITABLE`
 */
export async function writeOwnFile(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw notWritable(path, error);
  });
  await writeAtomically(path, content);
}
