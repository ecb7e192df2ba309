import { type ClientConfig } from 'pg';
import { parseDbMigrateConfig, readVariables } from './config.js';
import { readConfigFile } from './config-file.js';
import { connectionOf, isUnset } from './settings.js';

const PLACE = { path: "The knexfile's configuration of db-migrate", name: 'an environment' };

/** An environment as database.json has it: a connection URL, or settings, its variables read. */
export type DbMigrateSettings = string | Record<string, unknown> | undefined;

/** What a knexfile takes from an environment of db-migrate's. */
export interface KnexfileConnection {
  /**
   * For `pg`; `undefined` where nothing names a database. Of settings that cannot be used it is a function,
   * which says so: they are no concern of another environment's.
   */
  connection: ClientConfig | (() => never) | undefined;
  /** The schema of the migrations and their history; `undefined` where it is `public`. */
  schema: string | undefined;
}

/**
 * What an environment of db-migrate's configuration means, for a knexfile: where db-migrate would
 * connect to, and in which schema. The knexfile that `adopt` writes calls it.
 *
 * @param databaseUrl `process.env.DATABASE_URL`, which db-migrate puts over settings without a `url`
 *
 * @example
 * import { dbMigrateConnection } from 'knexward';
 *
 * const settings = { driver: 'pg', host: process.env['DB_HOST'], database: 'app', schema: 'app' };
 * const { connection, schema } = dbMigrateConnection(settings, process.env['DATABASE_URL']);
 */
export function dbMigrateConnection(
  settings: DbMigrateSettings,
  databaseUrl: string | undefined,
): KnexfileConnection {
  const nothing = { connection: undefined, schema: undefined };
  if (!settings) return nothing;
  try {
    if (typeof settings === 'object') {
      const isEmpty = !settings['driver'] && !settings['url'] && !databaseUrl;
      if (isEmpty || isUnset(settings, databaseUrl)) return nothing;
    }
    const { connection, schema } = connectionOf(settings, databaseUrl, PLACE);
    return { connection, schema: schema === 'public' ? undefined : schema };
  } catch (error) {
    const connection = (): never => {
      throw error;
    };
    return { connection, schema: undefined };
  }
}

/**
 * The environments of a configuration that is a module, by their names, for `dbMigrateConnection`. It is read
 * as db-migrate reads it, with what it computes at this moment. The knexfile that `adopt` writes
 * for such a configuration calls it.
 *
 * @param path relative to the working directory
 * @throws KnexwardError `DB_MIGRATE_CONFIG` where the file cannot be read or has no environment
 *
 * @example
 * import { dbMigrateEnvironments } from 'knexward';
 *
 * console.log(Object.keys(dbMigrateEnvironments('config/database.js')));
 */
export function dbMigrateEnvironments(path: string): Record<string, DbMigrateSettings> {
  const { environments } = parseDbMigrateConfig(readConfigFile(path), path);
  return Object.fromEntries(
    Object.entries(environments).map(([name, environment]) => [
      name,
      readVariables(environment, process.env) as DbMigrateSettings,
    ]),
  );
}
