import { commandLine } from '../command-line.js';
import { countOf, durationOf } from '../count.js';
import { type FleetFailure } from '../fleet/events.js';
import { type FleetResult, type FleetStatus, type TargetStatus } from '../fleet/result.js';
import { pageOf } from '../pages.js';
import { firstOf, TO_COME } from './long-list.js';
import { type Colors } from './output.js';

/** A number as people write it: `10,000`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/**
 * What a fleet run came to.
 *
 * @param options those of the call that say how the run goes, which belong to what continues it
 */
export function renderFleetUp(result: FleetResult, c: Colors, options: readonly string[]): string {
  const lines = result.waves ? renderWaves(result.waves, c) : renderRun(result, c, options);
  return lines.map((line) => `${line}\n`).join('');
}

function renderRun(result: FleetResult, c: Colors, options: readonly string[]): string[] {
  const { done, upToDate, failed, notReached, durationMs, runId } = result;
  const parts = [
    done > 0 && `${grouped(done)} migrated`,
    upToDate > 0 && `${grouped(upToDate)} already up to date`,
    failed.length > 0 && c.red(`${grouped(failed.length)} failed`),
    notReached.length > 0 && `${grouped(notReached.length)} not reached`,
  ].filter(Boolean);
  const more = failed.length > 0 || notReached.length > 0;
  return [
    ...(failed.length > 0 ? ['Failed:', ...failed.map((failure) => failureLine(failure, c))] : []),
    ...[...new Set(failed.map(({ code }) => code))].map((code) => c.dim(`  page  ${pageOf(code)}`)),
    `${targetsOf(result.targets)}: ${parts.join(', ') || 'nothing to do'} ${c.dim(`(${durationOf(durationMs)}, run ${runId})`)}`,
    ...(more ? [`To continue: ${commandLine('fleet', 'up', '--resume', ...options)}`] : []),
  ];
}

function targetsOf(count: number): string {
  return count === 1 ? '1 target' : `${grouped(count)} targets`;
}

function failureLine({ target, code, message }: FleetFailure, c: Colors): string {
  return `  ${c.red('✗')} ${target}: ${code} ${message}`;
}

function renderWaves(waves: NonNullable<FleetResult['waves']>, c: Colors): string[] {
  if (waves.length === 0) return ['Already up to date'];
  return waves.flatMap(({ canary, targets }, index) => {
    const names = targets.map(
      ({ target, pending }) =>
        `  ${c.yellow(target)} ${c.dim(countOf(pending.length, 'pending migration'))}`,
    );
    const title = canary ? 'canaries' : targetsOf(targets.length);
    return [`Wave ${index + 1}: ${title}`, ...firstOf(names, TO_COME, false)];
  });
}

/** The fleet in groups; each target that is not up to date, or all of them. */
export function renderFleetStatus({ targets }: FleetStatus, c: Colors, verbose: boolean): string {
  const shown = targets.filter((each) => verbose || !isInOrder(each));
  const lines = shown.flatMap((each) => [
    `  ${mark(each, c)} ${each.target} ${c.dim(stateOf(each))}`,
    ...each.problems.map(
      ({ code, migration, message }) =>
        `      ${code}${migration === null ? '' : ` ${migration}`}: ${message}`,
    ),
  ]);
  return [
    `${targetsOf(targets.length)}: ${summaryOf(targets)}`,
    ...firstOf(lines, TO_COME, verbose),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

const isInOrder = ({ pending, problems }: TargetStatus): boolean =>
  pending === 0 && problems.length === 0;

function mark(target: TargetStatus, c: Colors): string {
  if (target.problems.length > 0) return c.red('!');
  return target.pending === 0 ? c.green('✓') : c.yellow('…');
}

function stateOf({ applied, pending }: TargetStatus): string {
  if (applied === null || pending === null) return 'cannot be looked at';
  return `${applied} applied, ${pending} pending`;
}

/** `9,994 up to date; 5 have 1 pending; 1 has a problem`, the largest group first. */
function summaryOf(targets: readonly TargetStatus[]): string {
  const groups = new Map<string, { count: number; text: (one: boolean) => string }>();
  const add = (key: string, text: (one: boolean) => string): void => {
    groups.set(key, { count: (groups.get(key)?.count ?? 0) + 1, text });
  };
  for (const { pending, problems } of targets) {
    if (pending === null) add('unknown', () => 'cannot be looked at');
    else if (pending > 0) add(`${pending}`, (one) => `${one ? 'has' : 'have'} ${pending} pending`);
    else if (problems.some(({ code }) => code !== 'AHEAD'))
      add('problems', (one) => `${one ? 'has' : 'have'} a problem`);
    else add('in order', () => 'up to date');
  }
  if (groups.size === 0) return 'none';
  return [...groups.values()]
    .sort((a, b) => b.count - a.count)
    .map(({ count, text }) => `${grouped(count)} ${text(count === 1)}`)
    .join('; ');
}
