// Made from what "knexward adopt" wrote for examples/legacy-polls: the same migrations, the same
// tables, the same variables. The application takes its connection from here as well (FR-010).
import { join } from 'node:path';
import { type EnvironmentConfig, migrationSource } from 'knexward';
import { connectionOf, type EnvironmentName } from './connection.js';
import { ROOT } from './root.js';

/** The folder of the embedded PostgreSQL, for whoever names no database outside production. */
const EMBEDDED = process.env['EMBEDDED_FOLDER'] || join(ROOT, '.knexward');

function environment(name: EnvironmentName): EnvironmentConfig {
  return {
    client: 'pg',
    connection: connectionOf(name),
    pool: { min: 0, max: 10 },
    migrations: {
      tableName: 'knex_migrations',
      // Finds db-migrate's files and Knex's, for knexward and for "knex migrate:*" alike.
      migrationSource: migrationSource({ directory: join(ROOT, 'migrations') }),
    },
    knexward: {
      // Where db-migrate kept its history.
      dbMigrate: { table: 'migrations' },
      // A change that waits for a table makes every vote wait behind it: not for long, but often.
      lockTimeout: '1s',
      retries: 20,
      embedded: EMBEDDED,
    },
  };
}

const config: Record<EnvironmentName, EnvironmentConfig> = {
  development: environment('development'),
  dev: environment('dev'),
  test: environment('test'),
  production: environment('production'),
};

export default config;
