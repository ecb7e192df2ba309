import { relative } from 'node:path';
import { insideProject } from '../files/inside-project.js';
import { type OwnFile, readOwnFile, writeOwnFile } from '../files/own-file.js';
import { isPage } from './html/page.js';
import { isMarkdownReport } from './markdown/document.js';

/** A file for a report. */
export interface ReportFile {
  /** As a message names it. */
  name: string;
  write(text: string): Promise<void>;
}

const OWN: OwnFile = {
  called: 'a report',
  isOurs: (text) => isPage(text) || isMarkdownReport(text),
  code: 'FILE_NOT_WRITABLE',
  fix: 'Name another file with --output, or give --force to write over it.',
};

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
  const refuseOther = async (): Promise<void> => {
    if (!force) await readOwnFile(path, file, OWN);
  };
  await refuseOther();
  return {
    name: relative(projectRoot, path).replaceAll('\\', '/'),
    write: async (text) => {
      // It may have been written since: gathering takes a while.
      await refuseOther();
      await writeOwnFile(path, text);
    },
  };
}
