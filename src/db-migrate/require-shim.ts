import bluebird from 'bluebird';
import Module, { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { DATA_TYPE } from './data-type.js';
import { STANDARD_ERROR_LOG } from './driver/log.js';

/** What a migration uses of the `db-migrate` module: its `setup` receives it too. */
export const DB_MIGRATE = { version: '0.11.14', dataType: DATA_TYPE } as const;

/** The modules that db-migrate brought with it, so that migrations could rest on them undeclared. */
const SUBSTITUTES: Readonly<Record<string, unknown>> = {
  'db-migrate': DB_MIGRATE,
  'db-migrate-shared': { dataType: DATA_TYPE, log: STANDARD_ERROR_LOG },
  bluebird,
};

const migrationFiles = new Set<string>();
const globals = globalThis as { dbm?: unknown };
let installed = false;
let loading = 0;

/**
 * Lets a migration file find what db-migrate gave it, while `load` runs and later:
 *
 * - `require('db-migrate')` and its companions, where the project no longer has them. A file may
 *   call `require` first inside `up`, so this stays, for the files that were named here and no other.
 * - the global `dbm`, which files from 2013 and 2014 look at first; only while loading.
 */
export async function withDbMigrateModules<Loaded>(
  path: string,
  load: () => Loaded | Promise<Loaded>,
): Promise<Loaded> {
  migrationFiles.add(path);
  install();
  if (loading === 0 && globals.dbm !== undefined) return load();
  loading += 1;
  globals.dbm = DB_MIGRATE;
  try {
    return await load();
  } finally {
    loading -= 1;
    if (loading === 0) delete globals.dbm;
  }
}

/** Stand-ins for those of db-migrate's modules that cannot be found from a file, by name. */
export function missingModules(path: string): Record<string, unknown> {
  const missing = Object.entries(SUBSTITUTES).filter(([name]) => !canResolve(name, path));
  return Object.fromEntries(missing);
}

interface ModuleLoader {
  _load: (request: string, parent: { filename?: string } | undefined, isMain: boolean) => unknown;
}

/**
 * Node has no public way to answer `require` for chosen files; `Module._load` is what tools of this
 * kind have used for as long as Node has existed.
 */
function install(): void {
  if (installed) return;
  installed = true;
  const loader = Module as unknown as ModuleLoader;
  const original = loader._load;
  loader._load = function (request, parent, isMain) {
    const from = parent?.filename;
    return from !== undefined && isMissing(request, from)
      ? SUBSTITUTES[request]
      : original.call(this, request, parent, isMain);
  };
}

function isMissing(request: string, from: string): boolean {
  return (
    Object.hasOwn(SUBSTITUTES, request) && migrationFiles.has(from) && !canResolve(request, from)
  );
}

/** What was found out, by folder and name: from each file of a folder the same is found. */
const found = new Map<string, boolean>();

function canResolve(request: string, from: string): boolean {
  const key = `${dirname(from)}\0${request}`;
  const known = found.get(key) ?? tryToResolve(request, from);
  found.set(key, known);
  return known;
}

function tryToResolve(request: string, from: string): boolean {
  try {
    createRequire(from).resolve(request);
    return true;
  } catch {
    return false;
  }
}
