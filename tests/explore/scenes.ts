import fc from 'fast-check';
import { type Command, type PlannedFault, type PlannedMigration } from './schedule.js';

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
  /** While somebody looks at what a run is to revert, another run reverts. */
  | { kind: 'reverted twice'; first: Command; second: Command; atMs: number }
  /** Runner 1, whose lock is gone, is in the middle of a change that runner 2, or a person, then makes as well. */
  | { kind: 'made meanwhile'; fault: PlannedFault; next: Command; at: Placed }
  /** A change is stopped while the server has not begun with what it was sent last. */
  | { kind: 'stalled'; fault: PlannedFault; at: Placed }
  /** A change that has committed a part does not get a lock that its record needs. */
  | { kind: 'busy'; fault: PlannedFault; at: Placed }
  /** The connection is lost right before a commit, or right after it, before its answer. */
  | { kind: 'answer lost'; fault: PlannedFault; at: Placed }
  /** The first change of several in transactions cannot be recorded. */
  | { kind: 'not recorded'; table: 'history' | 'journal'; row: number; at: Placed }
  /** The code of a change that has failed, or was stopped, goes on; `null`: it fails by itself. */
  | { kind: 'goes on'; fault: PlannedFault | null; at: Placed };

/** The change that it happens at, which is the first that is pending. */
export interface Placed {
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

export const UP: Command = { kind: 'up', count: null };
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
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('cut off' as const),
      // After any other of these, the failure is recorded.
      fault: soon(['kill', 'kill', 'kill', 'kill', 'terminate', ...LOSSES]),
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
      first: fc.constantFrom<Command[]>({ kind: 'library', call: 'down' }),
      second: fc.constantFrom(...downs),
      atMs: fc.integer({ min: 300, max: 700 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('busy' as const),
      fault: fc.record<PlannedFault>({
        kind: fc.constantFrom('hold history', 'hold journal'),
        ...{ from: fc.constant('change'), message: fc.constant(1), when: fc.constant('before') },
        ms: fc.constant(1500),
      }),
      at: placed.map((at) => ({ ...at, sleepMs: 400 })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('made meanwhile' as const),
      next: fc.constantFrom(UP, BY_HAND),
      fault: fc.record<PlannedFault>({
        kind: fc.constantFrom('suspend', 'suspend', 'suspend', 'lose lock'),
        ...{ from: fc.constant('change'), message: fc.constant(2) },
        when: fc.constantFrom('before', 'after'),
        ms: fc.constantFrom(1500, 2000),
      }),
      // In a transaction, so that nothing but the fence tells of it.
      at: placed.map((at) => ({ ...at, transaction: true, sleepMs: 800 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('stalled' as const),
      fault: fc.record<PlannedFault>({
        kind: fc.constant('stall'),
        from: fc.constant('change'),
        message: fc.integer({ min: 3, max: 12 }),
        when: fc.constant('before'),
        ms: fc.constant(800),
      }),
      at: placed.map((at) => ({
        ...{ ...at, format: 'knex' as const, transaction: false, sleepMs: 0 },
        style: 'retries' as const,
      })),
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
