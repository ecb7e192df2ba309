import { type Dirent, existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type ProjectConfig } from '../config/resolve.js';
import { commandLine } from '../command-line.js';
import { type MigrationFormat } from '../config/settings.js';
import { KnexwardError } from '../errors.js';
import { listCustom } from './custom-source.js';
import { fileSetOf, isModule, loadExtensionsOf, migrationsAmong } from './file-set.js';
import { formatsOf } from './format.js';
import { rememberName } from '../printable.js';
import { compareNames, stemOf, timestampOf } from './name.js';
import { scopeOf } from './scope.js';

/** A migration as it lies on disk, before it is loaded. */
export interface Migration {
  /** The name in the history: the file's name with its extension, in a scope `scope/` before it. */
  name: string;
  /** Which interface it speaks. A pair of SQL files speaks none. */
  format: MigrationFormat | 'sql';
  /** The file; of a pair of SQL files the one that goes up. A custom source may tell none. */
  path: string | null;
  /** What a custom migration source of the knexfile calls it. */
  custom?: unknown;
}

/**
 * Finds the project's migrations, or those of the scope that the configuration is narrowed down
 * to, in the order in which they run.
 *
 * @throws KnexwardError `DUPLICATE_FILE` where two files stand for one migration,
 * `INVALID_MIGRATION` for a `.down.sql` without its `.up.sql`, `MIGRATIONS_FOLDER` where a folder
 * does not exist or cannot be read, or a scope has no migrations.
 */
export async function findMigrations(config: ProjectConfig): Promise<Migration[]> {
  refuseMissingFolders(config);
  const migrations = await listMigrations(config);
  if (config.migrations.scope === null || migrations.length > 0) return migrations;
  // Most likely a misspelt name, and the answer would be that all is well.
  throw await emptyScope(config, config.migrations.scope);
}

/** A folder that is not there is most likely another one than the one that was meant. */
function refuseMissingFolders({ migrations, knexfile }: ProjectConfig): void {
  const missing = migrations.directories.find((directory) => !existsSync(directory));
  if (migrations.source || missing === undefined) return;
  const relativeTo =
    knexfile === null
      ? 'Run knexward in the folder of the project'
      : 'Correct migrations.directory in the knexfile (a relative path starts where Knex would work: in the folder of a knexfile that is given with --knexfile or lies in src/config or config, else in the working directory)';
  throw new KnexwardError('MIGRATIONS_FOLDER', {
    message: `There is no migrations folder ${missing}.`,
    fix: `${relativeTo}. To begin with a first migration: ${commandLine('create', 'first_migration')}`,
  });
}

/** As `findMigrations`; folders and scopes that are only about to be made hold none. */
export async function listMigrations(config: ProjectConfig): Promise<Migration[]> {
  const { directories, source, sortDirsSeparately } = config.migrations;
  if (source) return fromCustomSource(source, config);
  const found: Migration[][] = [];
  for (const directory of directories) {
    found.push(await findInFolder(directory, config));
  }
  const migrations = found.flat();
  refuseDuplicates(migrations, config);
  if (!sortDirsSeparately) migrations.sort((a, b) => compareNames(a.name, b.name));
  return migrations;
}

async function fromCustomSource(
  source: NonNullable<ProjectConfig['migrations']['source']>,
  config: ProjectConfig,
): Promise<Migration[]> {
  const listed = await listCustom(source, config.migrations.loadExtensions);
  const formatOf = formatsOf(config);
  return listed.map((migration) => {
    const { path } = migration;
    return { ...migration, format: path === null ? 'knex' : formatOf(path) };
  });
}

async function findInFolder(directory: string, config: ProjectConfig): Promise<Migration[]> {
  const { scope } = config.migrations;
  const folder = folderOf(directory, scope);
  const files = (await listFiles(folder)).sort(compareNames);
  const formatOf = formatsOf(config);
  return migrationsAmong(files, folder, fileSetOf(config)).map(({ file, sql }) => ({
    name: scope === null ? file : `${scope}/${file}`,
    // A folder may hold tens of thousands: join() would look at every character of each path.
    format: sql === null ? formatOf(folder + sep + file) : 'sql',
    path: folder + sep + (sql ?? file),
  }));
}

/** Every migration of the project: those outside of scopes, then those of each scope. */
export async function findAllMigrations(config: ProjectConfig): Promise<Migration[]> {
  const whole = { ...config, migrations: { ...config.migrations, scope: null } };
  return [...(await findMigrations(whole)), ...(await findScopedMigrations(whole))];
}

/** Where the migrations of a scope lie, or those that are in none. */
export function folderOf(directory: string, scope: string | null): string {
  return scope === null ? directory : join(directory, scope);
}

/**
 * Finds the migrations of all scopes: the files in sub-folders of the migrations folders whose
 * names start with a timestamp. Other files, such as modules that migrations load, are none.
 *
 * @throws KnexwardError `MIGRATIONS_FOLDER` where a folder cannot be read.
 */
export async function findScopedMigrations(config: ProjectConfig): Promise<Migration[]> {
  const { directories, source } = config.migrations;
  const found: Migration[] = [];
  if (source) return found;
  const formatOf = formatsOf(config);
  const { extensions } = fileSetOf(config);
  for (const directory of directories) {
    for (const scope of await listScopes(directory, null)) {
      const folder = folderOf(directory, scope);
      for (const file of await listFiles(folder)) {
        if (timestampOf(file) === undefined || !isModule(file, extensions)) continue;
        const path = join(folder, file);
        found.push({ name: `${scope}/${file}`, format: formatOf(path), path });
      }
    }
  }
  return found.sort((a, b) => compareNames(a.name, b.name));
}

/** Folders that lie beside migrations and hold none. */
const NO_SCOPE = /^(?:sqls|node_modules|\..*)$/;

/** Whether a folder inside a migrations folder can be a scope, by its name. */
export function isScopeFolder(name: string): boolean {
  return !NO_SCOPE.test(name);
}

async function listScopes(directory: string, within: string | null): Promise<string[]> {
  const entries = await readFolder(folderOf(directory, within));
  const scopes: string[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory() || !isScopeFolder(entry.name)) continue;
    const scope = within === null ? entry.name : `${within}/${entry.name}`;
    scopes.push(scope, ...(await listScopes(directory, scope)));
  }
  return scopes;
}

async function listFiles(directory: string): Promise<string[]> {
  const entries = await readFolder(directory);
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
}

async function readFolder(directory: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    for (const { name } of entries) rememberName(name);
    return entries;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new KnexwardError('MIGRATIONS_FOLDER', {
      message: `The migrations folder ${directory} cannot be read: ${(error as Error).message}`,
      fix: 'Correct migrations.directory in the knexfile, or the permissions of the folder.',
      cause: error,
    });
  }
}

async function emptyScope(config: ProjectConfig, scope: string): Promise<KnexwardError> {
  const known = new Set((await findScopedMigrations(config)).map(({ name }) => scopeOf(name)));
  const folders = config.migrations.directories.map((directory) => folderOf(directory, scope));
  return new KnexwardError('MIGRATIONS_FOLDER', {
    message: `There is no scope "${scope}": ${folders.join(', ')} holds no migrations.`,
    fix:
      known.size > 0
        ? `The project has: ${[...known].join(', ')}.`
        : 'A scope is a folder inside the migrations folder; this project has none.',
  });
}

function refuseDuplicates(migrations: readonly Migration[], config: ProjectConfig): void {
  const seen = new Map<string, Migration>();
  for (const migration of migrations) {
    const stem = stemOf(migration.name);
    const other = seen.get(stem);
    if (other) {
      throw new KnexwardError('DUPLICATE_FILE', {
        message: `Two files stand for one migration: ${other.path ?? ''} and ${migration.path ?? ''}.`,
        fix: `Keep one of them, or say which kind counts with ${loadExtensionsOf(config)}.`,
      });
    }
    seen.set(stem, migration);
  }
}
