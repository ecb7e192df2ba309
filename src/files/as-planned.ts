import { existsSync, readFileSync } from 'node:fs';
import { KnexwardError } from '../errors.js';

/** What a file held when a plan was made; `null` where it was not there. */
export interface FileState {
  path: string;
  text: string | null;
}

/** What a file holds now. */
export function stateOf(path: string): FileState {
  return { path, text: existsSync(path) ? readFileSync(path, 'utf8') : null };
}

/** Whether a path holds what it held; a folder, or what may not be read, is something else. */
function isAsPlanned({ path, text }: FileState): boolean {
  try {
    return stateOf(path).text === text;
  } catch {
    return false;
  }
}

/**
 * Refuses to go on with a plan whose files have been written since it was made, as while a question stood open.
 *
 * @param consequence what has happened by now
 * @throws KnexwardError `PLAN_CHANGED`
 */
export function refuseChanged(
  planned: readonly FileState[],
  consequence = 'Nothing was changed.',
): void {
  for (const state of planned) {
    if (isAsPlanned(state)) continue;
    throw new KnexwardError('PLAN_CHANGED', {
      message: `${state.path} was changed after the plan was made. ${consequence}`,
      fix: 'Run the command again.',
    });
  }
}
