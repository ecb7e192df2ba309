import { withCompletion } from '../completion.js';
import { describe, type Described } from '../described.js';
import { type Internals } from '../internals.js';
import { log } from '../log.js';
import { inScopes } from '../scopes.js';
import { pendingOf } from '../selection.js';
import { readState } from '../state.js';
import { type Target } from '../target.js';

/** Tells what is pending. Changes nothing. */
export function check(internals: Internals): Promise<Described[]> {
  return withCompletion(internals, async () =>
    [await inScopes(internals, (target) => checkIn(internals, target))].flat(2),
  );
}

async function checkIn({ ignoreCompleted }: Internals, target: Target): Promise<Described[]> {
  const { files, applied } = await readState(target, true);
  const pending = pendingOf(files, ignoreCompleted ? [] : applied);
  log.info(
    'Migrations to run:',
    pending.map(({ name }) => name),
  );
  return pending.map(describe);
}
