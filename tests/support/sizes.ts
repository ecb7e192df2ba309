/*
 * How much is run. `npm test` takes a sample, drawn from a seed that is another one each day: of the
 * files that start programs, and within them of what is exhaustive or generated. `npm run test:all`
 * takes all of it, and `npm run test:rest` what the sample of the same seed left out. Between the two
 * is `KNEXWARD_TESTS=ci`: all files, and of what is exhaustive as much as two cores do in half an hour.
 * Every size is here.
 */

const AMOUNTS = ['sample', 'ci', 'all'] as const;

/** How much of what has a size is run. */
export const AMOUNT = process.env['KNEXWARD_TESTS'] ?? 'sample';
const PLACE = AMOUNTS.findIndex((name) => name === AMOUNT);
if (PLACE < 0) throw new Error(`KNEXWARD_TESTS is one of ${AMOUNTS.join(', ')}.`);

/** Whether everything is run. */
export const WHOLE = AMOUNT === 'all';

/** What samples and generators are drawn from: the day, such as 20261127, unless it is given. */
export const SEED = Number(process.env['KNEXWARD_TEST_SEED'] ?? today());
if (!Number.isSafeInteger(SEED)) throw new Error('KNEXWARD_TEST_SEED has to be an integer.');

/** Runs each of the 216 orders of a rolling cut-over, which takes most of an hour; no size includes it. */
export const EVERY_CUT_OVER_ORDER = process.env['CUT_OVER_ORDERS'] === 'all';

/** How many of each, in a sample, in CI and in all; or which share of a file's tests. */
export const SIZES = {
  /** Points at which a fault strikes, of each action in the crash matrix. */
  crashPoints: [2, 8, Infinity],
  /** The same through PgBouncer. */
  crashPointsPooled: [1, 6, Infinity],
  /** Processes that migrate one database at the same moment, and how many times. */
  runnersAtOnce: [8, 50, 50],
  roundsOfRunners: [2, 4, 20],
  /** Schedules of runners and faults that are drawn, acted out and held against a model. */
  explorerSchedules: [8, 20, 150],
  /** Knexfiles and folders that are drawn and held against what Knex makes of them. */
  drawnKnexfiles: [300, 1000, 2000],
  /** Of these, projects that both run for real. */
  runKnexfiles: [6, 40, 150],
  /** Configurations of db-migrate's that are drawn and held against what db-migrate makes of them. */
  drawnDbMigrateConfigs: [150, 500, 1000],
  /** Of these, projects that are taken over for real. */
  runDbMigrateConfigs: [3, 20, 60],
  /** Schemas that are drawn and restored from snapshot, baseline and fix script. */
  drawnSchemas: [3, 25, 25],
  /** Texts of SQL that are cut into statements, with the server as the judge. */
  splitTexts: [100, 500, 5_000],
  /** Histories of SQL files that are carried out in a pipeline and one by one. */
  drawnPipelines: [4, 25, 150],
  /** Published projects on Knex that are migrated by both, at once and by turns. */
  knexProjects: [2, 4, Infinity],
  /** Made-up migrations for db-migrate's driver and for ours. */
  generatedMigrations: [50, 150, 320],
  /** Orders of those in which every pair of choices in a rolling cut-over meets. */
  cutOverOrders: [1, 2, Infinity],
  /** What each command does in each state of a takeover. */
  statesOfTakeover: [8, 20, Infinity],
  /** Databases of which `wait` says what `status` says. */
  statesOfWait: [25, 100, 100],
  /** Histories with rows that Knex does not write. */
  oddRows: [10, 30, 50],
  /** Where the config.json of a scope leaves its history. */
  homesOfScopes: [2, Infinity, Infinity],
  /** Shares of the tests that start a process, or a server, for each step. */
  storiesOfDbMigrate: [1 / 4, 1 / 2, 1],
  programsOfDbMigrate: [1 / 2, 1, 1],
  embeddedServer: [1 / 2, 1, 1],
  unleashMigrator: [1 / 2, 1, 1],
  sideBySide: [1 / 2, 1, 1],
  libraryInProcesses: [1 / 2, 1, 1],
  /** Migrations that go up and down with db-migrate's driver and with ours. */
  migrationsOfDriver: [10, Infinity, Infinity],
  /** Messages at which loading a baseline is disturbed, in each of four ways. */
  baselineFaults: [2, 20, Infinity],
  /** Changes that are planted in a schema, to be found and fixed. */
  plantedChanges: [30, 120, Infinity],
  changesOfUnleash: [6, 20, Infinity],
  /** Ways to change the whole server in a rehearsal. */
  confinedChanges: [20, 60, Infinity],
  /** Documents whose commands are run. */
  documents: [1, Infinity, Infinity],
  /** Errors and warnings that are produced, each with its page. */
  errorScenarios: [15, Infinity, Infinity],
  problemScenarios: [5, Infinity, Infinity],
} as const satisfies Record<string, readonly [sample: number, ci: number, all: number]>;

/** `npm test` runs one in so many of the files that start programs, and after as many days each of them. */
export const DAYS_UNTIL_ALL_FILES = 3;

/** The test files, sorted, that the sample takes: unit tests always, and others when it is their day. */
export function filesOfSample(paths: readonly string[], seed = SEED): string[] {
  const sorted = [...paths].sort();
  const others = sorted.filter((path) => !path.includes('/unit/'));
  return sorted.filter(
    (path) => path.includes('/unit/') || (others.indexOf(path) + seed) % DAYS_UNTIL_ALL_FILES === 0,
  );
}

/** What has a size. */
export type Sized = keyof typeof SIZES;

/** How many there are to be. */
export function sizeOf(what: Sized): number {
  return SIZES[what][PLACE] as number;
}

/** As many of a list as its size allows, drawn from the seed, in the list's order. */
export function sampleOf<T>(what: Sized, list: readonly T[]): T[] {
  // Of one day, each list has numbers of its own.
  return draw(list, sizeOf(what), hashOf(`${SEED} ${what}`));
}

/**
 * Jest's `it` for a share of a file's tests, each drawn by its name; the others are shown as skipped.
 */
export function itOfSample(what: Sized): jest.It {
  const share = sizeOf(what);
  const isDrawn = (name: string): boolean => randomNumbers(hashOf(`${SEED} ${name}`))() < share;
  const drawn = ((name: string, ...rest: [jest.ProvidesCallback]) =>
    (isDrawn(name) ? it : it.skip)(name, ...rest)) as jest.It;
  return drawn;
}

/** Draws so many of a list, each with the same chance, and leaves them in its order. */
export function draw<T>(list: readonly T[], count: number, seed: number): T[] {
  const next = randomNumbers(seed);
  let wanted = Math.min(count, list.length);
  return list.filter((_, index) => {
    const taken = next() * (list.length - index) < wanted;
    if (taken) wanted -= 1;
    return taken;
  });
}

/** Numbers from 0 to below 1 that depend on the seed only (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** FNV-1a. */
function hashOf(text: string): number {
  return [...text].reduce(
    (hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16777619),
    -2128831035,
  );
}

function today(): string {
  return new Date().toISOString().slice(0, 10).replaceAll('-', '');
}
