import { EventEmitter } from 'node:events';
import { Client, type ClientConfig } from 'pg';
import { withCertificates } from '../certificates.js';
import { historyMethods } from './history.js';
import { completeInternals, type Internals } from './internals.js';
import { STANDARD_ERROR_LOG } from './log.js';
import { schemaMethods } from './methods.js';
import { Operations } from './operations.js';
import { seedingMethods } from './seeding.js';
import { ownTransactionMethods } from './transactions.js';
import { unavailableToPrograms } from './unavailable.js';

/** Where to connect to: what `pg` takes, and db-migrate's own entries beside it. */
export interface DriverConfig extends Omit<ClientConfig, 'ssl'> {
  /** The schema that `createMigrationsTable` puts first; `public` unless given. */
  schema?: string;
  /** As for `pg`; beside an `sslmode` it may name files (`sslrootcert`, `sslcert`, `sslkey`). */
  ssl?: ClientConfig['ssl'] | Record<string, unknown>;
  /** A client that is not connected yet, in the place of a new one. */
  db?: Client;
}

/** db-migrate's whole driver, on a connection of its own. */
export type Driver = ReturnType<typeof driverOn>;

/**
 * Connects and hands over db-migrate's driver for PostgreSQL, for programs that used
 * `db-migrate-pg` without its command line. Nothing of Knex or of a history is behind it: it sends
 * what it is told to, and begins and commits with `startMigration` and `endMigration`.
 *
 * `intern` may be empty. What it lacks (`migrationTable`, `seedTable`, `mod.log`, …) is filled in,
 * and it is looked at again with each call, as db-migrate does.
 *
 * @example
 * connect({ connectionString: process.env.DATABASE_URL }, {}, (error, db) => {
 *   if (error) throw error;
 *   db.createTable('pets', { id: 'int' }).then(() => db.close());
 * });
 */
export function connect(
  config: DriverConfig,
  intern: Partial<Internals>,
  callback: (error: Error | null, driver?: Driver) => void,
): void {
  const connection = config.db ?? new Client(clientConfig(config));
  connection.connect((error: Error | null) => {
    if (error) callback(error);
    else callback(null, driverOn(connection, config.schema, intern));
  });
}

function clientConfig(config: DriverConfig): ClientConfig {
  const { ssl, database, ...settings } = config;
  const read = typeof ssl === 'object' ? withCertificates({ ...ssl }) : ssl;
  return {
    ...settings,
    ...(read !== undefined && { ssl: read }),
    // db-migrate's default, where pg's would be the name of the user. A URL names its own.
    database: database || 'postgres',
  };
}

function driverOn(connection: Client, schema: string | undefined, intern: Partial<Internals>) {
  const internals = completeInternals(intern, STANDARD_ERROR_LOG);
  const { log, type } = internals.mod;
  const current = { schema: schema || 'public' };
  const operations = new Operations(connection, {
    log,
    isDryRun: () => internals.dryRun,
    standsAlone: true,
  });
  const driver = {
    ...{ connection, log, type, internals },
    get schema() {
      return current.schema;
    },
    ...schemaMethods(operations, current),
    ...historyMethods(operations, internals, current),
    ...seedingMethods(operations),
    ...ownTransactionMethods(operations, connection, internals),
    ...unavailableToPrograms(operations),
  };
  return Object.assign(driver, EventEmitter.prototype);
}
