import { withCompletion } from '../completion.js';
import { type Internals } from '../internals.js';
import { log } from '../log.js';
import { inScopes } from '../scopes.js';
import { liesBehind } from '../selection.js';
import { readState } from '../state.js';
import { type Target } from '../target.js';
import { downIn } from './down.js';
import { upIn } from './up.js';

/** Goes up or down, whichever way the destination lies. */
export function sync(internals: Internals): Promise<unknown> {
  internals.argv.count ??= Number.MAX_VALUE;
  return withCompletion(internals, () =>
    inScopes(internals, (target) => syncIn(internals, target)),
  );
}

async function syncIn(internals: Internals, target: Target): Promise<unknown> {
  const { argv, ignoreCompleted } = internals;
  const { applied } = await readState(target, false);
  if (!ignoreCompleted && liesBehind(applied, argv.destination ?? '')) {
    log.info('Syncing downwards.');
    return downIn(internals, target);
  }
  log.info('Syncing upwards.');
  return upIn(internals, target);
}
