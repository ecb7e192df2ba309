import { CommandLinePool } from '../support/command-line/pool.js';
import { findPgBouncer } from '../support/pgbouncer.js';
import { drawSchedule } from './draw.js';
import { violationsOf } from './invariants.js';
import { Lane } from './lane.js';
import { observe, type Observation } from './observe.js';
import { type Schedule } from './schedule.js';
import { kindOf, type Violation } from './violation.js';

export interface ExploreOptions {
  seed: number;
  packageFolder: string;
  lanes: number;
  /** What takes longer than that hangs. */
  limitMs: number;
  /** Which schedules of the seed, in order. */
  schedules: Iterable<number>;
  /** One that was not drawn, in the place of all of them. */
  given?: Schedule | undefined;
  /** Whether to begin another one. */
  goesOn(): boolean;
  onSchedule?(result: ScheduleResult): void | Promise<void>;
}

/** A schedule that was acted out. */
export interface ScheduleResult {
  number: number;
  schedule: Schedule;
  seen: Observation | null;
  violations: Violation[];
  /** Acts out another one in its place, as when it is shrunk. */
  again: (schedule: Schedule) => Promise<Violation[]>;
}

/** What came of all of them. */
export interface Tally {
  schedules: number;
  /** How many of them broke a rule. */
  failed: number;
  faults: Map<string, number>;
  /** In how many schedules runners were at work at the same time. */
  interleavings: number;
  /** By their kind: in how many schedules, and the first of those. */
  violations: Map<string, { count: number; first: number }>;
  tookMs: number;
}

/** Draws schedules, acts each out, and holds what is seen against what must be. */
export async function explore(options: ExploreOptions): Promise<Tally> {
  const { seed, packageFolder, limitMs } = options;
  const began = Date.now();
  const pool = new CommandLinePool();
  const withPooler = findPgBouncer() !== null;
  const tally: Tally = {
    ...{
      schedules: 0,
      failed: 0,
      faults: new Map(),
      interleavings: 0,
      violations: new Map(),
      tookMs: 0,
    },
  };
  const left = options.schedules[Symbol.iterator]();
  const work = async (lane: Lane): Promise<void> => {
    const stage = { lane, pool, packageFolder, limitMs };
    const act = async (schedule: Schedule): Promise<[Observation | null, Violation[]]> => {
      pool.warm(schedule.runners.length);
      try {
        const seen = await observe(stage, schedule);
        return [seen, violationsOf(seen)];
      } catch (error) {
        // A long run is not to end because of one schedule that cannot be judged.
        return [null, [{ rule: 'explorer', text: String((error as Error).stack ?? error) }]];
      }
    };
    while (options.goesOn()) {
      const { value: number, done } = left.next() as IteratorResult<number, undefined>;
      if (done || number === undefined) return;
      const schedule = options.given ?? drawSchedule(seed, number, withPooler);
      const [seen, violations] = await act(schedule);
      count(tally, number, seen, violations);
      const again = async (other: Schedule): Promise<Violation[]> => (await act(other))[1];
      await options.onSchedule?.({ number, schedule, seen, violations, again });
    }
  };
  const lanes = await Promise.all(Array.from({ length: options.lanes }, () => Lane.open()));
  try {
    await Promise.all(lanes.map(work));
  } finally {
    pool.close();
    await Promise.all(lanes.map((lane) => lane.close()));
  }
  return { ...tally, tookMs: Date.now() - began };
}

function count(
  tally: Tally,
  number: number,
  seen: Observation | null,
  violations: readonly Violation[],
): void {
  tally.schedules++;
  if (violations.length > 0) tally.failed++;
  const add = (kind: string): void =>
    void tally.faults.set(kind, (tally.faults.get(kind) ?? 0) + 1);
  for (const { struck } of seen?.outcomes ?? []) struck.forEach(add);
  if (seen?.tableHeld) add('table held');
  if (seen?.schedule.diskFull) add('disk full');
  if (seen && overlap(seen)) tally.interleavings++;
  for (const kind of new Set(violations.map(kindOf))) {
    const known = tally.violations.get(kind);
    tally.violations.set(kind, {
      count: (known?.count ?? 0) + 1,
      first: Math.min(known?.first ?? number, number),
    });
  }
}

/** Whether two runners were at work at the same time. */
function overlap({ outcomes }: Observation): boolean {
  const [first] = outcomes;
  const spans = outcomes.map(({ planned: { atMs, afterFault }, tookMs }) => {
    // Where nothing has struck the first, it begins after that one's end.
    const ended = afterFault && first && first.struck.length === 0 ? first.tookMs : 0;
    return [atMs + ended, atMs + ended + tookMs];
  });
  return spans.some(([from = 0, to = 0], index) =>
    spans.some(([start = 0], other) => other !== index && start >= from && start < to),
  );
}
