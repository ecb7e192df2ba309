import { type Knex } from 'knex';
import { dirname } from 'node:path';
import { projectConfig, type ResolvedConfig } from '../../config/resolve.js';
import { type EnvironmentConfig } from '../../config/settings.js';
import { type Migration } from '../../files/find.js';
import { configOfKnex, copyListeners, databaseOfKnex } from '../application-knex.js';
import { type KnexMigrateOptions } from '../knex-migrate.js';

/** What a call of `knex.migrate` may be given, and what a configuration's `migrations` holds. */
export type MigrationsOption = Knex.MigratorConfigWithLifecycleHooks;

/** A call's configuration, resolved, and as Knex would have merged it. */
export interface CallConfig {
  config: ResolvedConfig;
  merged: MigrationsOption;
}

const HOOKS = ['beforeAll', 'beforeEach', 'afterEach', 'afterAll'] as const;

/** Resolves what one call works with: the instance's configuration, and the call's own before it. */
export async function resolveCall(
  knex: Knex,
  { settings }: KnexMigrateOptions,
  given: MigrationsOption | undefined,
): Promise<CallConfig> {
  const own = configOfKnex(knex);
  const merged = merge(merge({}, own.migrations), given);
  const migrations = {
    ...merged,
    ...hooksInKnexForm(merged, (migration) => inKnexForm(migration, call)),
  };
  const environment: EnvironmentConfig = {
    ...own,
    migrations,
    ...((own.knexward ?? settings) && { knexward: { ...own.knexward, ...settings } }),
  };
  const name = process.env['NODE_ENV'] || 'development';
  const project = projectConfig(process.cwd(), name, environment, null);
  const database = await databaseOfKnex(own);
  const onKnex = (made: Knex): void => copyListeners(knex, made);
  const call: CallConfig = { config: { ...project, database, onKnex }, merged };
  return call;
}

/** Merges as Knex does: whatever says something about files puts a migration source aside. */
function merge(first: MigrationsOption, second: MigrationsOption | undefined): MigrationsOption {
  const merged = { ...first, ...second };
  const { directory, sortDirsSeparately, loadExtensions } = second ?? {};
  if (directory || sortDirsSeparately !== undefined || loadExtensions) {
    delete merged.migrationSource;
  }
  return merged;
}

/** Hooks that are handed migrations as Knex hands them over. */
function hooksInKnexForm(
  hooks: MigrationsOption,
  convert: (migration: Migration) => unknown,
): MigrationsOption {
  const wrapped: MigrationsOption = {};
  for (const event of HOOKS) {
    const hook = hooks[event];
    if (!hook) continue;
    wrapped[event] = (knex, migrations) => hook(knex, (migrations as Migration[]).map(convert));
  }
  return wrapped;
}

/** A migration as Knex's own source gives it, or the source that the configuration names. */
export function inKnexForm(migration: Migration, { config, merged }: CallConfig): unknown {
  const { name, path, custom } = migration;
  if (custom !== undefined) return custom;
  if (merged.migrationSource || path === null) return migration;
  const { directories } = config.migrations;
  const position = directories.indexOf(dirname(path));
  return { file: name, directory: [merged.directory ?? './migrations'].flat()[position] };
}
