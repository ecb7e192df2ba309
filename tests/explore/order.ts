import { runNumber } from '../../src/history/knex-lock';
import { LEAST_RUN_NUMBER } from '../../src/history/tables';
import { type JournalRow } from './effects.js';
import { claimsOf, isRun } from './claims.js';
import { type Observation } from './observe.js';
import { type RunnerOutcome } from './runners.js';
import { canBeApplied, type FaultKind, HOLDS_TABLE, nameOf, TAKES_LOCK } from './schedule.js';
import { shortened, type Violations } from './violation.js';

/** That runs come one after the other, and that each knows whose turn it is. */
export function checkOrder(seen: Observation, violations: Violations): void {
  for (const outcome of seen.outcomes) {
    checkLossKnown(seen, outcome, violations);
    checkUndisturbed(seen, outcome, violations);
  }
  checkResolvedAtRest(seen, violations);
  // The second run of a redo has the number of its first, and may come after somebody else's.
  if (seen.schedule.runners.some(({ command }) => command.kind === 'redo')) return;
  checkTakenOver(seen, violations);
  checkOneAfterTheOther(seen.end.journal, violations);
}

function checkLossKnown(
  { outcomes, schedule }: Observation,
  outcome: RunnerOutcome,
  violations: Violations,
): void {
  const { index, planned, stdout, stderr } = outcome;
  if (!isRun(outcome) || !/\bLOCK_LOST\b/.test(stdout + stderr)) return;
  // Behind a pooler, what strikes one runner's session may strike another's.
  const pooled = schedule.surroundings.route === 'pooled';
  const isReason = (kind: FaultKind, own: boolean): boolean =>
    kind === 'restart server' ||
    // Of a program's sessions, the first is not always the one that holds the lock.
    ((pooled || (own && planned.command.kind === 'library')) && kind === 'end change session') ||
    ((own || pooled) && TAKES_LOCK.has(kind));
  const known = outcomes.some((other) =>
    other.struck.some((kind) => isReason(kind, other.index === index)),
  );
  if (known) return;
  violations.add(
    'lock lost',
    `runner ${index + 1} (${planned.command.kind}) says so, and nothing took its lock away`,
  );
}

/** A table is busy, or two wait for each other: that may be another run's doing. */
const BUSY = ['55P03', '40P01'];

/** A run that nothing has struck fails at no migration that is made to end well. */
function checkUndisturbed(
  { outcomes, schedule, tableHeld }: Observation,
  outcome: RunnerOutcome,
  violations: Violations,
): void {
  const { surroundings, migrations, diskFull, runners } = schedule;
  const { roleSettings, queryTimeoutMs, route } = surroundings;
  const reachesAll = (kind: FaultKind): boolean =>
    kind === 'restart server' || HOLDS_TABLE.has(kind);
  if (outcome.struck.length > 0 || outcomes.some(({ struck }) => struck.some(reachesAll))) return;
  if (tableHeld || diskFull || roleSettings.length > 0 || queryTimeoutMs !== null) return;
  // There, what strikes one may strike another; and Knex asks nobody.
  if (route === 'pooled' || runners.some(({ command }) => command.kind === 'knex')) return;
  const { failed } = claimsOf(outcome).document ?? {};
  if (failed?.code !== 'MIGRATION_FAILED' || BUSY.includes(failed.sqlstate ?? '')) return;
  const migration = migrations.find((one, index) => nameOf(one, index) === failed.name);
  if (!migration || !canBeApplied(migration)) return;
  violations.add(
    'disturbed by another',
    `runner ${outcome.index + 1} (${outcome.planned.command.kind}) failed at ${failed.name}: ${shortened(outcome.stdout)}`,
  );
}

/**
 * What a migration sees in Knex's lock row tells whose turn it is. A run may be taken over in the middle
 * of a change; the next one it does not begin. In a transaction, which has passed the fence and looked at the row behind
 * it, its first statement finds the run's own number.
 */
function checkTakenOver({ end, schedule }: Observation, violations: Violations): void {
  const outside = new Set(
    schedule.migrations.map(nameOf).filter((_, index) => !schedule.migrations[index]?.transaction),
  );
  const overtaken = new Map<string, string>();
  for (const { application, name, direction, locked, part } of end.effects) {
    const [tool, runId] = application.split(' ');
    if (tool !== 'knexward' || runId === undefined || direction === 'hand') continue;
    const change = `${direction} of ${name}`;
    if (part === 'begin' && !outside.has(name) && locked !== runNumber(runId)) {
      violations.add('taken over', `a run began ${change} while is_locked was ${String(locked)}`);
      return;
    }
    const during = overtaken.get(application);
    if (during !== undefined && during !== change) {
      violations.add('taken over', `a run was taken over during ${during}, and began ${change}`);
      return;
    }
    const byOther = (locked ?? 0) >= LEAST_RUN_NUMBER && locked !== runNumber(runId);
    if (byOther) overtaken.set(application, change);
  }
}

function checkOneAfterTheOther(journal: readonly JournalRow[], violations: Violations): void {
  const changes = journal.filter(({ event }) => event === 'applied' || event === 'reverted');
  for (const [index, { runId, event, name }] of changes.entries()) {
    const earlier = changes.slice(0, index);
    const first = earlier.findIndex((word) => word.runId === runId);
    if (first === -1 || earlier.slice(first).every((word) => word.runId === runId)) continue;
    violations.add('interleaved', `${name ?? ''} ${event}, after another run had gone on`);
  }
}

/** As long as the fence of a change stands, nobody says of it what became of it. */
function checkResolvedAtRest({ outcomes, end }: Observation, violations: Violations): void {
  const harmless = new Set<FaultKind>([
    ...(['cut lock', 'lose lock', 'end lock session', 'suspend', 'freeze'] as const),
    ...(['interrupt', 'terminate'] as const),
  ]);
  if (outcomes.some(({ struck }) => struck.some((kind) => !harmless.has(kind)))) return;
  for (const resolved of end.journal.filter(({ event }) => event === 'resolved')) {
    const words = end.journal.filter(({ name }) => name === resolved.name);
    const begun = words.filter(({ id, event }) => event === 'started' && id < resolved.id).at(-1);
    const over = words.find(
      ({ id, runId, event }) =>
        id > resolved.id && runId === begun?.runId && (event === 'applied' || event === 'reverted'),
    );
    if (over) violations.add('under way', `${resolved.name ?? ''} was resolved before its end`);
  }
}
