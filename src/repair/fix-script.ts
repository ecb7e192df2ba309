import { relative } from 'node:path';
import { insideProject } from '../files/inside-project.js';
import { readOwnFile, writeOwnFile } from '../files/own-file.js';
import { note } from '../schema/sql/alter/alteration.js';
import { endStatement } from '../schema/sql/text.js';
import { type Fixes } from './fixes.js';

const TITLE =
  '-- A fix script, written by "knexward verify --fix-script". Read each statement before you run it.';

/** A file for the statements that fix a database. */
export interface FixScript {
  /** As a report names it. */
  name: string;
  write(fixes: Fixes): Promise<void>;
}

/**
 * Looks whether the file can be written: inside of the project, and not over what is something else.
 *
 * @throws KnexwardError `USAGE`, `FILE_NOT_WRITABLE`
 */
export async function openFixScript(projectRoot: string, file: string): Promise<FixScript> {
  const path = insideProject(projectRoot, file);
  await readOwnFile(path, file, {
    called: 'one',
    isOurs: (text) => text.startsWith(TITLE),
    code: 'FILE_NOT_WRITABLE',
    fix: 'Name another file with --fix-script.',
  });
  return {
    name: relative(projectRoot, path).replaceAll('\\', '/'),
    write: (fixes) => writeOwnFile(path, renderFixScript(fixes)),
  };
}

/** The statements as one SQL file, with what it takes away at its top. */
export function renderFixScript({ differences, script, singleTransaction }: Fixes): string {
  const losing = differences.filter(({ losesData }) => losesData);
  // What an enum's new label is used by has to wait until that is committed.
  const single = singleTransaction ? '--single-transaction ' : '';
  const head = [
    TITLE,
    `-- Run it: psql ${single}-v ON_ERROR_STOP=1 -f <this file>`,
    ...(losing.length > 0 ? ['-- IT LOSES DATA, of:'] : []),
    ...losing.map(({ kind, object }) => note(`  ${kind} ${object}`)),
  ];
  const body = script.map(endStatement);
  // A table that is busy is not to queue up whoever comes after.
  const all = ["SET lock_timeout = '5s';", ...body, 'RESET lock_timeout;'];
  return `${[head.join('\n'), ...all].join('\n\n')}\n`;
}
