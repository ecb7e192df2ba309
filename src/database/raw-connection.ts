import { type ClientBase } from 'pg';

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
