import { promisify } from 'node:util';
import { Client, type ClientConfig } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { keptOpen } from './event-loop.js';

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Opens one connection, with the search path that the knexfile asks for.
 *
 * @throws KnexwardError `CONNECTION_FAILED`, `AUTHENTICATION_FAILED`, `DATABASE_MISSING` or
 * `TOO_MANY_CONNECTIONS`. The message names the server, the database and the user, and never the
 * password.
 */
export async function connect(connection: ClientConfig, config: ResolvedConfig): Promise<Client> {
  const client = new Client({
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    ...connection,
  });
  // A lost connection is noticed by the query that needs it; without a listener it would end
  // the process from the outside.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    // Where it was this side that gave up, the connection is still open, and would keep the process.
    void client.end().catch(() => undefined);
    const { connectionError } = await import('./connection-error.js');
    throw connectionError(error, client);
  }
  keptOpen(client);
  try {
    await setSearchPath(client, config.knex.searchPath);
    await prepareAsKnexDoes(client, config);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return client;
}

/** The knexfile's `pool.afterCreate`: it may say as which role, or in which schema, to work. */
async function prepareAsKnexDoes(client: Client, { knex }: ResolvedConfig): Promise<void> {
  const afterCreate = knex.pool?.afterCreate as
    ((connection: Client, done: (error?: Error | null) => void) => void) | undefined;
  if (afterCreate) await promisify(afterCreate)(client);
}

async function setSearchPath(
  client: Client,
  searchPath: string | readonly string[] | undefined,
): Promise<void> {
  if (searchPath === undefined || searchPath.length === 0) return;
  const schemas = [searchPath].flat().map((schema) => client.escapeIdentifier(schema));
  await client.query("select set_config('search_path', $1, false)", [schemas.join(', ')]);
}
