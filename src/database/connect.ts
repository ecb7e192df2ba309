import { promisify } from 'node:util';
import './pg.js';
import { Client, type ClientConfig } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { keptOpen } from './event-loop.js';

/**
 * How every connection is made, Knex's own too, where the configuration says nothing else. A server
 * that went away without a word is found out by keep-alive; the system's own wait is two hours.
 */
export const TRANSPORT = {
  connectionTimeoutMillis: 10_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
} satisfies ClientConfig;

/**
 * Opens one connection. The knexfile's search path is not set on it (see search-path.ts): what is
 * sent over it names its schemas.
 *
 * @throws KnexwardError `CONNECTION_FAILED`, `AUTHENTICATION_FAILED`, `DATABASE_MISSING` or
 * `TOO_MANY_CONNECTIONS`. The message names the server, the database and the user, and never the
 * password.
 */
export async function connect(connection: ClientConfig, config: ResolvedConfig): Promise<Client> {
  const client = new Client({ ...TRANSPORT, ...connection });
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
