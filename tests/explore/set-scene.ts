import {
  canBeApplied,
  type PlannedMigration,
  type PlannedRunner,
  type Schedule,
} from './schedule.js';
import { type Placed, type Scene, UP } from './scenes.js';

/** Puts a scene into a schedule. */
export function set(scene: Scene, schedule: Schedule): Schedule {
  const [first, second, ...rest] = schedule.runners as [PlannedRunner, PlannedRunner];
  const calm = { ...first, atMs: 0, faults: [] };
  // Nobody comes before the first, so that it gets to where it is struck.
  const later = [second, ...rest].map((runner) => ({ ...runner, afterFault: true }));
  switch (scene.kind) {
    case 'taken over':
    case 'cut off': {
      const { schedule: placedIn, index } = placedAt(schedule, scene.at);
      const one = { ...calm, command: UP, faults: [scene.fault] };
      const next = scene.kind === 'taken over' ? scene.next : UP;
      const command = next.kind === 'resolve' ? { ...next, migration: index } : next;
      const two = { ...second, command, atMs: scene.at.nextAtMs, afterFault: true, faults: [] };
      return { ...placedIn, runners: [one, two, ...later.slice(1)] };
    }
    case 'not recorded': {
      const { table, row, at } = scene;
      // The disk is full once something is applied.
      const before = schedule.migrations.slice(0, 1);
      const longer = { ...schedule, migrations: [...before, ...schedule.migrations], applied: 1 };
      const { schedule: placedIn, index } = placedAt(longer, at);
      const { schedule: both } = placedAt({ ...placedIn, applied: index + 1 }, at);
      const runners = [{ ...calm, command: UP, json: true }, second, ...rest];
      return { ...both, applied: index, runners, diskFull: { table, row } };
    }
    case 'answer lost': {
      const { schedule: placedIn } = placedAt(schedule, scene.at);
      const one = { ...calm, command: UP, json: true, faults: [scene.fault] };
      return { ...placedIn, runners: [one, ...later] };
    }
    case 'goes on': {
      const { schedule: placedIn, index } = placedAt(schedule, scene.at);
      if (scene.fault) {
        const one = { ...calm, command: UP, faults: [scene.fault] };
        return { ...placedIn, runners: [one, ...later] };
      }
      const goingOn = { style: 'together', ending: 'fails' } as const;
      const migrations = placedIn.migrations.map((one, place) =>
        place === index ? { ...one, ...goingOn } : one,
      );
      return { ...placedIn, migrations, runners: [{ ...calm, command: UP }, second, ...rest] };
    }
    case 'reverted twice': {
      const migrations = schedule.migrations.map((one) =>
        canBeApplied(one) ? one : { ...one, ending: 'well' as const },
      );
      const one = { ...calm, command: scene.first };
      const two = { ...second, command: scene.second, atMs: scene.atMs, faults: [] };
      return { ...schedule, migrations, applied: migrations.length, runners: [one, two, ...rest] };
    }
    case 'made meanwhile': {
      const { schedule: placedIn } = placedAt(schedule, scene.at);
      const one = { ...calm, command: UP, faults: [scene.fault] };
      const two = { ...second, command: scene.next, atMs: scene.at.nextAtMs, faults: [] };
      return { ...placedIn, runners: [one, { ...two, afterFault: true }, ...later.slice(1)] };
    }
    case 'stalled': {
      const { schedule: placedIn } = placedAt(schedule, scene.at);
      const one = { ...calm, command: UP, faults: [scene.fault] };
      const direct = { ...placedIn.surroundings, route: 'direct' as const };
      return { ...placedIn, surroundings: direct, runners: [one, ...later] };
    }
    case 'busy': {
      const { schedule: placedIn, index } = placedAt(schedule, scene.at);
      const migrations = placedIn.migrations.map((one, place) =>
        place === index ? commitsByItself(one) : one,
      );
      const one = { ...calm, command: UP, faults: [scene.fault] };
      return {
        ...{ ...placedIn, migrations, tableLock: null, runners: [one, ...later] },
        surroundings: { ...placedIn.surroundings, lockTimeout: '200ms', retries: null },
      };
    }
  }
}

/** Makes the first change that is pending the one that it happens at. */
function placedAt(
  schedule: Schedule,
  { sleepMs, sleepIn, format, style, transaction, table }: Placed,
): { schedule: Schedule; index: number } {
  const applied = Math.max(Math.min(schedule.applied, schedule.migrations.length - 2), 0);
  const migrations = schedule.migrations.map((one, place): PlannedMigration => {
    if (place < applied && !canBeApplied(one)) return { ...one, ending: 'well' };
    if (place !== applied) return one;
    return {
      ...{ ...one, format, sleepMs, table, ending: 'well', index: false },
      style: format === 'sql' ? 'await' : style,
      transaction: transaction || format === 'db-migrate',
      sleepIn: format === 'sql' ? 'server' : sleepIn,
    };
  });
  const surroundings = {
    ...{ ...schedule.surroundings, queryTimeoutMs: null, roleSettings: [], waitForLock: '3s' },
  };
  return { schedule: { ...schedule, migrations, applied, surroundings }, index: applied };
}

function commitsByItself(one: PlannedMigration): PlannedMigration {
  return { ...one, format: 'sql', transaction: true, sleepIn: 'server', ending: 'commits' };
}
