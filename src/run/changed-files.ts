import { type ChangedFile, findRecentlyChanged } from '../files/changed.js';
import { type Migration } from '../files/find.js';
import { type History } from '../history/read.js';
import { applyAgain } from '../plan/apply-again.js';
import { type RunListener } from './events.js';

/** More warnings of one kind tell nobody more. */
const MOST_WARNED = 5;

/**
 * Warns where files were edited since they were applied: `up` does not run them again, and to be told
 * that all is up to date would be no help. Looks at those that were applied last; `status` looks at all.
 */
export async function warnOfChanges(
  direction: 'up' | 'down',
  files: readonly Migration[],
  history: History,
  { listener, production }: { listener: RunListener; production: boolean },
): Promise<ChangedFile[]> {
  if (direction === 'down' || !history.complete) return [];
  const changed = await findRecentlyChanged(files, history);
  for (const [index, file] of changed.slice(0, MOST_WARNED).entries()) {
    const more = changed.length - MOST_WARNED;
    const rest = index === MOST_WARNED - 1 && more > 0 ? `. So were ${more} other files` : '';
    const { name } = file;
    listener({
      type: 'warned',
      name,
      code: 'CHANGED_FILE',
      message: `${describe(file, production)}${rest}`,
    });
  }
  return changed;
}

function describe(file: ChangedFile, production: boolean): string {
  if (production)
    return 'its file was edited after it was applied; up does not run it again. Put the change into a new migration and restore the file';
  return file.wasEmpty
    ? `it sent no statement when it was applied, and was edited since; up does not run it again. To apply it: ${applyAgain(file)}`
    : `its file was edited after it was applied; up does not run it again. To apply it again in development: ${applyAgain(file)}. Elsewhere, put the change into a new migration`;
}
