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
 * migrations, then what is special about each. Greedy: what is smaller and fails is gone on with,
 * from where it was found; a round in which nothing could be taken away is the last.
 */
export async function shrink(
  start: Schedule,
  kind: string,
  trial: Trial,
  deadline: number,
): Promise<Shrunk> {
  const best: Shrunk = { schedule: start, violations: [], trials: 0 };
  const isOver = (): boolean => Date.now() >= deadline;
  const fails = async (candidate: Schedule): Promise<boolean> => {
    for (let tried = 0; tried < TRIES && !isOver(); tried++) {
      best.trials++;
      const violations = await trial(candidate);
      if (!violations.some((violation) => kindOf(violation) === kind)) continue;
      Object.assign(best, { schedule: candidate, violations });
      return true;
    }
    return false;
  };
  for (let smaller = true; smaller && !isOver();) {
    smaller = false;
    for (let place = 0; !isOver();) {
      const candidate = [...smallerThan(best.schedule)][place];
      if (!candidate) break;
      if (await fails(candidate)) smaller = true;
      else place++;
    }
  }
  return best;
}

/** Every schedule that is one step smaller, those that take most away first. */
export function* smallerThan(schedule: Schedule): Generator<Schedule> {
  const { runners, migrations, surroundings, applied } = schedule;
  const pooled = surroundings.route === 'pooled';
  const fitted = (change: Partial<Schedule>): Schedule => fit({ ...schedule, ...change }, true);
  yield* muchSmaller(schedule);
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

/** Much at a time, which spares many steps where the failure needs none of it. */
function* muchSmaller(schedule: Schedule): Generator<Schedule> {
  const { runners, migrations, surroundings, tableLock, diskFull } = schedule;
  if (runners.length > 2) {
    for (const runner of runners) yield fit({ ...schedule, runners: [runner] }, true);
  }
  if (runners.some(({ faults }) => faults.length > 0)) {
    const left = runners.map((runner) => ({ ...runner, faults: [] }));
    yield fit({ ...schedule, runners: left, tableLock: null, diskFull: null }, true);
  }
  const plain = { ...surroundings, ...PLAIN_SURROUNDINGS };
  if (JSON.stringify(plain) !== JSON.stringify(surroundings) || tableLock || diskFull) {
    yield fit({ ...schedule, surroundings: plain, tableLock: null, diskFull: null }, true);
  }
  if (migrations.length > 3) {
    const left = migrations.slice(0, Math.ceil(migrations.length / 2));
    yield fit({ ...schedule, migrations: left }, true);
  }
}

const PLAIN_SURROUNDINGS = {
  ...{ role: 'owner', route: 'direct', roleSettings: [], poolMax: 10 },
  ...{ queryTimeoutMs: null, lockTimeout: null, retries: null },
} satisfies Partial<Schedule['surroundings']>;

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
