import { calledFrom } from '../command-line.js';
import { relative } from 'node:path';
import { type Difference } from '../schema/compare.js';
import { isSound, type RoundTrip, type RoundTrips } from '../verify/round-trip.js';
import { countOf } from '../count.js';
import { type Colors } from './output.js';

/** What became of what is pending on its way up, down and up again; nothing where it was not asked. */
export function renderRoundTrips(
  { roundTrip, notTried }: { roundTrip: RoundTrip[] | null } & Pick<RoundTrips, 'notTried'>,
  c: Colors,
): string[] {
  if (roundTrip === null) return [];
  if (roundTrip.length === 0) return ['Nothing is pending: no round trip to run'];
  return [
    heading(roundTrip, roundTrip.length + notTried.length),
    ...roundTrip.flatMap((trip) => tripLines(trip, c)),
    ...notTried.map((name) => `  ${c.yellow('!')} ${name}: not tried`),
  ];
}

function heading(trips: readonly RoundTrip[], total: number): string {
  const unsound = trips.filter((trip) => !isSound(trip)).length;
  if (unsound > 0) {
    return `Found ${unsound} of ${countOf(total, 'pending migration')} that ${unsound === 1 ? 'does' : 'do'} not go up, down and up again:`;
  }
  const but = trips.every(({ reversible }) => reversible) ? '' : ', except those without a down';
  if (total === 1) return `The pending migration goes up, down and up again${but}`;
  return `All ${total} pending migrations go up, down and up again${but}`;
}

function tripLines(trip: RoundTrip, c: Colors): string[] {
  const { name, reversible } = trip;
  if (isSound(trip)) {
    return [
      reversible
        ? `  ${c.green('✓')} ${name}`
        : `  ${c.yellow('!')} ${name}: has no down, so only its up was run`,
    ];
  }
  return faultsOf(trip).map((fault) => `  ${c.red('✗')} ${name}: ${fault}`);
}

/** What is wrong with a round trip, in words; nothing where it is sound. */
export function faultsOf({ forgotten, changed, failed }: RoundTrip): string[] {
  return [
    ...forgotten.map((difference) => `down ${worded(difference, 'leaves')}`),
    ...changed.map((difference) => `the second up ${worded(difference, 'makes')}`),
    ...(failed === null ? [] : [`${FAILS[failed.step]}: ${failed.message}${place(failed)}`]),
  ];
}

const FAILS = {
  up: 'cannot be applied',
  down: 'cannot be reverted',
  'up again': 'cannot be applied again after down',
} as const;

function place({ file, line, sqlstate }: NonNullable<RoundTrip['failed']>): string {
  const code = sqlstate === null ? '' : ` (SQLSTATE ${sqlstate})`;
  if (file === null) return code;
  return `${code} at ${relative(calledFrom(), file)}${line === null ? '' : `:${line}`}`;
}

function worded({ kind, object, expected, actual }: Difference, verb: 'leaves' | 'makes'): string {
  const what = `${kind} ${object}`;
  if (expected === null) return verb === 'leaves' ? `leaves ${what} behind` : `makes ${what} too`;
  if (actual === null) {
    return verb === 'leaves' ? `does not restore ${what}` : `does not make ${what}`;
  }
  const parts = Object.keys(expected).map(
    (part) => `${part} ${shown(actual[part])}, where it was ${shown(expected[part])}`,
  );
  return `${verb} ${what} changed: ${parts.join('; ')}`;
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
