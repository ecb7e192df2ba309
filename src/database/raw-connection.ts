import { type Knex } from 'knex';
import { type ClientBase } from 'pg';

/**
 * The `pg` client that a Knex transaction runs on, or one of Knex's pool. Statements sent through
 * it are left as they are: `knex.raw` would take every `?` for a binding, and a project's
 * `wrapIdentifier` and `postProcessResponse` would change names and rows.
 */
export type RawConnection = ClientBase;

/** Lends the raw connection for the time of one call. */
export async function withRawConnection<T>(
  knex: Knex,
  work: (connection: RawConnection) => Promise<T>,
): Promise<T> {
  const client = knex.client as {
    acquireConnection(): Promise<RawConnection>;
    releaseConnection(connection: RawConnection): Promise<void>;
  };
  const connection = await client.acquireConnection();
  try {
    return await work(connection);
  } finally {
    await client.releaseConnection(connection);
  }
}
