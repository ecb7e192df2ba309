import { type ClientConfig } from 'pg';
import { KnexwardError } from '../errors.js';
import { askProject } from './ask-project.js';
import { type EnvironmentConfig } from './settings.js';

/** The names that Knex 3 gives its PostgreSQL client. */
const POSTGRES_CLIENTS = new Set(['pg', 'postgres', 'postgresql']);
/** The schemes of a URL that Knex reads as PostgreSQL's. */
const SCHEMES = new Set(['postgres:', 'postgresql:', 'pg:']);

/** The entries of a connection any of which names a database server. */
const NAMING = ['connectionString', 'host', 'port', 'database', 'user', 'password'] as const;
const NAMING_VARIABLES = ['PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER', 'PGPASSWORD'];

/**
 * The connection that a configuration gives, in the form that `pg` takes; `undefined` where it
 * gives none, or one without any value in it, as where the variables that it reads are not set.
 *
 * @throws KnexwardError `UNSUPPORTED_CLIENT` for a client other than PostgreSQL's,
 * `INVALID_CONNECTION` for a connection that cannot be understood.
 */
export async function resolveConnection(
  config: EnvironmentConfig,
  env: NodeJS.ProcessEnv,
): Promise<ClientConfig | undefined> {
  refuseOtherClients(config);
  if (!config.connection && !hasPool(config)) return undefined;
  const named = await givenConnection(config);
  if (named === undefined) return undefined;
  // pg itself reads the PG* variables for what a connection leaves out.
  const completed = NAMING_VARIABLES.some((name) => env[name]);
  const entries = NAMING.filter((entry) => entry in named);
  const isSet = (entry: (typeof NAMING)[number]) =>
    named[entry] !== undefined && named[entry] !== '' && named[entry] !== null;
  if (entries.length > 0 && !entries.some(isSet) && !completed) return undefined;
  const unnamed = entries.includes('database') && !isSet('database') && !env['PGDATABASE'];
  if (unnamed && !isSet('connectionString')) throw withoutDatabase();
  return named;
}

/**
 * The connection that the process environment gives, for a project without a configuration:
 * `DATABASE_URL`, else the variables of PostgreSQL's own clients, as far as `pg` reads them.
 *
 * @throws KnexwardError `NO_DATABASE` where only `PGSERVICE` names one, which `pg` does not read.
 */
export function connectionFromEnvironment(env: NodeJS.ProcessEnv): ClientConfig | undefined {
  if (env['DATABASE_URL']) return connectionFromUrl(env['DATABASE_URL'], 'DATABASE_URL');
  // pg reads them by itself; an empty configuration leaves them to it.
  if (NAMING_VARIABLES.some((name) => env[name])) return {};
  if (!env['PGSERVICE']) return undefined;
  throw new KnexwardError('NO_DATABASE', {
    message: 'PGSERVICE names the database, but the driver pg does not read service files.',
    fix: 'Set DATABASE_URL, or PGHOST, PGDATABASE and PGUSER.',
  });
}

function refuseOtherClients(config: EnvironmentConfig): void {
  const { client, dialect } = config as { client?: unknown; dialect?: unknown };
  const name = client ?? dialect;
  // Of whichever copy of Knex it is: that is the project's choice.
  const isClass = (value: { prototype?: { acquireConnection?: unknown } }): boolean =>
    typeof value.prototype?.acquireConnection === 'function';
  if (typeof name === 'function' && !isClass(name)) {
    throw new KnexwardError('UNSUPPORTED_CLIENT', {
      message: "The knexfile's client is a function, and no class of Knex's clients.",
      fix: 'Set client to "pg".',
    });
  }
  if (typeof name !== 'string' || POSTGRES_CLIENTS.has(name)) return;
  const native = name === 'pgnative' || name === 'pg-native';
  throw new KnexwardError('UNSUPPORTED_CLIENT', {
    message: `The knexfile's client is "${name}"; knexward works with ${native ? 'the driver pg' : 'PostgreSQL'} only.`,
    fix: 'Set client to "pg".',
  });
}

/**
 * What a configuration says about its connection, in the form that `pg` takes: an object, a URL, a
 * function that returns either, or a `pg.Pool` that Knex was given. `undefined` where a function
 * returns nothing, or the text is empty.
 *
 * @throws KnexwardError `UNSUPPORTED_CLIENT` for a pool that does not tell where it connects to,
 * `INVALID_CONNECTION` for a text that is no URL.
 */
export async function givenConnection(
  config: EnvironmentConfig,
): Promise<ClientConfig | undefined> {
  const { connectionPool: pool } = config as { connectionPool?: { options?: unknown } };
  if (pool && config.connection) throw bothGiven();
  if (pool && typeof pool.options !== 'object') throw foreignPool();
  let given: unknown = pool?.options ?? config.connection;
  if (typeof given === 'function') {
    given = await askProject("The knexfile's function connection", given as () => unknown);
  }
  if (typeof given === 'string') {
    return given === '' ? undefined : connectionFromUrl(given, "The knexfile's connection", false);
  }
  if (typeof given !== 'object' || given === null) return undefined;
  // Knex and pg.Pool hide the password of an object that they were given: a copy would lose it.
  const { password } = given as ClientConfig;
  return { ...given, ...(password !== undefined && { password }) };
}

/**
 * A connection URL, checked, in the form that `pg` takes.
 *
 * @param what what the URL is, to begin the sentence of an error with
 * @param mayLackHost whether a user may stand before no host: Knex takes such a text for no URL
 * @throws KnexwardError `INVALID_CONNECTION`, without the text, for it may hold a password
 */
export function connectionFromUrl(text: string, what: string, mayLackHost = true): ClientConfig {
  let url: URL;
  try {
    // pg takes a URL with a user and no host, as for a socket; new URL() does not.
    url = new URL(mayLackHost ? text.replace('@/', '@localhost/') : text);
    for (const part of [url.username, url.password, url.pathname]) decodeURIComponent(part);
  } catch {
    throw invalidUrl(`${what} is not a URL`);
  }
  if (!SCHEMES.has(url.protocol)) {
    throw invalidUrl(`${what} begins with "${url.protocol}", not with "postgresql:"`);
  }
  // A "#", "?" or "/" in a password ends the host too early, and what follows holds the "@".
  if (/@/.test(`${url.pathname}${url.search.split('=')[0] ?? ''}${url.hash}`)) {
    throw invalidUrl(`${what} has an "@" after the host`);
  }
  if (url.protocol !== 'pg:') return { connectionString: text };
  return { connectionString: text.replace(/^pg:/i, 'postgresql:') };
}

function invalidUrl(reason: string): KnexwardError {
  return new KnexwardError('INVALID_CONNECTION', {
    message: `${reason}. Nothing was connected to.`,
    fix: 'Write postgresql://user:***@host:port/database with the password in the place of ***, percent-encoded: encodeURIComponent(password) gives it.',
  });
}

function withoutDatabase(): KnexwardError {
  return new KnexwardError('INVALID_CONNECTION', {
    message:
      'The connection has an entry "database" without a value; pg would connect to the database with the user\'s name.',
    fix: 'Set the variable that the entry is read from, or leave the entry out.',
  });
}

function bothGiven(): KnexwardError {
  return new KnexwardError('INVALID_CONNECTION', {
    message: 'The configuration has both "connection" and "connectionPool", which Knex refuses.',
    fix: 'Leave one of them out.',
  });
}

function foreignPool(): KnexwardError {
  return new KnexwardError('UNSUPPORTED_CLIENT', {
    message: "Knex's connectionPool is not a pg.Pool, so it does not say where the database is.",
    fix: 'Give it a Pool of pg, or tell knexward the connection in a configuration of its own.',
  });
}

function hasPool(config: EnvironmentConfig): boolean {
  return Boolean((config as { connectionPool?: unknown }).connectionPool);
}
