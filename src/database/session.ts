import { type Knex } from 'knex';
import { type Client, type ClientConfig, escapeLiteral } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { reasonOf } from '../server-error.js';
import { afterCreateOf, connect, TRANSPORT } from './connect.js';
import { keepsPool } from './event-loop.js';
import { type ChangeConnections } from './change-connections.js';
import { type SeverableKnex } from './knex-client.js';
import { type PgEnvironment, pgEnvironment } from './pg-environment.js';
import { observeConnections } from './process-connections.js';
import { closeInTime } from './raw-connection.js';
import { isDirect, keepsSession, schemasOf, searchPathText } from './search-path.js';

/** An open database. */
export interface Session {
  /** The connection that history is read through. */
  readonly client: Client;
  /** Opens a further connection to the same database, for statements of knexward's own. */
  connect(): Promise<Client>;
  /**
   * The connections that changes run on: Knex's where a change needs it. Loading it takes time.
   *
   * @param options for connections that Knex does not open
   */
  forChanges(
    needsKnex: boolean,
    options?: Pick<ClientConfig, 'pipeline'>,
  ): Promise<ChangeConnections>;
  /**
   * The search path that each transaction on those connections has to set for itself, once they
   * are there: `null` where the connections have it, or the knexfile names none.
   */
  transactionPath(): string | null;
  /** The sessions behind those connections, once they are there. */
  changeSessions(): ChangeSessions;
  /** Closes everything; the embedded server too, unless somebody else uses it. */
  close(): Promise<void>;
}

/** What the server's sessions are that changes run in. */
export interface ChangeSessions {
  /** Whether each belongs to one connection, and to nobody else's. */
  ours: boolean;
  /** Statements that make one what it was when it was new; empty where that is not known. */
  reset: string;
}

/** What opening a session may be told, and tells on the way. */
export interface SessionOptions {
  /** What the session's connections are called in `pg_stat_activity`. */
  applicationName?: string;
  /** The embedded server is used: where its data is. */
  onEmbedded?(folder: string): void;
}

/** Opens the database that the configuration names, starting the embedded server if that is it. */
export async function openSession(
  config: ResolvedConfig,
  options: SessionOptions = {},
): Promise<Session> {
  const { connection: server, release } = await reachServer(config, options);
  const unobserve = observeConnections();
  const { applicationName = 'knexward' } = options;
  const connection = named(server, applicationName);
  const environment = config.pgVariables ?? pgEnvironment();
  let client: Client;
  try {
    client = await connect(withoutQueryTimeout(connection), config, environment);
  } catch (error) {
    unobserve();
    await release();
    throw error;
  }
  const own = () => connect(withoutQueryTimeout(connection), config, environment);
  const open: ChangeConnections[] = [];
  let path: string | null = null;
  let sessions: ChangeSessions = { ours: false, reset: '' };
  return {
    client,
    connect: own,
    forChanges: async (needsKnex, options = {}) => {
      const known = open.find(({ knex }) => needsKnex === (knex !== null));
      if (known) return known;
      const { KeptConnection, PooledConnections } = await import('./change-connections.js');
      path = await transactionPath(client, own, config);
      sessions = await changeSessions(client, config);
      const schemas = path === null ? schemasOf(config.knex) : null;
      const made = needsKnex
        ? new PooledConnections(
            await createKnex(connection, config, { setsSearchPath: path === null, environment }),
          )
        : new KeptConnection(async () => {
            const kept = await connectIn(schemas, () =>
              connect({ ...connection, ...options }, config, environment),
            );
            config.confinement?.watch(kept);
            return kept;
          });
      open.push(made);
      return made;
    },
    transactionPath: () => path,
    changeSessions: () => sessions,
    close: async () => {
      await Promise.all(open.map((connections) => connections.close()));
      await closeInTime(client);
      unobserve();
      await release();
    },
  };
}

/**
 * The connection under our name, by which a run finds its own connections on the server. What a
 * connection string says goes before all else in `pg`, so a name in it is taken out.
 */
function named(connection: ClientConfig, applicationName: string): ClientConfig {
  const { connectionString } = connection;
  return {
    ...connection,
    application_name: applicationName,
    ...(connectionString !== undefined && {
      connectionString: withoutKey(connectionString, 'application_name'),
    }),
  };
}

/** A limit for the answers to migrations' statements is none for those that keep the run in order. */
function withoutQueryTimeout({ query_timeout, ...connection }: ClientConfig): ClientConfig {
  const { connectionString } = connection;
  return connectionString === undefined
    ? connection
    : { ...connection, connectionString: withoutKey(connectionString, 'query_timeout') };
}

/** A connection URL without one key of its query. */
function withoutKey(url: string, key: string): string {
  return url.replace(new RegExp(`([?&])${key}=[^&#]*&?`, 'g'), '$1');
}

async function reachServer(
  config: ResolvedConfig,
  options: SessionOptions,
): Promise<{ connection: ClientConfig; release: () => Promise<void> }> {
  const { database } = config;
  if (database.kind === 'server') {
    return { connection: database.connection, release: () => Promise.resolve() };
  }
  options.onEmbedded?.(database.folder);
  const { startEmbedded } = await import('../embedded/index.js');
  const server = await startEmbedded({ folder: database.folder });
  const { host, port, user, password } = server;
  return {
    connection: { host, port, user, password, database: server.database },
    release: () => server.stop(),
  };
}

/**
 * On a connection that ends at the server, Knex sets the search path for the session, which is ours
 * alone; behind a pooler in transaction mode that would reach other clients, and not us.
 */
async function transactionPath(
  client: Client,
  another: () => Promise<Client>,
  config: ResolvedConfig,
): Promise<string | null> {
  const schemas = schemasOf(config.knex);
  if (schemas === null || (await isDirect(client)) || (await keepsSession(another))) return null;
  return searchPathText(schemas);
}

/** The names of Knex's own client for PostgreSQL. Another may make its connections otherwise. */
const KNEX_OWN = new Set<unknown>([undefined, 'pg', 'postgres', 'postgresql']);

/**
 * A pooler's sessions are not ours to reset. What a project's `afterCreate`, or a client of its own, sets on a new
 * connection cannot be told from what a migration has set.
 */
async function changeSessions(client: Client, { knex }: ResolvedConfig): Promise<ChangeSessions> {
  const ours = await isDirect(client);
  if (!ours || knex.pool?.afterCreate || !KNEX_OWN.has(knex.client)) return { ours, reset: '' };
  const schemas = schemasOf(knex);
  const path =
    schemas === null
      ? ''
      : `, set_config('search_path', ${escapeLiteral(searchPathText(schemas))}, false)`;
  return { ours, reset: `reset all; select pg_advisory_unlock_all()${path}` };
}

/** A connection with the search path that Knex would set on it. */
async function connectIn(
  schemas: readonly string[] | null,
  another: () => Promise<Client>,
): Promise<Client> {
  const client = await another();
  if (schemas === null) return client;
  try {
    await client.query("select set_config('search_path', $1, false)", [searchPathText(schemas)]);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

async function createKnex(
  connection: ClientConfig,
  config: ResolvedConfig,
  { setsSearchPath, environment }: { setsSearchPath: boolean; environment: PgEnvironment },
): Promise<SeverableKnex> {
  const { createSeverableKnex } = await import('./knex-client.js');
  // A migration may ask for all of it: for the migrations' tables, or the seeds.
  const { searchPath, ...given } = config.knex;
  // A pool of pg's that the application has given to Knex: these connections are made anew.
  delete (given as { connectionPool?: unknown }).connectionPool;
  const afterCreate = afterCreateOf(config.knex, connection.application_name);
  const whole = {
    ...given,
    ...(setsSearchPath && searchPath !== undefined && { searchPath }),
    connection: {
      ...TRANSPORT,
      ...(await asKnexHasIt(connection, config)),
    } as Knex.PgConnectionConfig,
    pool: { ...given.pool, min: 0, ...(afterCreate && { afterCreate }) },
    // The place of a failing query builder in the migration's file is worth its small cost here.
    asyncStackTraces: true,
    // Else a failing statement's bound values, a password perhaps, become part of the message.
    compileSqlOnError: false,
    log: given.log ?? { warn: warnUnlessLost },
  };
  const { confinement } = config;
  const severable = await createSeverableKnex(whole, given.client, {
    environment,
    confinement,
  }).catch((error: unknown) => {
    // Such as an entry of its pool.
    throw new KnexwardError('KNEXFILE_BROKEN', {
      message: `Knex refuses what the knexfile says: ${reasonOf(error)}`,
      fix: 'Correct the entry that it names.',
      cause: error,
    });
  });
  keepsPool(severable.knex);
  config.onKnex?.(severable.knex);
  return severable;
}

/** Knex's types leave it out, which a name that is computed does not mind. */
const PARSE_CONNECTION: string = 'knex/lib/knex-builder/internal/parse-connection.js';

/**
 * Knex takes a URL apart, so that a migration can ask for the database's name; an object with a
 * `connectionString` it leaves to `pg`, which takes it apart in the same way.
 */
async function asKnexHasIt(
  { connectionString, ...others }: ClientConfig,
  { knex }: ResolvedConfig,
): Promise<ClientConfig> {
  // Without a host before the slash, Knex takes the text for no URL, and pg does.
  const isUrl = /^postgres(?:ql)?:\/\/(?![^/]*@\/)/.test(connectionString ?? '');
  if (!isUrl || typeof knex.connection === 'object')
    return { ...others, ...(connectionString !== undefined && { connectionString }) };
  const { default: parse } = (await import(PARSE_CONNECTION)) as {
    default: (text: string) => { connection: ClientConfig };
  };
  return { ...others, ...parse(connectionString as string).connection };
}

/** That a connection was lost is told by what needed it, with its cause; once is enough. */
function warnUnlessLost(message: unknown): void {
  if (!/^(?:Connection Error|Acquire connection error): /.test(String(message)))
    console.error(message);
}
