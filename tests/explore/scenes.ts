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
  /** The connection is lost right before a commit, or right after it, before its answer. */
  | { kind: 'answer lost'; fault: PlannedFault; at: Placed }
  /** The first change of several in transactions cannot be recorded. */
  | { kind: 'not recorded'; table: 'history' | 'journal'; row: number; at: Placed }
  /** The code of a change that has failed, or was stopped, goes on; `null`: it fails by itself. */
  | { kind: 'goes on'; fault: PlannedFault | null; at: Placed };

/** The change that it happens at, which is the first that is pending. */
interface Placed {
  sleepMs: number;
  sleepIn: PlannedMigration['sleepIn'];
  format: 'knex' | 'db-migrate' | 'sql';
  style: 'await' | 'retries';
  transaction: boolean;
  table: boolean;
  /** When the second runner begins, counted from the fault. */
  nextAtMs: number;
}

const placed: fc.Arbitrary<Placed> = fc.record({
  sleepMs: fc.constantFrom(400, 800),
  sleepIn: fc.constantFrom('server', 'client'),
  format: fc.constantFrom('knex', 'knex', 'db-migrate', 'sql'),
  style: fc.constantFrom('await', 'await', 'retries'),
  transaction: fc.boolean(),
  nextAtMs: fc.constantFrom(0, 0, 20, 150),
  table: fc.boolean(),
});

const UP: Command = { kind: 'up', count: null };
/** Of the migration that it happens at. */
const RESOLVE: Command = { kind: 'resolve', migration: 0 };
const BY_HAND: Command = { kind: 'by hand', verdict: 'applied' };
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
      message: fc.constantFrom(1, 1, 2, 3),
      when: fc.constantFrom('before', 'after'),
      ms: fc.constantFrom(800, 1500),
    })
    .map((fault) => {
      // While it is frozen right before the look, or after it, others may come in between.
      if (fault.kind !== 'suspend' || (fault.from === 'change' && fault.message > 1)) return fault;
      return { ...fault, from: 'look', message: 1 };
    });

/** What ends a connection, and leaves the runner as it is. */
const LOSSES: PlannedFault['kind'][] = ['cut', 'cut all', 'end change session', 'restart server'];

/** What stops a change, and not its code. */
const stops = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  {
    weight: 2,
    arbitrary: fc.record<PlannedFault>({
      kind: fc.constantFrom('interrupt', 'terminate', 'cut all', 'cut all', 'cut all'),
      from: fc.constant('change'),
      message: fc.integer({ min: 2, max: 12 }),
      when: fc.constantFrom('before', 'after'),
      ms: fc.constant(800),
    }),
  },
);

export const drawnScenes: fc.Arbitrary<Scene> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        kind: fc.constant('taken over' as const),
        fault: soon(['lose lock', 'suspend', 'suspend', 'suspend', 'suspend', 'end lock session']),
        next: fc.oneof(
          { weight: 5, arbitrary: fc.constant(UP) },
          { weight: 4, arbitrary: fc.constant(BY_HAND) },
          { weight: 3, arbitrary: fc.constantFrom(...downs.slice(1)) },
          { weight: 2, arbitrary: fc.constant(RESOLVE) },
        ),
        at: placed,
      })
      .map((scene): Scene => {
        const { fault, next, at } = scene;
        if (fault.kind !== 'suspend' || fault.from !== 'look') return scene;
        // Before its look, a person who only looks finds nothing to say. After it, a change by hand has to wait,
        // and whoever comes while it is in a transaction.
        if (fault.when === 'before') return { ...scene, next: next === RESOLVE ? BY_HAND : next };
        return {
          ...{ ...scene, next: next === RESOLVE ? next : UP },
          at: { ...at, transaction: false, format: at.format === 'sql' ? at.format : 'knex' },
        };
      }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('cut off' as const),
      fault: soon(['kill', 'kill', 'terminate', ...LOSSES]),
      at: placed.map((at) => ({ ...at, transaction: false })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('answer lost' as const),
      fault: fc.record<PlannedFault>({
        kind: fc.constantFrom('cut', 'cut', ...LOSSES),
        from: fc.constant('commit'),
        message: fc.constantFrom(1, 1, 1, 2),
        when: fc.constantFrom('before', 'after'),
        ms: fc.constant(800),
      }),
      at: placed.map((at) => ({ ...at, sleepMs: 0 })),
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
      row: fc.constantFrom(1, 1, 2),
      at: placed.map((at) => ({ ...at, sleepMs: 0, transaction: true })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('goes on' as const),
      fault: stops,
      at: fc
        .tuple(placed, fc.constantFrom(0, 50, 200), fc.constantFrom('await', 'retries', 'retries'))
        .map(([at, sleepMs, style]) => ({
          ...{ ...at, sleepMs, style },
          // In a transaction of its own, Knex refuses what comes late; where it sends nothing itself, nobody does.
          format: at.transaction ? ('db-migrate' as const) : ('knex' as const),
        })),
    }),
  },
);

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
