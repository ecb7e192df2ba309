import { promisify } from 'node:util';
import './pg.js';
import { Client, type ClientBase, type ClientConfig, escapeLiteral } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { type EnvironmentConfig } from '../config/settings.js';
import { KnexwardError } from '../errors.js';
import { redact } from '../secrets.js';
import { isLostConnection, messageOf, reasonOf, serverErrorIn } from '../server-error.js';
import { keptOpen } from './event-loop.js';
import { keepPassword, keepPasswordAskedFor } from './keep-password.js';
import { inPgEnvironment, type PgEnvironment, pgEnvironment } from './pg-environment.js';
import { countConnection } from './process-connections.js';

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
 *
 * @param environment the variables that say what the connection does not; those of now unless given
 */
export async function connect(
  connection: ClientConfig,
  config: ResolvedConfig,
  environment: PgEnvironment = pgEnvironment(),
): Promise<Client> {
  const client = inPgEnvironment(environment, () => clientFor(connection));
  // A lost connection is noticed by the query that needs it; without a listener it would end
  // the process from the outside.
  client.on('error', () => undefined);
  countConnection(client);
  try {
    await client.connect();
  } catch (error) {
    // Where it was this side that gave up, the connection is still open, and would keep the process.
    void client.end().catch(() => undefined);
    keepPassword(client);
    const { connectionError } = await import('./connection-error.js');
    throw connectionError(error, client);
  }
  keepPassword(client);
  keptOpen(client);
  try {
    await prepareAsKnexDoes(client, config, connection.application_name);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return client;
}

/** @throws KnexwardError `INVALID_CONNECTION` where pg cannot take it, as where a file for TLS is not there */
function clientFor(connection: ClientConfig): Client {
  try {
    const client = new Client({ ...TRANSPORT, ...connection });
    keepPasswordAskedFor(client);
    return client;
  } catch (error) {
    throw new KnexwardError('INVALID_CONNECTION', {
      message: `The connection cannot be used: ${redact(messageOf(error))}. Nothing was connected to.`,
      fix: 'Correct what it names, such as sslrootcert, sslcert and sslkey.',
      cause: error,
    });
  }
}

/** The knexfile's `pool.afterCreate`: it may say as which role, or in which schema, to work. */
async function prepareAsKnexDoes(
  client: Client,
  { knex }: ResolvedConfig,
  applicationName: string | undefined,
): Promise<void> {
  const afterCreate = afterCreateOf(knex, applicationName);
  if (!afterCreate) return;
  const limit = knex.acquireConnectionTimeout ?? KNEX_ACQUIRES_IN_MS;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const message = `pool.afterCreate of the knexfile has not called its callback in ${limit} ms.`;
      reject(new KnexwardError('KNEXFILE_BROKEN', { message, fix: 'Call done() in it.' }));
    }, limit);
  });
  try {
    await Promise.race([promisify(afterCreate)(client), late]);
  } catch (error) {
    if (error instanceof KnexwardError || serverErrorIn(error) || isLostConnection(error))
      throw error;
    throw new KnexwardError('KNEXFILE_BROKEN', {
      message: `The knexfile's pool.afterCreate failed: ${reasonOf(error)}`,
      fix: 'Correct it.',
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

const KNEX_ACQUIRES_IN_MS = 60_000;

type AfterCreate = (connection: ClientBase, done: (error?: Error | null) => void) => void;

/** The knexfile's `pool.afterCreate`, followed by the name that a run knows its own sessions by. */
export function afterCreateOf(
  knex: EnvironmentConfig,
  applicationName?: string,
): AfterCreate | undefined {
  const given = knex.pool?.afterCreate as AfterCreate | undefined;
  if (!given) return undefined;
  return (connection, done) => {
    const failed = (error: unknown): void =>
      done(error instanceof Error ? error : new Error(reasonOf(error)));
    const named = (error?: Error | null): void => {
      if (error) return failed(error);
      if (applicationName === undefined) return done();
      const name = `select set_config('application_name', ${escapeLiteral(applicationName)}, false)`;
      connection.query(name).then(() => done(), done);
    };
    // An async one that throws never calls back.
    new Promise((resolve) => resolve(given(connection, named))).catch(failed);
  };
}
