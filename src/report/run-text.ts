import { type Plan } from '../plan/plan.js';
import { type RunResult } from '../run/result.js';
import { countOf } from '../count.js';
import { firstOf, TO_COME } from './long-list.js';

/**
 * The lines that end `up` and `down`: the ones that Knex's own command line has.
 *
 * @param alone the one migration that was asked for, others aside
 * @param verbose every name of a dry run
 */
export function renderRun(result: RunResult, alone?: string, verbose = false): string {
  const { direction, batch, done, failed, dryRun } = result;
  if (dryRun && batch !== null) return renderDryRun(result, verbose);
  if (done.length === 0 && failed) return '';
  if (done.length === 0 && alone !== undefined) {
    return `${alone} is ${direction === 'up' ? 'already applied' : 'not applied'}\n`;
  }
  if (done.length === 0) {
    return direction === 'up' ? 'Already up to date\n' : 'Already at the base schema version\n';
  }
  const verb = direction === 'up' ? 'run' : 'rolled back';
  // Knex's own line, which says the same of one.
  return `Batch ${batch ?? ''} ${verb}: ${done.length} migrations\n`;
}

function renderDryRun(
  { direction, notReached: names, baseline }: RunResult,
  verbose: boolean,
): string {
  const heading =
    direction === 'up'
      ? `Found ${countOf(names.length, 'pending migration')}:`
      : `Would roll back ${countOf(names.length, 'migration')}:`;
  const lines = [
    heading,
    ...firstOf(
      names.map((name) => `  ${name}`),
      TO_COME,
      verbose,
    ),
    ...(baseline ? [baselineLine(baseline)] : []),
    'Dry run: nothing was changed.',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** What `up` would do instead of running the first migrations. */
export function baselineLine({ file, migrations }: NonNullable<RunResult['baseline']>): string {
  const first = migrations === 1 ? 'The first' : `The first ${migrations}`;
  return `${first} would come from the baseline ${file}, in one transaction.`;
}

/** What a person is asked before migrations are reverted in production. */
export function renderDownQuestion(plan: Plan): string {
  const names = plan.steps.map(({ name }) => name);
  const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ', …' : '');
  return `This is production. Revert ${countOf(names.length, 'migration')} (${shown})? Data may be lost.`;
}
