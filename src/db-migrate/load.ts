import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { KnexwardError } from '../errors.js';
import { importModule } from '../import-module.js';
import { type Callback } from './driver/callback.js';
import { type MigrationDriver } from './driver/index.js';
import { missingModules, withDbMigrateModules } from './require-shim.js';
import { type SeedLink, type SetupOptions } from './driver/setup.js';

/** One direction of a migration, in any of db-migrate's styles. */
export type DbMigrateFunction = (db: MigrationDriver, callback: Callback) => unknown;

/** A migration file of db-migrate's, loaded. */
export interface DbMigrateFile {
  /** Called before each direction, with what db-migrate hands to a migration. */
  setup?: (options: SetupOptions, seedLink: SeedLink) => unknown;
  up: DbMigrateFunction;
  /** Absent where the file has no way back. */
  down?: DbMigrateFunction;
  /** Where it was loaded from. */
  path: string;
}

/**
 * Loads a migration that was written for db-migrate: CommonJS, an ES module or TypeScript.
 *
 * @throws KnexwardError `INVALID_MIGRATION` where the file cannot be loaded, is CoffeeScript, or
 *   exports no function `up`.
 */
export async function loadDbMigrateFile(path: string): Promise<DbMigrateFile> {
  const load = loaderFor(path);
  try {
    // A file that is reached through a link is known to `require` by its real path.
    const realPath = realpathSync.native(path);
    const exported = await withDbMigrateModules(realPath, () => load(realPath));
    return toMigration(path, exported);
  } catch (error) {
    if (error instanceof KnexwardError) throw error;
    throw new KnexwardError('INVALID_MIGRATION', {
      message: `The migration ${path} cannot be loaded: ${String(error)}`,
      fix: 'Correct the file, or install what it requires.',
      cause: error,
    });
  }
}

type Loader = (path: string) => unknown;

function loaderFor(path: string): Loader {
  switch (extname(path)) {
    case '.js':
    case '.cjs':
      return loadJavaScript;
    case '.mjs':
      return importModule;
    case '.ts':
    case '.cts':
    case '.mts':
      return loadTypeScript;
    case '.coffee':
      throw new KnexwardError('INVALID_MIGRATION', {
        message: `The migration ${path} is CoffeeScript, which knexward does not read.`,
        fix: 'Compile it once (npx coffee --compile) and keep the .js file; its name in the history stays the same.',
      });
    default:
      throw new KnexwardError('INVALID_MIGRATION', {
        message: `The migration ${path} is neither JavaScript nor TypeScript.`,
        fix: 'Keep only migrations in this folder, as .js, .cjs, .mjs or .ts files.',
      });
  }
}

/** Only trying tells which of its two module systems a `.js` file is for, on every Node version. */
async function loadJavaScript(path: string): Promise<unknown> {
  try {
    return requireIn(dirname(path))(path) as unknown;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_REQUIRE_ESM' && code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error;
    return importModule(path);
  }
}

/** One for each folder: it finds the same from each of the folder's files. */
function requireIn(folder: string): NodeJS.Require {
  const known = requires.get(folder) ?? createRequire(join(folder, 'migrations'));
  requires.set(folder, known);
  return known;
}

const requires = new Map<string, NodeJS.Require>();

async function loadTypeScript(path: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(path, { fsCache: false, virtualModules: missingModules(path) });
  return jiti.import(path);
}

function toMigration(path: string, exported: unknown): DbMigrateFile {
  const { setup, up, down } = functionsOf(exported);
  if (typeof up !== 'function') {
    throw new KnexwardError('INVALID_MIGRATION', {
      message: `The migration ${basename(path)} exports no function "up".`,
      fix: `Export one from ${path}: exports.up = function (db) { return db.runSql('…'); };`,
    });
  }
  return {
    path,
    up,
    ...(typeof down === 'function' && { down }),
    ...(typeof setup === 'function' && { setup }),
  };
}

/** An ES module, or a transpiled one, may hold its functions in its default export. */
function functionsOf(exported: unknown): Partial<DbMigrateFile> {
  const module = (exported ?? {}) as Partial<DbMigrateFile> & { default?: Partial<DbMigrateFile> };
  return typeof module.up === 'function' ? module : (module.default ?? module);
}
