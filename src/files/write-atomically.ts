import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { notWritable } from './not-writable.js';

/**
 * Writes a file so that a reader, or a crash, meets either the old content or the new one, and
 * never a part of it. The rights of a file that exists are kept, and a link stays
 * a link: the file that it leads to is written.
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
      // The mask of this process is not to take rights away that the file has.
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
