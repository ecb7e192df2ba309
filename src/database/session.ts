import { type Knex } from 'knex';
import { type Client, type ClientConfig } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { connect } from './connect.js';
import { keepsPool } from './event-loop.js';

/** An open database: one connection now, and Knex when a change has to run. */
export interface Session {
  /** The connection that history is read through. */
  readonly client: Client;
  /** Opens a further connection to the same database. */
  connect(): Promise<Client>;
  /** Knex on the same database, made at the first call: loading it takes longer than a query. */
  knex(): Promise<Knex>;
  /** Closes everything; the embedded server too, unless somebody else uses it. */
  close(): Promise<void>;
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
  const { applicationName = 'knexward' } = options;
  const connection = { ...server, application_name: applicationName };
  let client: Client;
  try {
    client = await connect(connection, config);
  } catch (error) {
    await release();
    throw error;
  }
  let knex: Knex | undefined;
  return {
    client,
    connect: () => connect(connection, config),
    knex: async () => (knex ??= await createKnex(connection, config)),
    close: async () => {
      await knex?.destroy();
      await client.end().catch(() => undefined);
      await release();
    },
  };
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

async function createKnex(connection: ClientConfig, config: ResolvedConfig): Promise<Knex> {
  const { default: createInstance } = await import('knex');
  const { migrations, knexward, seeds, ...given } = config.knex;
  // A pool of pg's that the application has given to Knex: these connections are made anew.
  delete (given as { connectionPool?: unknown }).connectionPool;
  const knex = createInstance({
    ...given,
    client: given.client ?? 'pg',
    connection: {
      keepAlive: true,
      ...connection,
    } as Knex.PgConnectionConfig,
    pool: { ...given.pool, min: 0 },
    // The place of a failing query builder in the migration's file is worth its small cost here.
    asyncStackTraces: true,
    // Else a failing statement's bound values, a password perhaps, become part of the message.
    compileSqlOnError: false,
    log: given.log ?? { warn: warnUnlessLost },
  });
  keepsPool(knex);
  config.onKnex?.(knex);
  return knex;
}

/** That a connection was lost is told by what needed it, with its cause; once is enough. */
function warnUnlessLost(message: unknown): void {
  if (!/^Connection Error: /.test(String(message))) console.error(message);
}
