import { join } from 'node:path';
import { type ProjectConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { rememberName } from '../printable.js';
import { KNEX_EXTENSIONS } from './file-set.js';

type Source = NonNullable<ProjectConfig['migrations']['source']>;

/** A migration, as a source of the knexfile's own describes it. */
export interface CustomMigration {
  name: string;
  /** The file, where the source says which. */
  path: string | null;
  custom: unknown;
}

/**
 * The migrations of a source of the knexfile's own, in its order.
 *
 * @throws KnexwardError `KNEXFILE_BROKEN` where the source fails, or gives what Knex cannot use
 */
export async function listCustom(
  source: Source,
  extensions: readonly string[] | null,
): Promise<CustomMigration[]> {
  const listed: unknown = await asking('getMigrations', () =>
    source.getMigrations([...(extensions ?? KNEX_EXTENSIONS)]),
  );
  if (!Array.isArray(listed))
    throw broken('returns something other than an array from getMigrations');
  return Promise.all(
    listed.map(async (custom: unknown) => {
      const name: unknown = await asking('getMigrationName', () => source.getMigrationName(custom));
      if (typeof name === 'string' && name !== '') {
        rememberName(name);
        return { name, path: pathOf(custom), custom };
      }
      throw broken(`returns ${JSON.stringify(name)} from getMigrationName, which is not a name`);
    }),
  );
}

/**
 * The module of one of its migrations.
 *
 * @throws KnexwardError `INVALID_MIGRATION` where the source fails, or gives no module
 */
export async function loadCustom(
  source: Source,
  custom: unknown,
  name: string,
): Promise<Record<string, unknown>> {
  let module: unknown;
  try {
    module = await source.getMigration(custom);
  } catch (error) {
    throw invalid(name, `cannot be loaded: ${String(error)}`, error);
  }
  if (typeof module === 'object' && module !== null) return module as Record<string, unknown>;
  throw invalid(
    name,
    `cannot be loaded: getMigration returns ${String(module)}, which is not an object`,
  );
}

/** Knex's own migration source, and those made after it, tell the folder and the file. */
function pathOf(custom: unknown): string | null {
  const { directory, file } = (custom ?? {}) as { directory?: unknown; file?: unknown };
  return typeof directory === 'string' && typeof file === 'string' ? join(directory, file) : null;
}

async function asking(method: string, ask: () => unknown): Promise<unknown> {
  try {
    return await ask();
  } catch (error) {
    throw broken(`fails in ${method}: ${placeOf(error)}`, error);
  }
}

/** The message, and the line that it comes from. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = error.stack?.split('\n').find((line) => /^\s+at /.test(line));
  return `${String(error)}${place === undefined ? '' : ` (${place.trim()})`}`;
}

function broken(reason: string, cause?: unknown): KnexwardError {
  return new KnexwardError('KNEXFILE_BROKEN', {
    message: `The migrationSource of the knexfile ${reason}.`,
    fix: 'Correct it: an object with getMigrations, getMigrationName and getMigration, as Knex wants it.',
    cause,
  });
}

function invalid(name: string, reason: string, cause?: unknown): KnexwardError {
  return new KnexwardError('INVALID_MIGRATION', {
    message: `The migration ${name} of the knexfile's migrationSource ${reason}.`,
    fix: 'Correct the source, or the migration. Nothing has been run.',
    cause,
  });
}
