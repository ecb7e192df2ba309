import { checkChanges } from './changes.js';
import { claimsOf, isRun, mayDie } from './claims.js';
import { checkEnd } from './ends.js';
import { checkOrder } from './order.js';
import { type EffectRow } from './effects.js';
import { onlyGrows } from './model.js';
import { type Observation } from './observe.js';
import { type RunnerOutcome } from './runners.js';
import { nameOf } from './schedule.js';
import { shortened, type Violation, Violations } from './violation.js';

/** Holds what was seen against what must hold. Pure. */
export function violationsOf(seen: Observation): Violation[] {
  const violations = new Violations();
  for (const outcome of seen.outcomes) {
    checkSpeech(outcome, violations);
    checkClaims(seen, outcome, violations);
  }
  checkChanges(seen, violations);
  checkOrder(seen, violations);
  checkEnd(seen, violations);
  return violations.found;
}

/** How a runner is called in a report. */
export function runnerName({ index, planned: { command } }: RunnerOutcome): string {
  return `runner ${index + 1} (${command.kind})`;
}

function checkSpeech(outcome: RunnerOutcome, violations: Violations): void {
  const { code, hung, planned, struck, tookMs, stdout, stderr, signal } = outcome;
  const who = runnerName(outcome);
  if (hung) return violations.add('hang', `${who} was still there after ${tookMs} ms`);
  if (code === null) {
    if (!mayDie(outcome)) violations.add('died', `${who} ended by ${String(signal)}`);
    return;
  }
  // The last line of a process that an error has ended is Node.js's own.
  if (/\bINTERNAL\b|^Node\.js v/m.test(stdout + stderr) && planned.command.kind !== 'knex') {
    violations.add('internal', `${who}: ${shortened(stdout + stderr)}`);
  }
  if (/\bPERMISSION_DENIED\b/.test(stdout + stderr)) {
    violations.add('rights', `${who}: ${shortened(stdout + stderr)}`);
  }
  const { document, failed, error } = claimsOf(outcome);
  if (planned.command.kind === 'knex' || !(planned.json || planned.command.kind === 'library')) {
    return;
  }
  if (!document) {
    // A second signal ends the process at once, on purpose.
    if (struck.filter((kind) => kind === 'interrupt' || kind === 'terminate').length > 1) return;
    return violations.add('json', `${who} exited with ${code} and said: ${shortened(stdout)}`);
  }
  const bad = failed !== null || error !== null;
  const stopped = mayDie(outcome) && (code === 130 || code === 143);
  if (bad !== (code !== 0) && !stopped) {
    violations.add('exit code', `${who} exited with ${code} and said: ${shortened(stdout)}`);
  }
}

/** Errors that come before any work. */
const BEFORE_WORK = new Set(['LOCKED', 'UNFINISHED', 'USAGE', 'NOT_ADOPTED']);

function checkClaims(seen: Observation, outcome: RunnerOutcome, violations: Violations): void {
  const claims = claimsOf(outcome);
  const who = runnerName(outcome);
  const { command } = outcome.planned;
  const effects = effectsOf(seen, outcome, claims.runId);
  if (effects) {
    for (const { name, direction } of claims.done) {
      const ends = effects.filter((row) => row.name === name && row.direction === direction);
      if (ends.length === 1) continue;
      violations.add(
        'told but not there',
        `${who}: ${direction} of ${name}: ${ends.length} effects`,
      );
    }
    checkSilence(seen, outcome, effects, violations);
    checkCount(outcome, effects, violations);
  }
  if (claims.document?.resolved) checkResolve(seen, outcome, violations);
  const { shown } = claims.document ?? {};
  const beyond = claims.done.filter(({ name }) => shown?.includes(name) === false);
  for (const { name, direction } of beyond) {
    violations.add(
      'plan',
      `${who}: ${direction} of ${name}, and it had shown ${shown?.join() ?? ''}`,
    );
  }
  if (outcome.code !== 0 || !onlyGrows(seen.schedule)) return;
  const asksForAll = command.kind === 'wait' || (command.kind === 'up' && command.count === null);
  if (!asksForAll) return;
  const history = seen.after.history ?? [];
  const missing = seen.schedule.migrations.map(nameOf).filter((name) => !history.includes(name));
  if (missing.length > 0) {
    violations.add('not up to date', `${who} exited with 0, pending: ${missing.join(', ')}`);
  }
}

/** What a runner has completed; `null` where it cannot be told from what others did. */
function effectsOf(
  { after, schedule }: Observation,
  { index }: RunnerOutcome,
  runId: string | null,
): EffectRow[] | null {
  const ends = after.effects.filter(({ part }) => part === 'end');
  if (schedule.surroundings.route === 'direct')
    return ends.filter(({ runner }) => runner === index);
  return runId === null ? null : ends.filter((row) => row.application === `knexward ${runId}`);
}

/** What was not told as done must not be there, where a rollback could see to that. */
function checkSilence(
  { schedule }: Observation,
  outcome: RunnerOutcome,
  effects: readonly EffectRow[],
  violations: Violations,
): void {
  const { done, tellsAll, error } = claimsOf(outcome);
  const nothing =
    error !== null &&
    BEFORE_WORK.has(error) &&
    isRun(outcome) &&
    outcome.planned.command.kind !== 'redo';
  if (!tellsAll && !nothing) return;
  for (const { name, direction } of effects) {
    const migration = schedule.migrations.find((one, index) => nameOf(one, index) === name);
    if (!migration?.transaction || migration.ending === 'commits') continue;
    if (done.some((claim) => claim.name === name && claim.direction === direction)) continue;
    violations.add(
      'there but not told',
      `${runnerName(outcome)}: ${direction} of ${name} took effect; it said: ${shortened(outcome.stdout)}`,
    );
  }
}

/** The lines that a person reads: `Batch 5 run: 2 migrations`. */
function checkCount(
  outcome: RunnerOutcome,
  effects: readonly EffectRow[],
  violations: Violations,
): void {
  const { planned, stdout } = outcome;
  if (planned.json || !['up', 'down', 'redo'].includes(planned.command.kind)) return;
  for (const [direction, line] of Object.entries({
    up: /^Batch \d+ run: (\d+) migrations$/m,
    down: /^Batch \d+ rolled back: (\d+) migrations$/m,
  })) {
    const told = line.exec(stdout)?.[1];
    const there = effects.filter((row) => row.direction === direction).length;
    // More than that may be there: outside a transaction, of a change that then failed.
    if (told === undefined || Number(told) <= there) continue;
    violations.add(
      'told but not there',
      `${runnerName(outcome)} said ${told} ${direction}, and ${there} took effect`,
    );
  }
}

function checkResolve(
  { after }: Observation,
  outcome: RunnerOutcome,
  violations: Violations,
): void {
  const { resolved } = claimsOf(outcome).document ?? {};
  const recorded = after.journal.some(
    ({ event, name, verdict }) =>
      event === 'resolved' && name === resolved?.name && verdict === resolved?.verdict,
  );
  if (recorded || resolved?.changed === false) return;
  violations.add(
    'resolve without effect',
    `${runnerName(outcome)} said: ${shortened(outcome.stdout)}; the journal has no such row`,
  );
}
