import { commandLine } from '../command-line.js';
import { KnexwardError } from '../errors.js';
import { type Migration } from '../files/find.js';
import { asRecorded } from '../files/recorded.js';
import { type RenamedFile } from '../files/renamed.js';
import { type History } from '../history/read.js';
import { pendingMigrations } from './plan.js';
import { inScopeOfRun } from './scope.js';

/** What a renamed file leaves behind: a row without a file, and a file without a row. */
export interface Unmatched {
  /** Names in the history that have no file. */
  rows: string[];
  files: Migration[];
}

/** The applied migrations that have no file, and the pending ones. One may be the other, renamed. */
export function unmatched(found: readonly Migration[], history: History): Unmatched {
  const files = asRecorded(found, history.rows);
  const names = new Set(files.map(({ name }) => name));
  const rows = inScopeOfRun(files, history.rows).map(({ name }) => name);
  return {
    rows: [...new Set(rows)].filter((name) => !names.has(name)),
    files: pendingMigrations(files, history),
  };
}

/** The command that records a rename. */
function renameCommand(from: string, to: string): string {
  return commandLine('resolve', from, '--renamed-to', to);
}

/** How to go on where a pending file is an applied one under another name. */
export function renameFix({ from, to }: RenamedFile): string {
  return `Record the new name: ${renameCommand(from, to)}`;
}

/** The error that `up` stops with: it would apply the same migration a second time. */
export function renamedFilesError(renamed: readonly RenamedFile[]): KnexwardError {
  const told = renamed.map(({ from, to }) => `${to} is ${from}`).join('; ');
  return new KnexwardError('RENAMED_FILE', {
    message: `${renamed.length} pending files have the same content as applied migrations whose files are gone: ${told}. Nothing was changed.`,
    fix: `Record the new names: ${renamed.map(({ from, to }) => `"${renameCommand(from, to)}"`).join(', ')}. To run a file anyway, change it: a comment is enough.`,
  });
}
