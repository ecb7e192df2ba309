import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { type Knex } from 'knex';
import { KnexwardError } from '../errors.js';
import { reasonOf } from '../server-error.js';
import { type EnvironmentConfig } from './settings.js';

/** A hook of Knex's migrator: called with the connection or transaction, and the migrations. */
export type LifecycleHook = (knex: Knex, migrations: readonly unknown[]) => Promise<void> | void;

/** Knex's lifecycle hooks. A hook may also return nothing, which Knex's own type does not say. */
export interface LifecycleHooks {
  beforeAll?: LifecycleHook;
  beforeEach?: LifecycleHook;
  afterEach?: LifecycleHook;
  afterAll?: LifecycleHook;
}

/** Where the migrations are and which tables keep their history, with Knex's defaults filled in. */
export interface MigrationsConfig {
  directories: string[];
  /** The sub-folder of them that is meant, and the start of its migrations' names. */
  scope: string | null;
  tableName: string;
  schemaName: string | null;
  /** Schemas of which the first that has a history is meant, where `schemaName` cannot say it. */
  historyPath: readonly string[] | null;
  disableTransactions: boolean;
  sortDirsSeparately: boolean;
  loadExtensions: readonly string[] | null;
  source: Knex.MigrationSource<unknown> | null;
  hooks: LifecycleHooks;
}

/**
 * What a migration source of knexward's tells its folder under. Registered by name: the knexfile
 * may have loaded another copy of this package.
 */
export const MIGRATION_SOURCE = Symbol.for('knexward.migrationSource');

/** What it tells the extensions under that it looks for. One of an older copy tells none. */
export const MIGRATION_EXTENSIONS = Symbol.for('knexward.migrationSource.loadExtensions');

interface OwnSource {
  [MIGRATION_SOURCE]?: string | readonly string[];
  [MIGRATION_EXTENSIONS]?: readonly string[];
}

/**
 * Reads the part `migrations` of a configuration by Knex's rules.
 *
 * @param workingDirectory where Knex would work: a relative `directory` starts there
 * @throws KnexwardError `KNEXFILE_BROKEN` for an entry that has no meaning, or under which Knex
 * would keep its history in a table of another name.
 * @source knex/lib/migrations/migrate/migrator-configuration-merger.js
 */
export function resolveMigrations(
  config: EnvironmentConfig,
  workingDirectory: string,
): MigrationsConfig {
  const given = (config.migrations ?? {}) as Knex.MigratorConfig & LifecycleHooks;
  refuseMeaningless(given);
  refuseOtherNames(config);
  refuseBrokenPath(config.searchPath);
  const source = sourceOf(given);
  const ownDirectory = source?.[MIGRATION_SOURCE];
  const { beforeAll, beforeEach, afterEach, afterAll } = given;
  return {
    directories: [ownDirectory ?? given.directory ?? './migrations']
      .flat()
      .map((directory) => resolve(workingDirectory, directory)),
    scope: null,
    tableName: given.tableName ?? DEFAULT_TABLE,
    schemaName: given.schemaName ?? null,
    historyPath: null,
    disableTransactions: given.disableTransactions ?? false,
    sortDirsSeparately: given.sortDirsSeparately ?? false,
    loadExtensions: given.loadExtensions ?? source?.[MIGRATION_EXTENSIONS] ?? null,
    source: ownDirectory === undefined ? source : null,
    hooks: {
      ...(beforeAll && { beforeAll }),
      ...(beforeEach && { beforeEach }),
      ...(afterEach && { afterEach }),
      ...(afterAll && { afterAll }),
    },
  };
}

const DEFAULT_TABLE = 'knex_migrations';

/** The migration source that counts: as in Knex, whatever says something about files puts it aside. */
export function sourceOf(
  given: Knex.MigratorConfig,
): (Knex.MigrationSource<unknown> & OwnSource) | null {
  const { directory, sortDirsSeparately, loadExtensions } = given;
  if (directory || sortDirsSeparately !== undefined || loadExtensions) return null;
  return given.migrationSource ?? null;
}

/** An entry that is there and holds nothing usable was meant to name something. */
function refuseMeaningless(given: Knex.MigratorConfig): void {
  const { tableName, schemaName, directory, loadExtensions, migrationSource } = given;
  const isName = (value: unknown): boolean =>
    typeof value === 'string' && value !== '' && !value.includes('\0');
  if ('tableName' in given && !isName(tableName)) throw meaningless('tableName', tableName);
  if (schemaName !== undefined && schemaName !== null && !isName(schemaName)) {
    throw meaningless('schemaName', schemaName);
  }
  if ('directory' in given && ![directory].flat().every(isName)) {
    throw meaningless('directory', directory);
  }
  for (const list of [loadExtensions, sourceOf(given)?.[MIGRATION_EXTENSIONS]]) {
    if (list !== undefined && !Array.isArray(list)) throw meaningless('loadExtensions', list);
  }
  if (migrationSource) refuseBrokenSource(migrationSource as unknown as Record<string, unknown>);
}

function refuseBrokenPath(searchPath: unknown): void {
  const schemas = [searchPath ?? []].flat();
  if (schemas.every((schema) => typeof schema === 'string' && !schema.includes('\0'))) return;
  throw new KnexwardError('KNEXFILE_BROKEN', {
    message: "The knexfile's searchPath is neither a schema's name nor a list of them.",
    fix: "Write searchPath: 'app' or searchPath: ['app', 'public'].",
  });
}

function refuseBrokenSource(source: Record<string, unknown>): void {
  const methods = ['getMigrations', 'getMigrationName', 'getMigration'];
  const missing = methods.filter((method) => typeof source[method] !== 'function');
  if (missing.length === 0) return;
  throw new KnexwardError('KNEXFILE_BROKEN', {
    message: `The knexfile's migrations.migrationSource has no method ${missing.join(', ')}.`,
    fix: 'Give it getMigrations(), getMigrationName(migration) and getMigration(migration).',
  });
}

function meaningless(name: string, value: unknown): KnexwardError {
  return new KnexwardError('KNEXFILE_BROKEN', {
    message: `The knexfile's migrations.${name} is ${value === '' ? 'empty' : inspect(value, { depth: 1 })}.`,
    fix: 'Set the variable that it is read from, correct it, or leave the entry out for the default.',
  });
}

/** The names that Knex's migrator sends through `wrapIdentifier`, beside those of its tables. */
const KNEX_COLUMNS = ['id', 'name', 'batch', 'migration_time', 'index', 'is_locked'];

/**
 * Knex looks for its tables by the configured name and makes them by what it makes of that name;
 * where the two differ it works with two tables, or fails.
 */
function refuseOtherNames(config: EnvironmentConfig): void {
  const { tableName = DEFAULT_TABLE, schemaName } = config.migrations ?? {};
  if (tableName.includes('.')) {
    throw new KnexwardError('KNEXFILE_BROKEN', {
      message: `The knexfile's migrations.tableName is "${tableName}": Knex would make the table in a schema, and look for one with a dot in its name.`,
      fix: "Put the schema's name into migrations.schemaName.",
    });
  }
  const { wrapIdentifier } = config;
  if (!wrapIdentifier) return;
  const names = [tableName, `${tableName}_lock`, ...(schemaName ? [schemaName] : [])];
  for (const name of [...names, ...KNEX_COLUMNS]) {
    const wrapped = wrappedBy(wrapIdentifier, name);
    if (wrapped === name) continue;
    throw new KnexwardError('KNEXFILE_BROKEN', {
      message: `The knexfile's wrapIdentifier makes "${typeof wrapped === 'string' ? wrapped : inspect(wrapped)}" of "${name}", one of the names of Knex's own migration tables.`,
      fix: 'Let wrapIdentifier leave the names of the migration tables and their columns as they are.',
    });
  }
}

function wrappedBy(
  wrapIdentifier: NonNullable<Knex.Config['wrapIdentifier']>,
  name: string,
): unknown {
  try {
    return wrapIdentifier(name, (value) => value, undefined);
  } catch (error) {
    throw new KnexwardError('KNEXFILE_BROKEN', {
      message: `The knexfile's wrapIdentifier fails for the name "${name}": ${reasonOf(error)}`,
      fix: 'Correct it.',
      cause: error,
    });
  }
}
