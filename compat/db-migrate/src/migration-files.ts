import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  compareNames,
  hasDbMigrateName,
  KnexwardError,
  stemOf,
  timestampOf,
} from 'knexward/compat';
import { migrationName } from './names.js';

/** A migration's file. Folder and file are named as in Knex's own migration source. */
export interface MigrationFile {
  directory: string;
  file: string;
  /** Its name in Knex's history: the file's, in a scope `scope/` before it. */
  historyName: string;
  /** db-migrate's name for it. */
  name: string;
}

const OWN_NAME = /\d{14}-[^.]/;
/** What lies beside db-migrate's files in a project that has begun to write Knex's. */
const KNEX_FILE = /^\d{14}_.*\.(?:up\.sql|[cm]?[jt]s)$/;
const NO_MIGRATION = /\.d\.[cm]?ts$/;

/**
 * Finds the migrations in one folder, in the order in which they run: db-migrate's, which are those with one of
 * its extensions, and Knex's beside them.
 *
 * @param extensions `js`, and what plugins add to it
 * @throws KnexwardError `MIGRATIONS_FOLDER` where the folder cannot be read, `INVALID_NAME` for a
 * file that db-migrate, too, would stop at
 */
export async function findFiles(
  directory: string,
  scope: string,
  extensions: readonly string[],
): Promise<MigrationFile[]> {
  const found: MigrationFile[] = [];
  const files = await listFolder(directory);
  const modules = new Set(files.filter((file) => !file.endsWith('.sql')).map(stemOf));
  for (const file of files) {
    // SQL files beside a module of their name are for that module to run.
    if (file.endsWith('.up.sql') && modules.has(stemOf(file))) continue;
    const isOwn = extensions.some((extension) => file.endsWith(`.${extension}`));
    const isKnex = KNEX_FILE.test(file) && !NO_MIGRATION.test(file);
    if (isOwn && !isKnex && !OWN_NAME.test(file)) throw noTimestamp(join(directory, file));
    if (!isOwn && !isKnex) continue;
    const historyName = scope === '' ? file : `${scope}/${file}`;
    found.push({ directory, file, historyName, name: migrationName(file) });
  }
  return found.sort(
    (a, b) => compareNames(timestamp(a), timestamp(b)) || compareNames(a.file, b.file),
  );
}

function timestamp({ name }: MigrationFile): string {
  return timestampOf(name) ?? '';
}

/** Whether a file speaks db-migrate's interface. */
export function isDbMigrates({ file }: MigrationFile): boolean {
  return OWN_NAME.test(file) || hasDbMigrateName(file);
}

async function listFolder(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    throw new KnexwardError('MIGRATIONS_FOLDER', {
      message: `The migrations folder ${directory} cannot be read: ${(error as Error).message}`,
      fix: 'Correct --migrations-dir or the scope, or make the folder (db-migrate create does).',
      cause: error,
    });
  }
}

function noTimestamp(path: string): KnexwardError {
  return new KnexwardError('INVALID_NAME', {
    message: `${path} has no timestamp in its name, so it cannot be a migration. Nothing was changed.`,
    fix: 'Name it like 20200101120000-add-users.js, or move it into another folder.',
  });
}
