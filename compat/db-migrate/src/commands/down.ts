import { withCompletion } from '../completion.js';
import { type Internals } from '../internals.js';
import { log } from '../log.js';
import { migrate } from '../migrate.js';
import { inScopes } from '../scopes.js';
import { selectDown } from '../selection.js';
import { type Target } from '../target.js';

/** Reverts the newest migration, or as many as the options say. */
export function down(internals: Internals): Promise<unknown> {
  const { argv } = internals;
  if (argv.count === undefined || argv.count === '') {
    log.info('Defaulting to running 1 down migration.');
    argv.count = 1;
  }
  return withCompletion(internals, () =>
    inScopes(internals, (target) => downIn(internals, target)),
  );
}

/** The same in one target, without the ending. */
export function downIn(internals: Internals, target: Target): Promise<unknown> {
  return migrate(internals, target, 'down', ({ files, applied }) =>
    internals.ignoreCompleted ? [] : selectDown(files, applied, internals.argv),
  );
}
