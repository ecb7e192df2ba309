import { excusedNames } from './changes.js';
import { claimsOf } from './claims.js';
import { expectedEnd, netOf } from './model.js';
import { type Observation } from './observe.js';
import { documentOf, type StatusDocument } from './recover.js';
import { type RunnerOutcome } from './runners.js';
import { nameOf } from './schedule.js';
import { shortened, type Violations } from './violation.js';

/** What must hold once everything has ended, and after the runs that nothing disturbed. */
export function checkEnd(seen: Observation, violations: Violations): void {
  checkLocks(seen, violations);
  const { before, recovery } = seen;
  const { resolves, unlock, status } = recovery;
  const calm = [before, status, unlock, ...resolves.map(({ outcome }) => outcome)];
  for (const outcome of calm) {
    if (outcome && outcome.code !== 0) violations.add('undisturbed run', saying(outcome));
  }
  checkUp(seen, violations);
  checkStatus(seen, violations);
}

/** A revert that failed stays a problem until somebody reverts or resolves: no `up` settles it. */
function tellsFailedRevert({ recovery, end }: Observation): boolean {
  const { problems = [] } = documentOf<StatusDocument>(recovery.check) ?? {};
  return problems.some(({ code, migration }) => {
    const last = end.journal.filter(({ name }) => name === migration).at(-1);
    return code === 'FAILED' && last?.event === 'failed' && last.direction === 'down';
  });
}

function saying({ code, hung, tookMs, stdout, stderr }: RunnerOutcome): string {
  const end = hung ? `hung for ${tookMs} ms` : `exited with ${code}`;
  return `${end}: ${shortened(`${stdout} ${stderr}`)}`;
}

function checkLocks(
  { leftSessions, after, outcomes, end }: Observation,
  violations: Violations,
): void {
  for (const left of leftSessions) violations.add('session left', left);
  const knexFailed = outcomes.some(
    ({ planned, code }) => planned.command.kind === 'knex' && code !== 0,
  );
  if (after.isLocked === 1 && !knexFailed) {
    violations.add('Knex lock left', 'is_locked is 1, as Knex writes it');
  }
  if (end.isLocked !== 0 && end.isLocked !== null) {
    violations.add('Knex lock left', `is_locked is ${end.isLocked} after the last run`);
  }
}

/** The run after everything comes to the end that the model says. */
function checkUp(seen: Observation, violations: Violations): void {
  const { schedule, recovery, end } = seen;
  const expected = expectedEnd(schedule.migrations);
  const { up } = recovery;
  const { failed } = claimsOf(up);
  const code = expected.failed === null ? 0 : 1;
  if (up.code !== code || failed !== expected.failed) {
    violations.add('end', `up was to fail at ${expected.failed ?? 'nothing'}; it ${saying(up)}`);
  }
  const history = [...(end.history ?? [])].sort();
  if (history.join() !== expected.applied.join()) {
    violations.add(
      'end',
      `the history is to be ${expected.applied.join()}; it is ${history.join()}`,
    );
  }
  const excused = excusedNames(seen);
  for (const [index, migration] of schedule.migrations.entries()) {
    const name = nameOf(migration, index);
    const net = netOf(end.effects.filter((row) => row.name === name));
    const wanted = expected.applied.includes(name) ? 1 : 0;
    const again = migration.ending === 'commits' && net > wanted;
    if (net === wanted || excused.has(name) || again) continue;
    violations.add('end', `${name} is in the database ${net} times, and is to be ${wanted} times`);
  }
}

function checkStatus(seen: Observation, violations: Violations): void {
  const { schedule, recovery } = seen;
  const expected = expectedEnd(schedule.migrations);
  const code = expected.pending.length === 0 ? 0 : 6;
  for (const [command, outcome] of Object.entries({
    'status --check': recovery.check,
    wait: recovery.wait,
  })) {
    if (outcome.code === code) continue;
    if (outcome === recovery.check && tellsFailedRevert(seen)) continue;
    violations.add('status', `${command} was to exit with ${code}; it ${saying(outcome)}`);
  }
}
