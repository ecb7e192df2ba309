import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { refuseChanged } from '../files/as-planned.js';
import { notWritable, writeAtomically } from '../files/write.js';
import { type PlannedFile } from './decide.js';

/**
 * Writes the files of a plan, each whole or not at all. A file that is there and was not is kept.
 *
 * @throws KnexwardError `PLAN_CHANGED` where a file is not what it was when the plan was made;
 * `FILE_NOT_WRITABLE`
 */
export async function writeFiles(root: string, files: readonly PlannedFile[]): Promise<void> {
  refuseChanged(files.map(({ path, before }) => ({ path: join(root, path), text: before })));
  for (const { path, action, content } of files) {
    const whole = join(root, path);
    if (action === 'change') await writeAtomically(whole, content);
    else await createAtomically(whole, content);
  }
}

/** Linked into place, which fails where a file of that name is there. */
async function createAtomically(path: string, content: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, content, { flag: 'wx' });
    await link(draft, path);
  } catch (error) {
    throw notWritable(path, error);
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}
