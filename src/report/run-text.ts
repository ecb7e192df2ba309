import { type Plan } from '../plan/plan.js';
import { type RunResult } from '../run/result.js';

/**
 * The lines that end `up` and `down`: the ones that Knex's own command line has.
 *
 * @param alone the one migration that was asked for, others aside
 */
export function renderRun(result: RunResult, alone?: string): string {
  const { direction, batch, done, failed, dryRun } = result;
  if (dryRun && batch !== null) return renderDryRun(result);
  if (done.length === 0 && failed) return '';
  if (done.length === 0 && alone !== undefined) {
    return `${alone} is ${direction === 'up' ? 'already applied' : 'not applied'}\n`;
  }
  if (done.length === 0) {
    return direction === 'up' ? 'Already up to date\n' : 'Already at the base schema version\n';
  }
  const verb = direction === 'up' ? 'run' : 'rolled back';
  return `Batch ${batch ?? ''} ${verb}: ${done.length} migrations\n`;
}

function renderDryRun({ direction, notReached: names, baseline }: RunResult): string {
  const heading =
    direction === 'up'
      ? `Found ${names.length} pending migrations:`
      : `Would roll back ${names.length} migrations:`;
  const lines = [
    heading,
    ...names.map((name) => `  ${name}`),
    ...(baseline ? [baselineLine(baseline)] : []),
    'Dry run: nothing was changed.',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** What `up` would do instead of running the first migrations. */
export function baselineLine({ file, migrations }: NonNullable<RunResult['baseline']>): string {
  return `The first ${migrations} would come from the baseline ${file}, in one transaction.`;
}

/** What a person is asked before migrations are reverted in production. */
export function renderDownQuestion(plan: Plan): string {
  const names = plan.steps.map(({ name }) => name);
  const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ', …' : '');
  return `This is production. Revert ${names.length} migrations (${shown})? Data may be lost.`;
}
