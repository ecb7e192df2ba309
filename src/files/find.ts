import { readdir } from 'node:fs/promises';
import { basename, extname, join, relative, sep } from 'node:path';
import { type ProjectConfig } from '../config/resolve.js';
import { type MigrationFormat, type Settings } from '../config/settings.js';
import { KnexwardError } from '../errors.js';
import { compareNames, formatOfName, stemOf } from './name.js';

/** A migration as it lies on disk, before it is loaded. */
export interface Migration {
  /** The name in the history: the file's name with its extension. */
  name: string;
  /** Which interface it speaks. A pair of SQL files speaks none. */
  format: MigrationFormat | 'sql';
  /** The file; of a pair of SQL files the one that goes up. Absent for a custom source. */
  path: string | null;
  /** What a custom migration source of the knexfile calls it. */
  custom?: unknown;
}

const EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.cjs', '.mjs'];
const DECLARATION = /\.d\.[cm]?ts$/;

/**
 * Finds the project's migrations, in the order in which they run. A folder that does not exist
 * holds none.
 *
 * @throws KnexwardError `DUPLICATE_FILE` where two files stand for one migration,
 * `INVALID_MIGRATION` for a `.down.sql` without its `.up.sql`, `MIGRATIONS_FOLDER` where a folder
 * cannot be read.
 */
export async function findMigrations(config: ProjectConfig): Promise<Migration[]> {
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
  return listed.map((custom) => ({
    name: source.getMigrationName(custom),
    format: 'knex',
    path: null,
    custom,
  }));
}

async function findInFolder(directory: string, config: ProjectConfig): Promise<Migration[]> {
  const extensions = config.migrations.loadExtensions ?? EXTENSIONS;
  const files = await listFiles(directory);
  const present = new Set(files);
  const migrations: Migration[] = [];
  for (const file of files) {
    const path = join(directory, file);
    if (file.endsWith('.up.sql')) {
      migrations.push({ name: file, format: 'sql', path });
    } else if (file.endsWith('.down.sql')) {
      refuseLoneDown(path, file, present);
    } else if (extensions.includes(extname(file)) && !DECLARATION.test(file)) {
      migrations.push({ name: file, format: formatOf(path, config), path });
    }
  }
  return migrations.sort((a, b) => compareNames(a.name, b.name));
}

async function listFiles(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
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
  const up = file.replace(/\.down\.sql$/, '.up.sql');
  if (present.has(up)) return;
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `${path} has no ${up} beside it.`,
    fix: `Add ${up}, or remove ${file}.`,
  });
}

function formatOf(path: string, config: ProjectConfig): MigrationFormat {
  return (
    configuredFormat(path, config.projectRoot, config.settings) ?? formatOfName(basename(path))
  );
}

/** The most specific entry of `knexward.formats` that names the file or a folder around it. */
function configuredFormat(
  path: string,
  projectRoot: string,
  settings: Settings,
): MigrationFormat | undefined {
  const inProject = relative(projectRoot, path).split(sep).join('/');
  const matching = Object.keys(settings.formats)
    .map((key) => ({ key, place: key.replace(/^\.\//, '').replace(/\/$/, '') }))
    .filter(({ place }) => inProject === place || inProject.startsWith(`${place}/`))
    .sort((a, b) => b.place.length - a.place.length);
  const key = matching[0]?.key;
  return key === undefined ? undefined : settings.formats[key];
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
