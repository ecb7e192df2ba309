import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { type Driver, KnexwardError } from 'knexward/compat';
import { type Callback, type Internals } from './internals.js';
import { findFiles, type MigrationFile } from './migration-files.js';

/** A function of a seed, in any of db-migrate's styles. */
export type SeedFunction = (db: Driver, callback: Callback) => unknown;

/** What a seed may export: a version controlled one up and down, a static one the other two. */
export interface SeedModule {
  setup?: (options: unknown) => unknown;
  up?: SeedFunction;
  down?: SeedFunction;
  truncate?: SeedFunction;
  seed?: SeedFunction;
}

/** Finds the seeds of a kind, in the order in which they run. */
export function findSeeds({ argv, mode }: Internals): Promise<MigrationFile[]> {
  const folder = mode === 'static' ? argv['staticseeder-dir'] : argv['vcseeder-dir'];
  return findFiles(resolve(folder), '', ['js']);
}

/** Loads a seed and hands it what db-migrate hands to its `setup`. */
export function loadSeed({ directory, file }: MigrationFile, { dbm }: Internals): SeedModule {
  const path = join(directory, file);
  const seed = createRequire(path)(path) as SeedModule;
  seed.setup?.({ dbmigrate: dbm, Promise });
  return seed;
}

/**
 * Calls a function of a seed and waits until it says that it is done: by its promise, by its
 * callback, or by returning anything at all.
 *
 * @throws KnexwardError `INVALID_MIGRATION` where the seed has no such function, or one that could
 * never say it.
 */
export async function callSeed(
  seed: SeedModule,
  name: 'up' | 'down' | 'truncate' | 'seed',
  file: MigrationFile,
  driver: Driver,
): Promise<void> {
  const work = seed[name];
  if (!work) throw invalid(file, `has no "${name}"`);
  await new Promise<void>((done, fail) => {
    const returned = work.call(seed, driver, (error) => (error ? fail(toError(error)) : done()));
    if (returned instanceof Object && 'then' in returned) {
      Promise.resolve(returned).then(() => done(), fail);
    } else if (returned !== undefined) {
      done();
    } else if (work.length < 2) {
      fail(invalid(file, `returns nothing from "${name}", and takes no callback`));
    }
  });
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

function invalid({ file }: MigrationFile, problem: string): KnexwardError {
  return new KnexwardError('INVALID_MIGRATION', {
    message: `The seed ${file} ${problem}.`,
    fix: 'A version controlled seed exports up and down, a static one truncate and seed; each returns its promise.',
  });
}
