import { commandLine } from '../command-line.js';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ProjectConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { folderOf, listMigrations, type Migration } from './find.js';
import { chooseLanguage, type ChosenLanguage } from './language.js';
import { timestampOf } from './name.js';
import { packageTypeOf } from '../config/package-type.js';
import { withoutScope } from './scope.js';
import { fromStub } from './stub.js';
import { type MigrationLanguage, sqlLoader, templateFor } from './template.js';

/** What `createMigration` is asked for. */
export interface CreateRequest {
  /** What the change does, in a few words; spaces become underscores. */
  title: string;
  /** The language; else what the folder's newest Knex migration is written in. */
  language?: MigrationLanguage | undefined;
  /** The moment that the timestamp is taken from; now, unless a test says otherwise. */
  now?: Date;
}

/**
 * Writes a new migration with an up and a down, and returns the paths of the files it made. Never
 * overwrites: where the timestamp is not newer than every one that exists, it is moved on.
 *
 * @throws KnexwardError `INVALID_NAME` for a title that would not make a plain file name; `USAGE` for
 * a language that would not be found, or a template of the knexfile that cannot be used.
 */
export async function createMigration(
  config: ProjectConfig,
  request: CreateRequest,
): Promise<string[]> {
  const title = toFileTitle(request.title);
  const { directories, scope } = config.migrations;
  const directory = folderOf(directories.at(-1) as string, scope);
  const existing = await listMigrations(config);
  const chosen = chooseLanguage(config, existing, request.language);
  const filesFor = await filesOf(config, directory, chosen);
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw unwritable(directory, error);
  });
  for (let timestamp = nextTimestamp(existing, request.now ?? new Date()); ;) {
    const files = filesFor(`${timestamp}_${title}`);
    try {
      const paths: string[] = [];
      for (const file of files) {
        const path = join(directory, file.name);
        await writeFile(path, file.content, { flag: 'wx' });
        paths.push(path);
      }
      return paths;
    } catch (error) {
      // Another process created the very same file in the meantime: take the next second.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(directory, error);
      timestamp = formatTimestamp(new Date(parseTimestamp(timestamp) + 1000));
    }
  }
}

function toFileTitle(title: string): string {
  const name = title.trim().replace(/\s+/g, '_');
  if (/^[\p{L}\p{N}][\p{L}\p{N}_-]*$/u.test(name) && Buffer.byteLength(name) <= 200) return name;
  throw new KnexwardError('INVALID_NAME', {
    message: `"${title}" cannot be the name of a migration.`,
    fix: `Use letters, digits, spaces, "-" and "_", for example: ${commandLine('create', 'add_users_email')}`,
  });
}

/** The files that make up the migration. */
async function filesOf(
  config: ProjectConfig,
  directory: string,
  { language, extension, knexStub }: ChosenLanguage,
): Promise<(stem: string) => { name: string; content: string }[]> {
  const packageType = packageTypeOf(join(directory, 'a.js'));
  if (language === 'sql') {
    return (stem) => [
      ...templateFor(language, stem, packageType),
      ...(extension === null ? [] : [sqlLoader(stem, extension, packageType)]),
    ];
  }
  const content = await fromStub(config, knexStub);
  if (content === null) return (stem) => templateFor(language, stem, packageType);
  return (stem) => [{ name: `${stem}.${language}`, content }];
}

function nextTimestamp(existing: readonly Migration[], now: Date): string {
  const newest = existing
    .map(({ name }) => timestampOf(withoutScope(name)))
    .filter((timestamp) => timestamp !== undefined)
    .reduce((a, b) => (a > b ? a : b), '');
  const wanted = formatTimestamp(now);
  if (wanted > newest) return wanted;
  const following = parseTimestamp(newest) + 1000;
  return Number.isNaN(following) ? wanted : formatTimestamp(new Date(following));
}

/** UTC, so that the order does not depend on where a developer sits. */
function formatTimestamp(date: Date): string {
  return date.toISOString().replace(/\D/g, '').slice(0, 14);
}

function parseTimestamp(timestamp: string): number {
  const [, y, mo, d, h, mi, s] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(timestamp)?.map(Number) ?? [];
  return Date.UTC(y ?? NaN, (mo ?? NaN) - 1, d, h, mi, s);
}

function unwritable(directory: string, error: unknown): KnexwardError {
  return new KnexwardError('MIGRATIONS_FOLDER', {
    message: `No file can be written into ${directory}: ${(error as Error).message}`,
    fix: 'Check that the folder exists, is a folder, and is yours to write to.',
    cause: error,
  });
}
