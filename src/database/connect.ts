import { Client, type ClientConfig, DatabaseError } from 'pg';
import { KnexwardError } from '../errors.js';
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
 * @throws KnexwardError `CONNECTION_FAILED`, `AUTHENTICATION_FAILED` or `DATABASE_MISSING`. The
 * message names the server, the database and the user, and never the password.
 */
export async function connect(connection: ClientConfig): Promise<Client> {
  const client = new Client({ ...TRANSPORT, ...connection });
  // A lost connection is noticed by the query that needs it; without a listener it would end
  // the process from the outside.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw connectionError(error, client);
  }
  keptOpen(client);
  return client;
}

function connectionError(error: unknown, client: Client): KnexwardError {
  const place = `${client.host}:${client.port}`;
  const { database, user } = client;
  const code = (error as { code?: string }).code;
  const message = describe(error);
  if (code === '28P01' || code === '28000') {
    return new KnexwardError('AUTHENTICATION_FAILED', {
      message: `The server at ${place} refuses the user "${user ?? ''}": ${message}`,
      fix: 'Correct the user or the password in the connection that the knexfile names.',
      cause: error,
    });
  }
  if (code === '3D000') {
    return new KnexwardError('DATABASE_MISSING', {
      message: `The server at ${place} has no database "${database ?? ''}".`,
      fix: `Create it (createdb ${database ?? ''}), or correct the name in the connection.`,
      cause: error,
    });
  }
  return new KnexwardError('CONNECTION_FAILED', {
    message: `No connection to the database "${database ?? ''}" at ${place}: ${message}`,
    fix:
      error instanceof DatabaseError
        ? 'The server answered, and said no: see its message above.'
        : 'Check that the server runs and that host and port are right.',
    cause: error,
  });
}

/** An error for several addresses of one host (`localhost`) has its messages inside. */
function describe(error: unknown): string {
  if (error instanceof AggregateError) {
    return error.errors.map((inner: unknown) => describe(inner)).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}
