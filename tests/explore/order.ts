import { LEAST_RUN_NUMBER, runNumber } from '../../src/history/knex-lock';
import { type EffectRow, type JournalRow } from './effects.js';
import { isRun } from './claims.js';
import { type Observation } from './observe.js';
import { type RunnerOutcome } from './runners.js';
import { type FaultKind, TAKES_LOCK } from './schedule.js';
import { type Violations } from './violation.js';

/** That runs come one after the other, and that each knows whose turn it is. */
export function checkOrder(seen: Observation, violations: Violations): void {
  for (const outcome of seen.outcomes) checkLossKnown(seen, outcome, violations);
  checkResolvedAtRest(seen, violations);
  // The second run of a redo has the number of its first, and may come after somebody else's.
  if (seen.schedule.runners.some(({ command }) => command.kind === 'redo')) return;
  checkTakenOver(seen.end.effects, violations);
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
    kind === 'restart server' || ((own || pooled) && TAKES_LOCK.has(kind));
  const known = outcomes.some((other) =>
    other.struck.some((kind) => isReason(kind, other.index === index)),
  );
  if (known) return;
  violations.add(
    'lock lost',
    `runner ${index + 1} (${planned.command.kind}) says so, and nothing took its lock away`,
  );
}

/**
 * What a migration sees in Knex's lock row tells whose turn it is. A run may be taken over in the middle
 * of a change; the next one it does not begin.
 */
function checkTakenOver(effects: readonly EffectRow[], violations: Violations): void {
  const overtaken = new Map<string, string>();
  for (const { application, name, direction, locked } of effects) {
    const [tool, runId] = application.split(' ');
    if (tool !== 'knexward' || runId === undefined || direction === 'hand') continue;
    const change = `${direction} of ${name}`;
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
