import { fit } from './draw.js';
import { canBeApplied, type PlannedMigration, type Schedule } from './schedule.js';
import { kindOf, type Violation } from './violation.js';

/** Acts a schedule out and says what was wrong. */
export type Trial = (schedule: Schedule) => Promise<Violation[]>;

/** The smallest schedule found that still fails in the same way, and what is wrong with it. */
export interface Shrunk {
  schedule: Schedule;
  violations: Violation[];
  trials: number;
}

/** Moments are never quite the same, so one success says little. */
const TRIES = 3;

/**
 * Takes away from a schedule as long as what is left fails in the same way: runners, faults,
 * migrations, then what is special about each. Greedy: the first smaller one that fails goes on.
 */
export async function shrink(
  start: Schedule,
  kind: string,
  trial: Trial,
  deadline: number,
): Promise<Shrunk> {
  let best: Shrunk = { schedule: start, violations: [], trials: 0 };
  let trials = 0;
  for (let smaller = true; smaller;) {
    smaller = false;
    for (const candidate of smallerThan(best.schedule)) {
      for (let tried = 0; tried < TRIES && Date.now() < deadline; tried++) {
        trials++;
        const violations = await trial(candidate);
        if (!violations.some((violation) => kindOf(violation) === kind)) continue;
        best = { schedule: candidate, violations, trials };
        smaller = true;
        break;
      }
      if (smaller) break;
    }
    if (Date.now() >= deadline) break;
  }
  return { ...best, trials };
}

/** Every schedule that is one step smaller, those that take most away first. */
export function* smallerThan(schedule: Schedule): Generator<Schedule> {
  const { runners, migrations, surroundings, applied } = schedule;
  const pooled = surroundings.route === 'pooled';
  const fitted = (change: Partial<Schedule>): Schedule => fit({ ...schedule, ...change }, true);
  for (const index of runners.keys()) {
    if (runners.length > 1) yield fitted({ runners: without(runners, index) });
  }
  for (const [index, runner] of runners.entries()) {
    for (const at of runner.faults.keys()) {
      const fewer = { ...runner, faults: without(runner.faults, at) };
      yield fitted({ runners: replaced(runners, index, fewer) });
    }
  }
  if (schedule.tableLock) yield fitted({ tableLock: null });
  if (schedule.diskFull) yield fitted({ diskFull: null });
  for (const index of migrations.keys()) {
    if (migrations.length > 1) {
      const left = without(migrations, index);
      yield fitted({ migrations: left, applied: Math.min(applied, left.length) });
    }
  }
  if (applied > 0 && !schedule.diskFull) yield fitted({ applied: 0 });
  for (const plainer of plainerSurroundings(schedule)) yield fitted({ surroundings: plainer });
  if (pooled) yield fitted({ surroundings: { ...surroundings, route: 'direct' } });
  for (const [index, migration] of migrations.entries()) {
    for (const plainer of plainerThan(migration)) {
      yield fitted({ migrations: replaced(migrations, index, plainer) });
    }
  }
  for (const [index, runner] of runners.entries()) {
    if (runner.atMs > 0) {
      yield fitted({ runners: replaced(runners, index, { ...runner, atMs: 0 }) });
    }
  }
}

function* plainerSurroundings({ surroundings }: Schedule): Generator<Schedule['surroundings']> {
  const { role, roleSettings, poolMax, queryTimeoutMs, lockTimeout, retries } = surroundings;
  if (role === 'few') yield { ...surroundings, role: 'owner' };
  for (const index of roleSettings.keys()) {
    yield { ...surroundings, roleSettings: without(roleSettings, index) };
  }
  if (poolMax < 10) yield { ...surroundings, poolMax: 10 };
  if (queryTimeoutMs !== null) yield { ...surroundings, queryTimeoutMs: null };
  if (lockTimeout !== null) yield { ...surroundings, lockTimeout: null };
  if (retries !== null) yield { ...surroundings, retries: null };
}

function* plainerThan(migration: PlannedMigration): Generator<PlannedMigration> {
  const { sleepMs, style, session, index, ending, transaction } = migration;
  if (!canBeApplied(migration)) yield { ...migration, ending: 'well' };
  if (ending === 'commits') yield { ...migration, ending: 'well' };
  if (session !== null) yield { ...migration, session: null };
  if (index) yield { ...migration, index: false };
  if (sleepMs > 0) yield { ...migration, sleepMs: 0 };
  if (style !== 'await') yield { ...migration, style: 'await' };
  if (!transaction) yield { ...migration, transaction: true, index: false };
}

function without<T>(list: readonly T[], index: number): T[] {
  return list.filter((_, at) => at !== index);
}

function replaced<T>(list: readonly T[], index: number, by: T): T[] {
  return list.map((one, at) => (at === index ? by : one));
}
