import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { KnexwardError } from '../errors.js';

/**
 * Writes a file so that a reader, or a crash, meets either the old content or the new one, and never a part of
 * it. An existing file keeps its permissions. If the path is a link, the file that it leads to is written.
 *
 * @throws KnexwardError `FILE_NOT_WRITABLE`
 */
export async function writeAtomically(named: string, content: string): Promise<void> {
  const path = await realpath(named).catch(() => named);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const existing = await stat(path).catch(() => undefined);
    const file = await open(temporary, 'wx', existing?.mode ?? 0o644);
    try {
      // The umask of this process must not take permissions away from the file.
      if (existing) await file.chmod(existing.mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw notWritable(path, error);
  }
}

/**
 * Renames a file.
 *
 * @throws KnexwardError `FILE_NOT_WRITABLE`
 */
export async function renameFile(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: unknown) => {
    throw notWritable(from, error, 'renamed');
  });
}

/**
 * Removes a file. It is no error if the file is gone already.
 *
 * @throws KnexwardError `FILE_NOT_WRITABLE`
 */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true }).catch((error: unknown) => {
    throw notWritable(path, error, 'removed');
  });
}

/** The error for a file that the file system does not let us write, rename or remove. */
export function notWritable(path: string, error: unknown, what = 'written'): KnexwardError {
  return new KnexwardError('FILE_NOT_WRITABLE', {
    message: `${path} cannot be ${what}: ${(error as Error).message}`,
    fix: 'Check the permissions of the file and its folder, and the free disk space, then run the command again.',
    cause: error,
  });
}
