import { type ClientBase } from 'pg';

/**
 * The `pg` client that a Knex transaction runs on, one of Knex's pool, or one without Knex.
 * Statements sent through it are left as they are: `knex.raw` would take every `?` for a binding,
 * and a project's `wrapIdentifier` and `postProcessResponse` would change names and rows.
 */
export type RawConnection = ClientBase;

/** What connections are borrowed from: Knex, or what stands in for it where it is not needed. */
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
