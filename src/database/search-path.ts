import { type Client, type ClientBase, escapeIdentifier } from 'pg';
import { type EnvironmentConfig } from '../config/settings.js';

/** The schemas of a knexfile's `searchPath`, or `null` where it names none. */
export function schemasOf({ searchPath }: EnvironmentConfig): string[] | null {
  const schemas = [searchPath ?? []].flat();
  return schemas.length === 0 ? null : schemas;
}

/** A search path as `set_config` takes it. */
export function searchPathText(schemas: readonly string[]): string {
  return schemas.map((schema) => escapeIdentifier(schema)).join(', ');
}

/**
 * Whether a connection ends at the server itself. A pooler in between makes up the process id that
 * it tells its client at the start.
 */
export async function isDirect(client: ClientBase): Promise<boolean> {
  const { processID } = client as ClientBase & { processID?: number | null };
  return processID === (await backendOf(client));
}

const TRIES = 3;

/**
 * Whether what is set for the session holds from one transaction to the next: not so behind a
 * pooler in transaction mode, where each transaction may meet another of the server's sessions, and
 * the setting stays behind in one that serves somebody else.
 *
 * It is found out by holding on to the very session that the connection has just used: a pooler in
 * transaction mode then hands over that one, or gives the connection another. Somebody else may
 * come in between, so it is tried more than once.
 *
 * @param connect opens a connection to the same place
 */
export async function keepsSession(connect: () => Promise<Client>): Promise<boolean> {
  const clients = await Promise.all([connect(), connect()]);
  const [first, second] = clients;
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      const before = await backendOf(first);
      await second.query('begin');
      const moved = (await backendOf(second)) === before || (await backendOf(first)) !== before;
      await second.query('rollback');
      if (moved) return false;
    }
    return true;
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}

/** What a connection is asked to find out where it ends. */
export const BACKEND_QUERY = 'select pg_backend_pid() as pid';

/** The simple query protocol: the connection may be the one that holds the runners' lock. */
async function backendOf(client: ClientBase): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>(BACKEND_QUERY);
  return rows[0]?.pid;
}
