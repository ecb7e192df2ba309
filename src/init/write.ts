import { existsSync, readFileSync } from 'node:fs';
import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KnexwardError } from '../errors.js';
import { writeAtomically } from '../files/write-atomically.js';
import { type PlannedFile } from './decide.js';

/**
 * Writes the files of a plan, each whole or not at all. A file that is there and was not is kept.
 *
 * @throws KnexwardError `PLAN_CHANGED` where a file is not what it was when the plan was made;
 * `FILE_NOT_WRITABLE`
 */
export async function writeFiles(root: string, files: readonly PlannedFile[]): Promise<void> {
  for (const { path, before } of files) refuseOther(join(root, path), before);
  for (const { path, action, content } of files) {
    const whole = join(root, path);
    if (action === 'change') await writeAtomically(whole, content);
    else await createAtomically(whole, content);
  }
}

function refuseOther(path: string, before: string | null): void {
  const now = existsSync(path) ? readFileSync(path, 'utf8') : null;
  if (now === before) return;
  throw new KnexwardError('PLAN_CHANGED', {
    message: `${path} has been written meanwhile. Nothing was changed.`,
    fix: 'Run the command again.',
  });
}

/** Linked into place, which fails where a file of that name is there. */
async function createAtomically(path: string, content: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, content, { flag: 'wx' });
    await link(draft, path);
  } catch (error) {
    throw new KnexwardError('FILE_NOT_WRITABLE', {
      message: `${path} cannot be written: ${(error as Error).message}`,
      fix: 'Check the rights of the folder, and that it is one, then run the command again.',
      cause: error,
    });
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}
