import { type ClientConfig } from 'pg';
import { resolveConnection } from '../config/connection.js';
import { projectConfig, type ResolvedConfig } from '../config/resolve.js';
import { type EnvironmentConfig } from '../config/settings.js';
import { KnexwardError } from '../errors.js';
import { fleetOf, type Target } from './targets.js';

/** Where a target is, as far as that can be told without connecting. */
export interface Place {
  /** Targets with the same one are in one database. */
  database: string;
  /** Targets with the same one share a server. */
  server: string;
}

/**
 * The configuration of one target: that of the project, with the target's own connection, and its
 * schema as the only one in the search path. Resolved by the same code as every other. What a target
 * does not say is never filled in from another database.
 *
 * @throws KnexwardError `INVALID_CONNECTION` where the connection does not name host and database
 */
export async function targetConfig(base: ResolvedConfig, target: Target): Promise<ResolvedConfig> {
  const { projectRoot, environment, knexfile, workingDirectory } = base;
  const knex = withSchema(base, target);
  const project = projectConfig(projectRoot, environment, knex, knexfile, workingDirectory);
  const { settings, migrations } = project;
  const dbMigrate = { ...settings.dbMigrate, schema: settings.dbMigrate.schema ?? target.schema };
  const own: ResolvedConfig = {
    ...base,
    ...project,
    migrations: { ...migrations, scope: base.migrations.scope },
    settings: { ...base.settings, dbMigrate },
    // The database that is told to a person is the coordinator's.
    onDatabase: undefined,
  };
  if (target.connection === null) return own;
  return { ...own, database: { kind: 'server', connection: await connectionOf(knex, target) } };
}

/** The knexfile's environment as it would be for this target alone. */
function withSchema(base: ResolvedConfig, { schema, connection }: Target): EnvironmentConfig {
  const knex = { ...base.knex };
  if (connection !== null) {
    Object.assign(knex, { connection });
    delete (knex as { connectionPool?: unknown }).connectionPool;
  }
  if (schema === null) return knex;
  return {
    ...knex,
    searchPath: [schema, ...fleetOf(base).searchPath],
    migrations: { ...knex.migrations, schemaName: schema },
  };
}

async function connectionOf(knex: EnvironmentConfig, { id }: Target): Promise<ClientConfig> {
  const connection = await resolveConnection(knex, {});
  if (connection && namesDatabase(connection)) return connection;
  throw new KnexwardError('INVALID_CONNECTION', {
    message: `The connection of the target "${id}" does not name a host and a database. Nothing was connected to.`,
    fix: 'Give both: pg would fill in what is missing, and that would be another database.',
  });
}

function namesDatabase({ connectionString, host, database }: ClientConfig): boolean {
  if (connectionString === undefined) return Boolean(host) && Boolean(database);
  // As connectionFromUrl has taken it: a URL, perhaps without a host before the path.
  const url = new URL(connectionString.replace('@/', '@localhost/'));
  const hasHost = (!connectionString.includes('@/') && url.hostname !== '') || Boolean(host);
  const inQuery = url.searchParams.get('host');
  return (hasHost || Boolean(inQuery)) && (url.pathname.length > 1 || Boolean(database));
}

/** Where a target is, by all that may lead elsewhere. No password is in it, and nothing of it is shown. */
export function placeOf({ database }: ResolvedConfig): Place {
  if (database.kind === 'embedded') return { database: database.folder, server: database.folder };
  const { connectionString = '', host, port, database: name, user, options } = database.connection;
  const { PGHOST = '', PGPORT = '5432' } = process.env;
  if (connectionString === '') {
    const server = `${host ?? PGHOST}:${port ?? PGPORT}`;
    return { server, database: JSON.stringify([server, user, name, options]) };
  }
  const {
    hostname,
    port: own,
    username,
    pathname,
    searchParams,
  } = new URL(connectionString.replace('@/', '@localhost/'));
  const asked = Object.fromEntries(searchParams);
  delete asked['password'];
  // What stands behind the question mark goes first in `pg`.
  const server = `${asked['host'] ?? hostname}:${asked['port'] ?? (own || PGPORT)}`;
  return { server, database: JSON.stringify([server, username, pathname, asked]) };
}
