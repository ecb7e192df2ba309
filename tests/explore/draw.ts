import fc from 'fast-check';
import { suitsKnex } from './model.js';
import { drawnScenes, type Scene } from './scenes.js';
import {
  type Command,
  type DiskFull,
  FAULT_KINDS,
  type PlannedFault,
  type PlannedMigration,
  type PlannedRunner,
  type RoleSetting,
  type Schedule,
  type Surroundings,
  type TableLock,
} from './schedule.js';
import { set } from './set-scene.js';

/** Draws the k-th schedule of a seed: the same one each time, without those before it. */
export function drawSchedule(seed: number, k: number, withPooler: boolean): Schedule {
  const own = Math.imul(seed, 1_000_003) + k;
  const { scene, ...schedule } = madeAlike(drawOne(schedules, own), drawOne(allSql, own + APART));
  return fit(scene === null ? schedule : set(scene, schedule), withPooler);
}

function drawOne<T>(arbitrary: fc.Arbitrary<T>, seed: number): T {
  const [drawn] = fc.sample(arbitrary, { seed, numRuns: 1 });
  if (drawn === undefined) throw new Error('fast-check drew nothing.');
  return drawn;
}

/** One of these, each as likely as its number says. */
function oftenOneOf<T>(...values: [weight: number, value: T][]): fc.Arbitrary<T> {
  return fc.oneof(...values.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));
}

const migrations: fc.Arbitrary<PlannedMigration> = fc
  .record({
    format: oftenOneOf<PlannedMigration['format']>([5, 'knex'], [3, 'sql'], [3, 'db-migrate']),
    transaction: oftenOneOf([7, true], [3, false]),
    style: oftenOneOf<PlannedMigration['style']>(
      ...(
        [
          [5, 'await'],
          [2, 'callback'],
          [2, 'together'],
          [1, 'swallow'],
          [1, 'retries'],
        ] as const
      ).map(([weight, style]) => [weight, style] as [number, PlannedMigration['style']]),
    ),
    sleepMs: oftenOneOf([5, 0], [3, 50], [4, 200], [2, 600]),
    sleepIn: oftenOneOf<PlannedMigration['sleepIn']>([2, 'server'], [1, 'client']),
    ending: oftenOneOf<PlannedMigration['ending']>(
      ...(
        [
          [14, 'well'],
          [2, 'fails'],
          [2, 'commits'],
          [1, 'rolls back'],
        ] as const
      ).map(([weight, ending]) => [weight, ending] as [number, PlannedMigration['ending']]),
    ),
    session: oftenOneOf<PlannedMigration['session']>(
      [12, null],
      [1, 'search_path'],
      [1, 'timezone'],
    ),
    index: oftenOneOf([2, false], [1, true]),
    table: oftenOneOf([2, true], [1, false]),
  })
  .map(possible);

/** Takes out what a file of its format cannot say. */
function possible(drawn: PlannedMigration): PlannedMigration {
  const { format } = drawn;
  const transaction = format === 'db-migrate' || drawn.transaction;
  const styles = {
    knex: ['await', 'together', 'swallow', 'retries'],
    sql: ['await'],
    'db-migrate': null,
  };
  const style = (styles[format]?.includes(drawn.style) ?? true) ? drawn.style : 'await';
  const ownEnd = drawn.ending === 'commits' || drawn.ending === 'rolls back';
  const ending = ownEnd && (format !== 'sql' || !transaction) ? 'well' : drawn.ending;
  return {
    ...{ ...drawn, transaction, style, ending },
    sleepIn: format === 'sql' ? 'server' : drawn.sleepIn,
    index: drawn.index && format === 'knex' && !transaction,
    // An index is made on a table.
    table: drawn.table || (drawn.index && format === 'knex' && !transaction),
  };
}

/** Anywhere, or at one of the first messages from where it matters. */
const moments = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      from: fc.constantFrom<PlannedFault['from'][]>('start', 'start', 'change'),
      message: fc.oneof(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 45 })),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      from: fc.constantFrom<PlannedFault['from'][]>('look', 'change', 'commit'),
      message: fc.constantFrom(1, 1, 1, 2, 3),
    }),
  },
);

const faults: fc.Arbitrary<PlannedFault> = fc
  .tuple(
    moments,
    fc.record({
      kind: fc.constantFrom(...FAULT_KINDS),
      when: fc.constantFrom('before', 'after'),
      ms: fc.constantFrom(300, 800, 2000),
    }),
  )
  .map(([moment, fault]) => ({ ...moment, ...fault }));

const ups: fc.Arbitrary<Command> = oftenOneOf<Command>(
  [7, { kind: 'up', count: null }],
  [1, { kind: 'up', count: 1 }],
  [1, { kind: 'library', call: 'up' }],
  [1, { kind: 'library', call: 'latest' }],
);
const others: fc.Arbitrary<Command> = fc.oneof(
  { weight: 7, arbitrary: ups },
  {
    weight: 3,
    arbitrary: fc.constantFrom('last', 'batch', 'all').map((extent) => ({
      ...{ kind: 'down' as const, extent },
    })),
  },
  { weight: 1, arbitrary: fc.constant<Command>({ kind: 'redo' }) },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 0, max: 5 }).map((migration) => ({
      ...{ kind: 'resolve' as const, migration },
    })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('applied', 'reverted').map((verdict) => ({
      ...{ kind: 'by hand' as const, verdict },
    })),
  },
  { weight: 1, arbitrary: fc.constant<Command>({ kind: 'wait' }) },
  { weight: 1, arbitrary: fc.constant<Command>({ kind: 'knex' }) },
);

const runnerOf = (command: fc.Arbitrary<Command>, latestMs: number): fc.Arbitrary<PlannedRunner> =>
  fc.record({
    command,
    json: oftenOneOf([3, true], [1, false]),
    // Most begin while the first is at work; some after it.
    atMs: fc.oneof(
      fc.integer({ min: 0, max: latestMs / 6 }),
      fc.integer({ min: 0, max: latestMs }),
    ),
    faults: fc.array(faults, { maxLength: 2 }),
  });

const surroundings: fc.Arbitrary<Surroundings> = fc.record({
  role: oftenOneOf<Surroundings['role']>([3, 'owner'], [2, 'few']),
  route: oftenOneOf<Surroundings['route']>([4, 'direct'], [1, 'pooled']),
  roleSettings: fc
    .oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      {
        weight: 2,
        arbitrary: fc.array(
          fc.constantFrom<RoleSetting[]>(
            'default_transaction_isolation=serializable',
            'default_transaction_isolation=repeatable read',
            'lock_timeout=100ms',
            'statement_timeout=200ms',
            'idle_in_transaction_session_timeout=300ms',
            'idle_session_timeout=300ms',
            'transaction_timeout=400ms',
          ),
          { maxLength: 2 },
        ),
      },
    )
    .map((drawn) => [...new Set(drawn)]),
  poolMax: oftenOneOf<Surroundings['poolMax']>([2, 1], [2, 2], [5, 10]),
  queryTimeoutMs: oftenOneOf<number | null>([7, null], [1, 350]),
  lockTimeout: oftenOneOf<string | null>([2, null], [1, '200ms']),
  retries: oftenOneOf<number | null>([2, null], [1, 1]),
  waitForLock: oftenOneOf([3, '3s'], [1, '200ms']),
});

const tableLocks: fc.Arbitrary<TableLock> = fc.record({
  table: fc.constantFrom('history', 'lock', 'journal'),
  atMs: fc.integer({ min: 0, max: 400 }),
  forMs: fc.constantFrom(100, 400, 1000),
  ended: fc.boolean(),
});

const diskFulls: fc.Arbitrary<DiskFull> = fc.record({
  table: fc.constantFrom('history', 'journal'),
  row: fc.integer({ min: 1, max: 4 }),
});

const schedules: fc.Arbitrary<Drawn> = fc.record({
  forKnex: oftenOneOf([7, false], [1, true]),
  scene: fc.oneof(
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 4, arbitrary: drawnScenes },
  ),
  migrations: fc.array(migrations, { minLength: 2, maxLength: 6 }),
  applied: oftenOneOf([3, 0], [1, 1], [2, 2]),
  surroundings,
  runners: fc
    .tuple(runnerOf(ups, 60), fc.array(runnerOf(others, 900), { minLength: 1, maxLength: 2 }))
    .map(([first, rest]) => [first, ...rest]),
  tableLock: fc.oneof(
    { weight: 5, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: tableLocks },
  ),
  diskFull: fc.oneof(
    { weight: 7, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: diskFulls },
  ),
});

/** `forKnex`: a plan of which Knex itself is to run a part. */
type Drawn = Schedule & { forKnex: boolean; scene: Scene | null };

/** Whether a plan is to have SQL files in transactions only, which a run sends in a pipeline. */
const allSql = fc.integer({ min: 0, max: 3 }).map((drawn) => drawn === 0);

/** Where that is drawn, so that all else stays as it was; the schedules that guards.mjs knows stay whole. */
const APART = 1394;

function madeAlike({ forKnex, ...drawn }: Drawn, isAllSql: boolean): Omit<Drawn, 'forKnex'> {
  if (!forKnex) return isAllSql ? { ...drawn, migrations: drawn.migrations.map(asSql) } : drawn;
  const plain = { format: 'knex', transaction: true, style: 'await', ending: 'well' } as const;
  const [first, second, ...rest] = drawn.runners;
  const knex = { ...(second as PlannedRunner), command: { kind: 'knex' as const } };
  return {
    ...{ ...drawn, scene: null },
    surroundings: { ...drawn.surroundings, route: 'direct' },
    migrations: drawn.migrations.map((one) => ({ ...one, ...plain, index: false, table: true })),
    runners: [first as PlannedRunner, knex, ...rest],
  };
}

function asSql(migration: PlannedMigration): PlannedMigration {
  return possible({ ...migration, format: 'sql', transaction: true });
}

/** Makes of what was drawn apart something that goes together. */
export function fit(drawn: Schedule, withPooler: boolean): Schedule {
  const { migrations, surroundings, runners } = drawn;
  const route = withPooler ? surroundings.route : 'direct';
  const pooled = route === 'pooled';
  const knexAllowed = suitsKnex(migrations) && !pooled;
  // What is set for a session reaches other clients there: a pooler's users know.
  const fitting = migrations.map((one) => (pooled ? { ...one, session: null } : one));
  const first = fitting.findIndex(({ ending }) => ending === 'fails' || ending === 'rolls back');
  const most = first === -1 ? fitting.length : first;
  const needed = drawn.diskFull ? Math.max(drawn.applied, 1) : drawn.applied;
  const applied = Math.min(needed, most);
  return {
    ...drawn,
    ...{ migrations: fitting, applied },
    surroundings: { ...surroundings, route },
    diskFull: applied > 0 ? drawn.diskFull : null,
    runners: runners.map((runner) => fitRunner(runner, fitting.length, knexAllowed)),
  };
}

function fitRunner(runner: PlannedRunner, migrations: number, knexAllowed: boolean): PlannedRunner {
  const { command } = runner;
  if (command.kind === 'resolve') {
    return { ...runner, command: { ...command, migration: command.migration % migrations } };
  }
  if (command.kind !== 'knex') return runner;
  if (!knexAllowed) return { ...runner, command: { kind: 'up', count: null } };
  // It promises less: what a fault does to it is not what is asked here.
  return { ...runner, faults: [] };
}
