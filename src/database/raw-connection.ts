import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, type ClientBase } from 'pg';

/**
 * The `pg` client that a Knex transaction runs on, one of Knex's pool, or one without Knex.
 * Statements sent through it are left as they are: `knex.raw` would take every `?` for a binding,
 * and a project's `wrapIdentifier` and `postProcessResponse` would change names and rows.
 */
export type RawConnection = ClientBase;

/** What Knex lends connections from. */
export interface ConnectionSource {
  client: {
    acquireConnection(): Promise<RawConnection>;
    releaseConnection(connection: RawConnection): Promise<void>;
  };
}

/** Lends the raw connection for the time of one call. */
export async function withRawConnection<T>(
  { client }: ConnectionSource,
  work: (connection: RawConnection) => Promise<T>,
): Promise<T> {
  const connection = await client.acquireConnection();
  try {
    return await work(connection);
  } finally {
    await client.releaseConnection(connection);
  }
}

/**
 * Closes a connection without waiting for anything: from now on it takes no statement, and what is
 * under way on it is for the server to undo.
 */
export function closeAtOnce(connection: RawConnection): void {
  // A connection with a statement under way is cut; an idle one says goodbye.
  void (connection as RawConnection & { end(): Promise<void> }).end().catch(() => undefined);
}

/** For how long to wait for the server to close a connection that nothing is under way on. */
const CLOSES_IN_MS = 1000;

/** Closes a connection, and lets go of it where the server does not answer. */
export async function closeInTime(client: Client): Promise<void> {
  const closed = client.end().then(
    () => true,
    () => true,
  );
  if (await Promise.race([closed, sleep(CLOSES_IN_MS, false, { ref: false })])) return;
  (
    client as unknown as { connection?: { stream?: { destroy(): void } } }
  ).connection?.stream?.destroy();
}
