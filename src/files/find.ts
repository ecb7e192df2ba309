import { type Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { type ProjectConfig } from '../config/resolve.js';
import { type MigrationFormat } from '../config/settings.js';
import { KnexwardError } from '../errors.js';
import { formatsOf } from './format.js';
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

const EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.cjs', '.mjs'];
const DECLARATION = /\.d\.[cm]?ts$/;

/**
 * Finds the project's migrations, or those of the scope that the configuration is narrowed down
 * to, in the order in which they run. A folder that does not exist holds none.
 *
 * @throws KnexwardError `DUPLICATE_FILE` where two files stand for one migration,
 * `INVALID_MIGRATION` for a `.down.sql` without its `.up.sql`, `MIGRATIONS_FOLDER` where a folder
 * cannot be read or a scope has no migrations.
 */
export async function findMigrations(config: ProjectConfig): Promise<Migration[]> {
  const migrations = await listMigrations(config);
  if (config.migrations.scope === null || migrations.length > 0) return migrations;
  // Most likely a misspelt name, and the answer would be that all is well.
  throw await emptyScope(config, config.migrations.scope);
}

/** As `findMigrations`; a scope that is only about to be made holds none. */
export async function listMigrations(config: ProjectConfig): Promise<Migration[]> {
  const { directories, source, sortDirsSeparately } = config.migrations;
  if (source) return fromCustomSource(config);
  const found: Migration[][] = [];
  for (const directory of directories) {
    found.push(await findInFolder(directory, config));
  }
  const migrations = found.flat();
  refuseDuplicates(migrations);
  if (!sortDirsSeparately) migrations.sort((a, b) => compareNames(a.name, b.name));
  return migrations;
}

async function fromCustomSource(config: ProjectConfig): Promise<Migration[]> {
  const { source, loadExtensions } = config.migrations;
  if (!source) return [];
  const listed = await source.getMigrations([...(loadExtensions ?? EXTENSIONS)]);
  const formatOf = formatsOf(config);
  return listed.map((custom) => {
    const name = source.getMigrationName(custom);
    const path = pathOfCustom(custom);
    return { name, format: path === null ? 'knex' : formatOf(path), path, custom };
  });
}

/** Knex's own migration source, and those made after it, tell the folder and the file. */
function pathOfCustom(custom: unknown): string | null {
  const { directory, file } = (custom ?? {}) as { directory?: unknown; file?: unknown };
  return typeof directory === 'string' && typeof file === 'string' ? join(directory, file) : null;
}

async function findInFolder(directory: string, config: ProjectConfig): Promise<Migration[]> {
  const { scope, loadExtensions } = config.migrations;
  const folder = folderOf(directory, scope);
  const files = await listFiles(folder);
  const present = new Set(files);
  const migrations: Migration[] = [];
  const formatOf = formatsOf(config);
  for (const file of files.sort(compareNames)) {
    // A folder may hold tens of thousands: join() would look at every character of each path.
    const path = folder + sep + file;
    const name = scope === null ? file : `${scope}/${file}`;
    if (file.endsWith('.up.sql')) {
      migrations.push({ name, format: 'sql', path });
    } else if (file.endsWith('.down.sql')) {
      refuseLoneDown(path, file, present);
    } else if (isModule(file, loadExtensions)) {
      migrations.push({ name, format: formatOf(path), path });
    }
  }
  return migrations;
}

/** Every migration of the project: those outside of scopes, then those of each scope. */
export async function findAllMigrations(config: ProjectConfig): Promise<Migration[]> {
  const whole = { ...config, migrations: { ...config.migrations, scope: null } };
  return [...(await listMigrations(whole)), ...(await findScopedMigrations(whole))];
}

/** Where the migrations of a scope lie, or those that are in none. */
export function folderOf(directory: string, scope: string | null): string {
  return scope === null ? directory : join(directory, scope);
}

function isModule(file: string, extensions: readonly string[] | null): boolean {
  return (extensions ?? EXTENSIONS).includes(extname(file)) && !DECLARATION.test(file);
}

/**
 * Finds the migrations of all scopes: the files in sub-folders of the migrations folders whose
 * names start with a timestamp. Other files, such as modules that migrations load, are none.
 *
 * @throws KnexwardError `MIGRATIONS_FOLDER` where a folder cannot be read.
 */
export async function findScopedMigrations(config: ProjectConfig): Promise<Migration[]> {
  const { directories, loadExtensions, source } = config.migrations;
  const found: Migration[] = [];
  if (source) return found;
  const formatOf = formatsOf(config);
  for (const directory of directories) {
    for (const scope of await listScopes(directory, null)) {
      const folder = folderOf(directory, scope);
      for (const file of await listFiles(folder)) {
        if (timestampOf(file) === undefined || !isModule(file, loadExtensions)) continue;
        const path = join(folder, file);
        found.push({ name: `${scope}/${file}`, format: formatOf(path), path });
      }
    }
  }
  return found.sort((a, b) => compareNames(a.name, b.name));
}

/** Folders that lie beside migrations and hold none. */
const NO_SCOPE = /^(?:sqls|node_modules|\..*)$/;

async function listScopes(directory: string, within: string | null): Promise<string[]> {
  const entries = await readFolder(folderOf(directory, within));
  const scopes: string[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory() || NO_SCOPE.test(entry.name)) continue;
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
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new KnexwardError('MIGRATIONS_FOLDER', {
      message: `The migrations folder ${directory} cannot be read: ${(error as Error).message}`,
      fix: 'Correct migrations.directory in the knexfile, or the rights of the folder.',
      cause: error,
    });
  }
}

function refuseLoneDown(path: string, file: string, present: ReadonlySet<string>): void {
  const up = `${file.slice(0, -'.down.sql'.length)}.up.sql`;
  if (present.has(up)) return;
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `${path} has no ${up} beside it.`,
    fix: `Add ${up}, or remove ${file}.`,
  });
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

function refuseDuplicates(migrations: readonly Migration[]): void {
  const seen = new Map<string, Migration>();
  for (const migration of migrations) {
    const stem = stemOf(migration.name);
    const other = seen.get(stem);
    if (other) {
      throw new KnexwardError('DUPLICATE_FILE', {
        message: `Two files stand for one migration: ${other.path ?? ''} and ${migration.path ?? ''}.`,
        fix: 'Keep one of them, or say which kind counts with migrations.loadExtensions.',
      });
    }
    seen.set(stem, migration);
  }
}
