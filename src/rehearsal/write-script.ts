import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KnexwardError } from '../errors.js';
import { writeAtomically } from '../files/write-atomically.js';
import { insideProject } from '../files/inside-project.js';
import { type Rehearsal } from './rehearse.js';
import { isScript, renderScript } from './script.js';

/**
 * Makes sure that a plan may be written to a file: that it is inside of the project, and not there,
 * or a plan.
 *
 * @throws KnexwardError `USAGE`, `FILE_NOT_WRITABLE`
 */
export async function refuseOtherFile(projectRoot: string, file: string): Promise<void> {
  const path = insideProject(projectRoot, file);
  if (!existsSync(path)) return;
  const before = await readFile(path, 'utf8').catch(() => '');
  if (isScript(before)) return;
  throw new KnexwardError('FILE_NOT_WRITABLE', {
    message: `${file} is there, and it is not a plan that knexward wrote. It is left as it is.`,
    fix: 'Name another file with --output.',
  });
}

/**
 * Writes a rehearsal as SQL that does all of it.
 *
 * @param file from the project's folder
 * @throws KnexwardError `USAGE`, `FILE_NOT_WRITABLE`
 */
export async function writeScript(
  projectRoot: string,
  file: string,
  rehearsal: Rehearsal,
): Promise<void> {
  const path = insideProject(projectRoot, file);
  await refuseOtherFile(projectRoot, file);
  await mkdir(dirname(path), { recursive: true }).catch(() => undefined);
  await writeAtomically(path, renderScript(rehearsal));
}
