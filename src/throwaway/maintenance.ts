import { Client, type ClientConfig } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { connect } from '../database/connect.js';
import { KnexwardError } from '../errors.js';
import { serverErrorIn } from '../server-error.js';
import { withDatabase } from './connection.js';

/** Where databases are made from: there on every server, and nobody's work. */
const MAINTENANCE = 'postgres';

/**
 * The connection from which databases are made and dropped: to `postgres`, or, where the server does
 * not let us in there, to the database that the configuration names. That one need not exist, and
 * it is better left alone: it could not be dropped or copied while we are in it.
 *
 * @returns a connection that is open, and what opens further ones to the same place
 * @throws KnexwardError as `connect`
 */
export async function openMaintenance(
  connection: ClientConfig,
  config: ResolvedConfig,
): Promise<{ client: Client; place: ClientConfig }> {
  return openFirst([withDatabase(connection, MAINTENANCE), connection], config);
}

/** Whether the role may create databases, and the server is one that takes any. */
export async function mayCreate(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    `select (rolcreatedb or rolsuper) and not pg_is_in_recovery()
              and current_setting('default_transaction_read_only') = 'off' as may
       from pg_roles where rolname = current_user`,
  );
  return rows[0]?.may ?? false;
}

/** The database that a connection names, whether or not it is there. */
export function databaseNamed(connection: ClientConfig): string | undefined {
  return new Client(connection).database;
}

async function openFirst(
  [place, ...others]: ClientConfig[],
  config: ResolvedConfig,
): Promise<{ client: Client; place: ClientConfig }> {
  try {
    return { client: await connect(place as ClientConfig, config), place: place as ClientConfig };
  } catch (error) {
    // Where no server has answered, none will the next time.
    if (others.length === 0 || !serverErrorIn(error)) throw error;
    return openFirst(others, config);
  }
}

/** The error for a role that may not create databases. */
export function mayNotCreate(connection: ClientConfig): KnexwardError {
  const { user = '', host, port } = new Client(connection);
  return new KnexwardError('PERMISSION_DENIED', {
    message: `The role "${user}" may not create databases on the server at ${host}:${port}, or the server takes no changes (a replica, or read-only).`,
    fix: `Grant it that where tests run: alter role "${user.replaceAll('"', '""')}" createdb. Or name no database: the tests then run on the embedded PostgreSQL.`,
  });
}
