import { insideProject } from '../files/inside-project.js';
import { readOwnFile, writeOwnFile } from '../files/own-file.js';
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
  await readOwnFile(path, file, {
    called: 'a plan',
    isOurs: isScript,
    code: 'FILE_NOT_WRITABLE',
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
  await writeOwnFile(path, renderScript(rehearsal));
}
