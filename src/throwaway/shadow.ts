import { join } from 'node:path';
import { givenConnection } from '../config/connection.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { schemasNamed } from './schemas.js';
import { createTemporary, type Temporary } from './temporary.js';

/** A database that is there for a while, to try migrations on. */
export interface Shadow {
  /** What stands behind it, in a person's words. */
  description: string;
  /** The project's configuration, with this database in the place of its own. */
  config: ResolvedConfig;
  /** Those that it had from the start. */
  schemas: readonly string[];
  /** Drops the database. */
  close(): Promise<void>;
}

/**
 * Opens a database to try migrations on, with nothing in it but these schemas,
 * those that the knexfile names unless given. It is made, in this order: on the server that the
 * knexfile's `knexward.shadow` names; beside the project's own database, where the role may create
 * one; on the embedded PostgreSQL. The project's own database is not touched. A shadow that a
 * killed run left behind is dropped by the next one.
 *
 * @throws KnexwardError `NO_SHADOW` where there is none of the three.
 */
export async function openShadow(
  config: ResolvedConfig,
  schemas: readonly string[] = schemasNamed(config),
): Promise<Shadow> {
  const { shadow } = config.settings;
  if (shadow !== null) {
    const connection = await givenConnection({ connection: shadow });
    if (connection === undefined) {
      throw noShadow('knexward.shadow has no value.', 'Give it a connection, or leave it out.');
    }
    const made = await createTemporary(connection, config, schemas);
    if (made)
      return shadowOn(made, config, schemas, 'a database on the server that knexward.shadow names');
    throw noShadow(
      'The role that knexward.shadow names may not create databases there, or the server takes no changes (a replica, or read-only).',
      'Let the role create databases (alter role … createdb), or name another server.',
    );
  }
  if (config.database.kind === 'embedded')
    return onEmbedded(config, config.database.folder, schemas);
  const made = await createTemporary(config.database.connection, config, schemas);
  if (made) return shadowOn(made, config, schemas, 'a temporary database on the same server');
  return onEmbedded(config, join(config.projectRoot, '.knexward', 'shadow'), schemas).catch(
    (error: unknown) => {
      if (!(error instanceof KnexwardError) || error.code !== 'NO_EMBEDDED_SERVER') throw error;
      throw noShadow(
        'The database role may not create databases (or the server takes no changes), and the embedded PostgreSQL is not installed.',
        waysOut(error),
      );
    },
  );
}

async function onEmbedded(
  config: ResolvedConfig,
  folder: string,
  schemas: readonly string[],
): Promise<Shadow> {
  const { startEmbedded } = await import('../embedded/index.js');
  const server = await startEmbedded({ folder });
  const { host, port, user, password, database } = server;
  try {
    const made = await createTemporary({ host, port, user, password, database }, config, schemas);
    if (!made) throw noShadow('The embedded PostgreSQL does not let databases be created.', '');
    const shadow = shadowOn(
      made,
      config,
      schemas,
      'a temporary database on the embedded PostgreSQL',
    );
    return { ...shadow, close: () => shadow.close().finally(() => server.stop()) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function shadowOn(
  { connection, drop }: Temporary,
  config: ResolvedConfig,
  schemas: readonly string[],
  description: string,
): Shadow {
  return {
    ...{ description, schemas },
    // It is no database that anybody is told of.
    config: { ...config, onDatabase: undefined, database: { kind: 'server', connection } },
    close: drop,
  };
}

/** On a system for which there is no embedded PostgreSQL, there is nothing to install either. */
function waysOut({ fix }: KnexwardError): string {
  const [install] = /"npm install [^"]*"/.exec(fix) ?? [];
  const first =
    'Name a server with knexward.shadow in the knexfile, or let the role create databases (alter role … createdb).';
  return install === undefined ? first : `${first} Or install the embedded PostgreSQL: ${install}`;
}

function noShadow(message: string, fix: string): KnexwardError {
  return new KnexwardError('NO_SHADOW', {
    message: `There is no server for a temporary database. ${message}`,
    fix,
  });
}
