import createKnex, { type Knex } from 'knex';
import { type EnvironmentConfig, startEmbedded } from 'knexward';
import { type EnvironmentName, namesDatabase } from './config/connection.js';
import knexfile from './config/knexfile.js';

/** The application's database, open. */
export interface Database {
  knex: Knex;
  /** What knexward is told, so that it looks at the very same database. */
  config: EnvironmentConfig;
  /** For the one connection that listens beside the pool. */
  connection: Knex.PgConnectionConfig;
  /** The folder of the embedded PostgreSQL, where that stands in. */
  embedded: string | null;
  close(): Promise<void>;
}

/**
 * Opens the database that the knexfile names. Where it names none, outside production, the
 * embedded PostgreSQL of the same knexfile stands in, as it does for the migrations.
 */
export async function openDatabase(
  environment: EnvironmentName,
  config: EnvironmentConfig = knexfile[environment],
): Promise<Database> {
  const connection = config.connection as Knex.PgConnectionConfig;
  if (namesDatabase(connection)) return open(config, connection, null, () => Promise.resolve());
  if (environment === 'production') {
    throw new Error('No database is named: set DB_HOST and the others, or DATABASE_URL.');
  }
  const folder = String(config.knexward?.embedded);
  const server = await startEmbedded({ folder });
  return open(config, { connectionString: server.url }, folder, () => server.stop());
}

function open(
  given: EnvironmentConfig,
  connection: Knex.PgConnectionConfig,
  embedded: string | null,
  stop: () => Promise<void>,
): Database {
  // Copies: Knex hides the password in the object that it is given.
  const config = { ...given, connection: { ...connection } };
  const knex = createKnex({ client: 'pg', connection: { ...connection }, pool: given.pool ?? {} });
  const close = async (): Promise<void> => {
    await knex.destroy();
    await stop();
  };
  return { knex, config, connection, embedded, close };
}
