import { rename, rm } from 'node:fs/promises';
import { KnexwardError } from '../errors.js';

/** What a file system's own error becomes for a file that is written, renamed or removed. */
export function notWritable(path: string, error: unknown, what = 'written'): KnexwardError {
  return new KnexwardError('FILE_NOT_WRITABLE', {
    message: `${path} cannot be ${what}: ${(error as Error).message}`,
    fix: 'Check the permissions of the file and its folder, and the free disk space, then run the command again.',
    cause: error,
  });
}

/** @throws KnexwardError `FILE_NOT_WRITABLE` */
export async function renameFile(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: unknown) => {
    throw notWritable(from, error, 'renamed');
  });
}

/**
 * Removes a file; one that is gone already is no error.
 *
 * @throws KnexwardError `FILE_NOT_WRITABLE`
 */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true }).catch((error: unknown) => {
    throw notWritable(path, error, 'removed');
  });
}
