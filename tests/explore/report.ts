import { describeSchedule } from './describe.js';
import { type Tally } from './explore.js';
import { type Observation } from './observe.js';
import { type Schedule } from './schedule.js';
import { RULES, type Violation } from './violation.js';

/** What is printed of a schedule that broke a rule. */
export function renderFailure(
  title: string,
  command: string,
  schedule: Schedule,
  violations: readonly Violation[],
): string {
  return [
    `\n--- ${title}`,
    describeSchedule(schedule),
    ...violations.map(({ rule, text }) => `VIOLATION ${rule}: ${text}`),
    `  (must hold: ${[...new Set(violations.map(({ rule }) => RULES[rule]))].join('; ')})`,
    `replay: ${command}`,
    '',
  ].join('\n');
}

/** What each runner said, for `--verbose`. */
export function renderOutcomes({ outcomes, recovery, after, end }: Observation): string {
  const told = [...outcomes, ...recovery.resolves.map(({ outcome }) => outcome), recovery.up];
  return [
    ...told.map(
      ({ index, code, signal, struck, stdout, stderr, tookMs }) =>
        `  runner ${index + 1}: exit ${code ?? signal ?? '?'} after ${tookMs} ms, struck by [${struck.join(', ')}]\n    ${stdout.trim()}\n    ${stderr.trim().replaceAll('\n', '\n    ')}`,
    ),
    `  history: ${after.history?.join(' ') ?? 'no table'}; at the end: ${end.history?.join(' ') ?? 'no table'}`,
    ...end.effects.map(
      ({ id, name, direction, part, runner, application, locked, path }) =>
        `  effect ${id}: ${name} ${direction} ${part}, runner ${runner === null ? '?' : runner + 1}, ${application}, is_locked ${locked}, ${path}`,
    ),
    ...end.journal.map(
      ({ id, event, name, runId, endUnknown }) =>
        `  journal ${id}: ${event} ${name ?? ''} ${runId.slice(0, 8)}${endUnknown ? ' (end unknown)' : ''}`,
    ),
  ].join('\n');
}

/** The last lines: schedules, faults by kind, interleavings, violations. */
export function renderTally({
  schedules,
  failed,
  faults,
  interleavings,
  violations,
  tookMs,
}: Tally): string {
  const list = (entries: Iterable<[string, number]>): string =>
    [...entries]
      .sort(([, a], [, b]) => b - a)
      .map(([kind, times]) => `${kind} ${times}`)
      .join(', ') || 'none';
  const struck = [...faults.values()].reduce((sum, times) => sum + times, 0);
  const seconds = tookMs / 1000;
  return [
    `faults: ${list(faults)}`,
    `interleavings: ${interleavings} schedules in which runners were at work at the same time`,
    ...[...violations].map(
      ([kind, { count, first }]) => `violated in ${count} schedules, first in ${first}: ${kind}`,
    ),
    `${schedules} schedules, ${struck} faults, ${interleavings} interleavings, ${failed} failed in ${seconds.toFixed(0)} s (${(schedules / seconds).toFixed(1)} a second)`,
  ].join('\n');
}
