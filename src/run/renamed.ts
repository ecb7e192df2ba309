import { type ClientBase } from 'pg';
import { type Migration } from '../files/find.js';
import { findRenamedFiles } from '../files/renamed.js';
import { type History } from '../history/read.js';
import { type Plan } from '../plan/plan.js';
import { renamedFilesError, unmatched } from '../plan/renamed.js';

/**
 * Refuses to apply what is applied already under another name. Nothing is asked or read where every
 * applied migration has its file.
 *
 * @throws KnexwardError `RENAMED_FILE`
 */
export async function refuseRenamed(
  client: ClientBase,
  files: readonly Migration[],
  history: History,
  { direction, steps }: Plan,
): Promise<void> {
  if (direction !== 'up' || !history.complete || steps.length === 0) return;
  const planned = new Set(steps.map(({ name }) => name));
  const { rows, files: pending } = unmatched(files, history);
  const renamed = await findRenamedFiles(client, history.tables, { rows, files: pending });
  const wouldRun = renamed.filter(({ to }) => planned.has(to));
  if (wouldRun.length > 0) throw renamedFilesError(wouldRun);
}
