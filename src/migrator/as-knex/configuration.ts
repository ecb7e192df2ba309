import { type Knex } from 'knex';
import { projectConfig, type ResolvedConfig } from '../../config/resolve.js';
import { type EnvironmentConfig } from '../../config/settings.js';
import { configOfKnex, copyListeners, databaseOfKnex } from '../application-knex.js';
import { type KnexMigrateOptions } from '../knex-migrate.js';

/** What a call of `knex.migrate` may be given, and what a configuration's `migrations` holds. */
export type MigrationsOption = Knex.MigratorConfigWithLifecycleHooks;

/** A call's configuration, resolved, and as Knex would have merged it. */
export interface CallConfig {
  config: ResolvedConfig;
  merged: MigrationsOption;
}

/** Resolves what one call works with: the instance's configuration, and the call's own before it. */
export async function resolveCall(
  knex: Knex,
  { settings }: KnexMigrateOptions,
  given: MigrationsOption | undefined,
): Promise<CallConfig> {
  const own = configOfKnex(knex);
  const merged = merge(merge({}, own.migrations), given);
  const environment: EnvironmentConfig = {
    ...own,
    migrations: withoutFiles(merged),
    ...((own.knexward ?? settings) && { knexward: { ...own.knexward, ...settings } }),
  };
  const name = process.env['NODE_ENV'] || 'development';
  const project = projectConfig(process.cwd(), name, environment, null);
  const database = await databaseOfKnex(own);
  const onKnex = (made: Knex): void => copyListeners(knex, made);
  return { config: { ...project, database, onKnex }, merged };
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

/** A source that is left after merging counts, whatever the instance's configuration says about files. */
function withoutFiles(merged: MigrationsOption): MigrationsOption {
  if (!merged.migrationSource) return merged;
  const { directory, sortDirsSeparately, loadExtensions, ...others } = merged;
  return others;
}
