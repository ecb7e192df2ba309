import { commandLine, KnexwardError } from 'knexward/compat';
import { withCompletion } from '../completion.js';
import { type Internals } from '../internals.js';
import { migrate } from '../migrate.js';
import { inScopes } from '../scopes.js';
import { selectUp } from '../selection.js';
import { type State } from '../state.js';
import { type Target } from '../target.js';

/** Applies what is pending: all of it, or as far as the options say. */
export function up(internals: Internals): Promise<unknown> {
  // It stays for the next call of the same instance, as in db-migrate.
  internals.argv.count ??= Number.MAX_VALUE;
  return withCompletion(internals, () => inScopes(internals, (target) => upIn(internals, target)));
}

/** The same in one target, without the ending. */
export function upIn(internals: Internals, target: Target): Promise<unknown> {
  return migrate(internals, target, 'up', (state) => {
    const selected = selectUp(state.files, appliedFor(internals, state), internals.argv);
    if (!internals.check) refuseApplied(selected, state);
    return selected;
  });
}

function appliedFor({ ignoreCompleted }: Internals, { applied }: State): State['applied'] {
  return ignoreCompleted ? [] : applied;
}

function refuseApplied(selected: readonly { name: string }[], { applied }: State): void {
  const done = new Set(applied.map(({ name }) => name));
  const again = selected.filter(({ name }) => done.has(name));
  const [first] = again;
  if (!first) return;
  throw new KnexwardError('USAGE', {
    message: `--ignore-completed-migrations would run ${again.length} migrations a second time that are applied (${first.name}, …). Nothing was changed.`,
    fix: `Leave the option out. Where one is not really applied, say so first, as in: ${commandLine('resolve', first.name, '--reverted')}`,
  });
}
