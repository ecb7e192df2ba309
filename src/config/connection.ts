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
  const named = await givenConnection(config);
  if (NAMING.some((entry) => named[entry] !== undefined && named[entry] !== '')) return named;
  return fromEnvironment(named, env);
}

/**
 * What a configuration says about its connection, in the form that `pg` takes: an object, a text, a
 * function that returns either, or a `pg.Pool` that Knex was given.
 *
 * @throws KnexwardError `UNSUPPORTED_CLIENT` for a pool that does not tell where it connects to.
 */
export async function givenConnection(config: EnvironmentConfig): Promise<ClientConfig> {
  const { connectionPool: pool } = config as { connectionPool?: { options?: unknown } };
  if (pool && typeof pool.options !== 'object') throw foreignPool();
  let given: unknown = pool?.options ?? config.connection;
  if (typeof given === 'function') given = await (given as () => unknown)();
  if (typeof given === 'string' && given !== '') return { connectionString: given };
  if (typeof given !== 'object' || given === null) return {};
  // Knex and pg.Pool hide the password of an object that they were given: a copy would lose it.
  const { password } = given as ClientConfig;
  return { ...given, ...(password !== undefined && { password }) };
}

function foreignPool(): KnexwardError {
  return new KnexwardError('UNSUPPORTED_CLIENT', {
    message: "Knex's connectionPool is none of pg's, so it does not tell where the database is.",
    fix: 'Give it a Pool of pg, or tell knexward the connection in a configuration of its own.',
  });
}

function fromEnvironment(given: ClientConfig, env: NodeJS.ProcessEnv): ClientConfig | undefined {
  if (env['DATABASE_URL']) return { ...given, connectionString: env['DATABASE_URL'] };
  // pg reads the PG* variables by itself; an empty configuration leaves them to it.
  if (NAMING_VARIABLES.some((name) => env[name])) return given;
  return undefined;
}
