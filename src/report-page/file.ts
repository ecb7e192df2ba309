import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { KnexwardError } from '../errors.js';
import { insideProject } from '../files/inside-project.js';
import { notWritable } from '../files/not-writable.js';
import { writeAtomically } from '../files/write-atomically.js';
import { isPage } from './html/page.js';
import { isMarkdownReport } from './markdown/document.js';

/** A file for a report. */
export interface ReportFile {
  /** As a message names it. */
  name: string;
  write(text: string): Promise<void>;
}

/**
 * Makes sure that a report may be written to a file: that it is inside of the project, and not there, or
 * a report.
 *
 * @param force write over a file that is something else
 * @throws KnexwardError `USAGE`, `FILE_NOT_WRITABLE`
 */
export async function openReportFile(
  projectRoot: string,
  file: string,
  force: boolean,
): Promise<ReportFile> {
  const path = insideProject(projectRoot, file);
  await refuseOther(path, file, force);
  return {
    name: relative(projectRoot, path).replaceAll('\\', '/'),
    write: async (text) => {
      // It may have been written since: gathering takes a while.
      await refuseOther(path, file, force);
      await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
        throw notWritable(path, error);
      });
      await writeAtomically(path, text);
    },
  };
}

async function refuseOther(path: string, file: string, force: boolean): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null) return;
  if (found.isDirectory()) {
    throw new KnexwardError('FILE_NOT_WRITABLE', {
      message: `${file} is a folder.`,
      fix: 'Name a file with --output.',
    });
  }
  if (force) return;
  const text = await readFile(path, 'utf8').catch(() => '');
  if (isPage(text) || isMarkdownReport(text)) return;
  throw new KnexwardError('FILE_NOT_WRITABLE', {
    message: `${file} is there, and it is not a report that knexward wrote. It is left as it is.`,
    fix: 'Name another file with --output, or give --force to write over it.',
  });
}
