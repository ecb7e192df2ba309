import { join } from 'node:path';
import { givenConnection } from '../config/connection.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { ConfinedToDatabase } from './confinement.js';
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
 * one; on the embedded PostgreSQL. The project's own database is not touched: where they share a
 * server, a run in the shadow may not change more than the shadow. A shadow that a killed run left
 * behind is dropped by the next one.
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
    if (made) {
      const described = {
        schemas,
        description: 'a database on the server that knexward.shadow names',
      };
      return shadowOn(made, config, { ...described, beside: await isBeside(made, config) });
    }
    throw noShadow(
      'The role that knexward.shadow names may not create databases there, or the server takes no changes (a replica, or read-only).',
      'Let the role create databases (alter role … createdb), or name another server.',
    );
  }
  if (config.database.kind === 'embedded')
    return onEmbedded(config, config.database.folder, schemas);
  const made = await createTemporary(config.database.connection, config, schemas);
  if (made) {
    const description = 'a temporary database on the same server';
    return shadowOn(made, config, { schemas, description, beside: true });
  }
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
    const description = 'a temporary database on the embedded PostgreSQL';
    const beside = config.database.kind === 'embedded';
    const shadow = shadowOn(made, config, { schemas, description, beside });
    return { ...shadow, close: () => shadow.close().finally(() => server.stop()) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Whether a database is on the server of the project's own, which a shadow's connection may name too. */
async function isBeside(made: Temporary, config: ResolvedConfig): Promise<boolean> {
  const [own, other] = await Promise.all([
    serverOf(config),
    serverOf({ ...config, database: { kind: 'server', connection: made.connection } }),
  ]).catch(async (error: unknown) => {
    await made.drop().catch(() => undefined);
    throw error;
  });
  return own.start === other.start || (own.id !== null && own.id === other.id);
}

/** A server, and the cluster that it has in common with its replicas. */
interface Server {
  /** When it was started, to the microsecond: no two servers have that in common. */
  start: string;
  /** The cluster's identifier; `null` where the role may not ask for it. */
  id: string | null;
}

async function serverOf(config: ResolvedConfig): Promise<Server> {
  const session = await openSession(config);
  try {
    const { rows } = await session.client.query<{ start: string; maySeeId: boolean }>(
      `select extract(epoch from pg_postmaster_start_time())::text as start,
        has_function_privilege('pg_control_system()', 'execute') as "maySeeId"`,
    );
    const [{ start, maySeeId }] = rows as [{ start: string; maySeeId: boolean }];
    // In one statement with the question, the server would refuse it for a function that is not called.
    const control = maySeeId
      ? await session.client.query<{ id: string }>(
          'select system_identifier::text as id from pg_control_system()',
        )
      : null;
    return { start, id: control?.rows[0]?.id ?? null };
  } finally {
    await session.close();
  }
}

interface Place extends Pick<Shadow, 'description' | 'schemas'> {
  /** Whether it is on the server of the project's own database. */
  beside: boolean;
}

function shadowOn(
  { connection, drop }: Temporary,
  config: ResolvedConfig,
  { description, schemas, beside }: Place,
): Shadow {
  return {
    ...{ description, schemas },
    config: {
      ...config,
      database: { kind: 'server', connection },
      // It is no database that anybody is told of.
      onDatabase: undefined,
      confinement: beside ? new ConfinedToDatabase() : undefined,
    },
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
