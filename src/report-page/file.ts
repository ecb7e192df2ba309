import { relative } from 'node:path';
import { insideProject } from '../files/inside-project.js';
import { type OwnFile, readOwnFile, writeOwnFile } from '../files/own-file.js';
import { isPage } from './html/page.js';
import { isMarkdownReport } from './markdown/document.js';

/** A file that a report may be written to. */
export interface ReportFile {
  /** The path, relative to the project. */
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
 * Checks that a report may be written to a file: the file is inside the project, and it does not exist or is
 * itself a report.
 *
 * @param force overwrite a file that is not a report
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
      // Gathering takes a while: somebody may have created the file in the meantime.
      await refuseOther();
      await writeOwnFile(path, text);
    },
  };
}
