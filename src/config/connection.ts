import { type ClientConfig } from 'pg';
import { KnexwardError } from '../errors.js';
import { type EnvironmentConfig } from './settings.js';

const POSTGRES_CLIENTS = new Set(['pg', 'postgres', 'postgresql', 'pg-native', 'pgnative']);

/** The entries of a connection any of which names a database server. */
const NAMING = ['connectionString', 'host', 'port', 'database', 'user', 'password'] as const;
const NAMING_VARIABLES = ['PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER', 'PGPASSWORD', 'PGSERVICE'];

/**
 * The connection that a knexfile's environment names, in the form that `pg` takes; where it names
 * none, the one that the process environment names; `undefined` where neither does.
 *
 * @throws KnexwardError `UNSUPPORTED_CLIENT` for a client other than PostgreSQL's.
 */
export async function resolveConnection(
  config: EnvironmentConfig,
  env: NodeJS.ProcessEnv,
): Promise<ClientConfig | undefined> {
  const { client } = config;
  if (typeof client === 'string' && !POSTGRES_CLIENTS.has(client)) {
    throw new KnexwardError('UNSUPPORTED_CLIENT', {
      message: `The knexfile's client is "${client}"; knexward works with PostgreSQL only.`,
      fix: 'Set client to "pg".',
    });
  }
  let given: unknown = config.connection;
  if (typeof given === 'function') given = await (given as () => unknown)();
  if (typeof given === 'string' && given !== '') return { connectionString: given };
  const named = typeof given === 'object' && given !== null ? (given as ClientConfig) : {};
  if (NAMING.some((entry) => named[entry] !== undefined && named[entry] !== '')) return named;
  return fromEnvironment(named, env);
}

function fromEnvironment(given: ClientConfig, env: NodeJS.ProcessEnv): ClientConfig | undefined {
  if (env['DATABASE_URL']) return { ...given, connectionString: env['DATABASE_URL'] };
  // pg reads the PG* variables by itself; an empty configuration leaves them to it.
  if (NAMING_VARIABLES.some((name) => env[name])) return given;
  return undefined;
}
