import fc from 'fast-check';
import {
  canBeApplied,
  type Command,
  type PlannedFault,
  type PlannedMigration,
  type PlannedRunner,
  type Schedule,
} from './schedule.js';

/*
 * What has to come together for a guard to matter is rarely drawn by chance: a run that loses its lock in the middle of a
 * change while another one waits for it, a change that is killed and a run right after it. A scene puts that into a
 * schedule, and leaves the rest of it as it was drawn.
 */

/** A combination, with what differs from one time to the next. */
export type Scene =
  /** Runner 1 loses its lock at a change, while runner 2 waits for it. */
  | { kind: 'taken over'; fault: PlannedFault; next: Command; at: Placed }
  /** A change outside a transaction is cut off, and runner 2 comes after it. */
  | { kind: 'cut off'; fault: PlannedFault; at: Placed }
  /** Two runs revert at the same moment. */
  | { kind: 'reverted twice'; first: Command; second: Command; atMs: number }
  /** A change that has committed a part does not get a lock that its record needs. */
  | { kind: 'busy'; table: 'history' | 'journal'; atMs: number; at: Placed }
  /** The first change of several in transactions cannot be recorded. */
  | { kind: 'not recorded'; table: 'history' | 'journal'; row: number; at: Placed }
  /** The code of a change that has failed goes on. */
  | { kind: 'goes on'; at: Placed };

/** The change that it happens at, which is the first that is pending. */
interface Placed {
  sleepMs: number;
  sleepIn: PlannedMigration['sleepIn'];
  format: 'knex' | 'db-migrate' | 'sql';
  transaction: boolean;
  table: boolean;
  /** When the second runner begins. */
  nextAtMs: number;
}

const placed: fc.Arbitrary<Placed> = fc.record({
  sleepMs: fc.constantFrom(400, 800),
  sleepIn: fc.constantFrom('server', 'client'),
  format: fc.constantFrom('knex', 'knex', 'db-migrate', 'sql'),
  transaction: fc.boolean(),
  nextAtMs: fc.integer({ min: 50, max: 250 }),
  table: fc.boolean(),
});

const UP: Command = { kind: 'up', count: null };
/** Of the migration that it happens at. */
const RESOLVE: Command = { kind: 'resolve', migration: 0 };
const downs: Command[] = [
  ...(['last', 'last', 'all'] as const).map((extent) => ({ kind: 'down' as const, extent })),
  { kind: 'library', call: 'down' },
];

/** A fault soon after the first change has begun, or between the look before it and its first statement. */
const soon = (kinds: PlannedFault['kind'][]): fc.Arbitrary<PlannedFault> =>
  fc
    .record({
      kind: fc.constantFrom(...kinds),
      from: fc.constantFrom('look', 'change', 'change'),
      message: fc.integer({ min: 1, max: 3 }),
      when: fc.constantFrom('before', 'after'),
      ms: fc.constantFrom(800, 1500),
    })
    .map((fault) => {
      // While it is frozen right after the look, others may come in between.
      if (fault.kind !== 'suspend' || (fault.from === 'change' && fault.message > 1)) return fault;
      return { ...fault, from: 'look', message: 1, when: 'after' };
    });

export const drawnScenes: fc.Arbitrary<Scene> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('taken over' as const),
      fault: soon(['lose lock', 'suspend', 'suspend', 'suspend', 'end lock session', 'cut lock']),
      next: fc.constantFrom<Command[]>(...[UP, UP, UP, UP, ...downs.slice(1), RESOLVE, RESOLVE]),
      at: placed,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('cut off' as const),
      fault: soon(['kill', 'kill', 'cut', 'terminate', 'end change session', 'restart server']),
      at: placed.map((at) => ({ ...at, transaction: false })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reverted twice' as const),
      first: fc.constantFrom(...downs),
      second: fc.constantFrom<Command[]>({ kind: 'library', call: 'down' }),
      atMs: fc.integer({ min: 0, max: 40 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('busy' as const),
      table: fc.constantFrom('history', 'journal'),
      atMs: fc.integer({ min: 50, max: 300 }),
      at: placed.map((at) => ({ ...at, sleepMs: 600 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('not recorded' as const),
      table: fc.constantFrom('history', 'journal'),
      row: fc.constantFrom(1, 2),
      at: placed.map((at) => ({ ...at, sleepMs: 0, transaction: true })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('goes on' as const),
      at: fc.tuple(placed, fc.constantFrom(0, 50)).map(([{ transaction, ...at }, sleepMs]) =>
        // In a transaction of its own, Knex refuses what comes late; where it sends nothing itself, nobody does.
        transaction
          ? { ...at, transaction, sleepMs, format: 'db-migrate' as const }
          : { ...at, transaction, sleepMs, format: 'knex' as const },
      ),
    }),
  },
);

/** Puts a scene into a schedule. */
export function set(scene: Scene, schedule: Schedule): Schedule {
  const [first, second, ...rest] = schedule.runners as [PlannedRunner, PlannedRunner];
  const calm = { ...first, atMs: 0, faults: [] };
  switch (scene.kind) {
    case 'taken over':
    case 'cut off': {
      const { schedule: placedIn, index } = placedAt(schedule, scene.at);
      const one = { ...calm, command: UP, faults: [scene.fault] };
      const next = scene.kind === 'taken over' ? scene.next : UP;
      const command = next.kind === 'resolve' ? { ...next, migration: index } : next;
      const two = { ...second, command, atMs: scene.at.nextAtMs, faults: [] };
      return { ...placedIn, runners: [one, two, ...rest] };
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
    case 'goes on': {
      const { schedule: placedIn, index } = placedAt(schedule, scene.at);
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
    case 'busy': {
      const { table, atMs, at } = scene;
      const { schedule: placedIn, index } = placedAt(schedule, at);
      const migrations = placedIn.migrations.map((one, place) =>
        place === index ? commitsByItself(one) : one,
      );
      return {
        ...{ ...placedIn, migrations, runners: [{ ...calm, command: UP }, second, ...rest] },
        surroundings: { ...placedIn.surroundings, lockTimeout: '200ms' },
        tableLock: { ...{ table, atMs, forMs: 1000 }, ended: false },
      };
    }
  }
}

/** Makes the first change that is pending the one that it happens at. */
function placedAt(
  schedule: Schedule,
  { sleepMs, sleepIn, format, transaction, table }: Placed,
): { schedule: Schedule; index: number } {
  const applied = Math.max(Math.min(schedule.applied, schedule.migrations.length - 2), 0);
  const migrations = schedule.migrations.map((one, place): PlannedMigration => {
    if (place < applied && !canBeApplied(one)) return { ...one, ending: 'well' };
    if (place !== applied) return one;
    return {
      ...{ ...one, format, sleepMs, table, style: 'await', ending: 'well', index: false },
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
