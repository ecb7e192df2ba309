import { readFileSync } from 'node:fs';
import { extname, sep } from 'node:path';
import { MIGRATION_SOURCE, sourceOf } from '../config/migrations.js';
import { type ProjectConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { stemOf } from './name.js';

/*
 * Which of a folder's files are migrations. Knex's command line has to find the same ones, or it
 * calls the folder corrupt: so its list of extensions decides, and what it does not know is left alone.
 */

/** Knex's own default (lib/migrations/common/MigrationsLoader.js). */
export const KNEX_EXTENSIONS: readonly string[] = [
  ...['.co', '.coffee', '.eg', '.iced', '.js', '.cjs', '.litcoffee', '.ls', '.ts'],
];

/** What a migration source of knexward's finds, for Knex as well. */
export const OWN_EXTENSIONS: readonly string[] = [
  ...['.ts', '.mts', '.cts', '.js', '.cjs', '.mjs', '.sql'],
];

const DECLARATION = /\.d\.[cm]?ts$/;

/** A migration among a folder's files. */
export interface FoundFile {
  file: string;
  /** The SQL file that it is, or that it does nothing but load; else `null`. */
  sql: string | null;
}

/** How the files of a project's folders are told apart. */
export interface FileSet {
  extensions: ReadonlySet<string>;
  /** Whether Knex, too, finds them through knexward's migration source. */
  ownSource: boolean;
}

/** The rules of a project: those of its `loadExtensions`, of knexward's migration source, or Knex's own. */
export function fileSetOf({ knex, migrations }: ProjectConfig): FileSet {
  const source = sourceOf(knex.migrations ?? {});
  const ownSource = source !== null && MIGRATION_SOURCE in source;
  const extensions =
    migrations.loadExtensions ?? (ownSource ? OWN_EXTENSIONS : [...KNEX_EXTENSIONS, '.sql']);
  return { extensions: new Set(extensions), ownSource };
}

/** Where a knexfile says which extensions count: beside a migration source of knexward's, Knex would go by them alone. */
export function loadExtensionsOf(config: ProjectConfig): string {
  return fileSetOf(config).ownSource
    ? 'migrationSource({ directory, loadExtensions }) in the knexfile'
    : 'migrations.loadExtensions in the knexfile';
}

/**
 * The migrations among the files of a folder, in the order of the files.
 *
 * @throws KnexwardError `INVALID_MIGRATION` for a `.down.sql` without its `.up.sql`
 */
export function migrationsAmong(
  files: readonly string[],
  folder: string,
  { extensions, ownSource }: FileSet,
): FoundFile[] {
  const present = new Set(files);
  const modules = files.filter((file) => isModule(file, extensions));
  const byStem = new Map(modules.map((file) => [stemOf(file), file]));
  const found: FoundFile[] = [];
  for (const file of files) {
    if (isModule(file, extensions)) {
      const sql = `${stemOf(file)}.up.sql`;
      const loads = present.has(sql) && isSqlLoader(folder + sep + file);
      found.push({ file, sql: loads ? sql : null });
    } else if (extensions.has('.sql') && file.endsWith('.up.sql')) {
      const module = byStem.get(stemOf(file));
      // In Knex's eyes, such a file belongs to the module that bears its name.
      if (module === undefined || (ownSource && !isSqlLoader(folder + sep + module)))
        found.push({ file, sql: file });
    } else if (extensions.has('.sql') && file.endsWith('.down.sql')) {
      const stem = file.slice(0, -'.down.sql'.length);
      if (!byStem.has(stem)) refuseLoneDown(folder, file, `${stem}.up.sql`, present);
    }
  }
  return found;
}

/** Whether a file is a module that can be a migration. */
export function isModule(file: string, extensions: ReadonlySet<string>): boolean {
  const extension = extname(file);
  return extension !== '.sql' && extensions.has(extension) && !DECLARATION.test(file);
}

/** Whether a module does nothing but load the SQL files beside it: see sql-migration.ts. */
function isSqlLoader(path: string): boolean {
  return /\bsqlMigration\s*\(/.test(readFileSync(path, 'utf8'));
}

function refuseLoneDown(
  folder: string,
  file: string,
  up: string,
  present: ReadonlySet<string>,
): void {
  if (present.has(up)) return;
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `${folder}${sep}${file} has no ${up} beside it.`,
    fix: `Add ${up}, or remove ${file}.`,
  });
}
