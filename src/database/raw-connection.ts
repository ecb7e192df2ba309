import { type EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, type ClientBase } from 'pg';
import { isLostConnection } from '../server-error.js';

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
  const client = connection as Client & { readyForQuery?: boolean };
  // A connection with a statement under way is cut; an idle one says goodbye. In pipeline mode, `pg` would wait for
  // the answers first.
  if (client.pipeline && !client.readyForQuery) destroy(client);
  void client.end().catch(() => undefined);
}

/** Connections on which the server has refused a statement, until it is ready for the next one. */
const refused = new WeakSet<RawConnection>();

/** Follows the answers on a connection, for `isAnswered`. */
export function followAnswers(connection: RawConnection): void {
  const { connection: protocol } = connection as RawConnection & { connection?: EventEmitter };
  protocol?.on('errorMessage', (error: unknown) => {
    if (!isLostConnection(error)) refused.add(connection);
  });
  protocol?.on('readyForQuery', () => refused.delete(connection));
}

/**
 * Whether the server has answered all that was sent on a connection: `pg` waits for its ReadyForQuery
 * after each message, and a refusal comes before that. Of a client that does not tell, it is not known.
 */
export function isAnswered(connection: RawConnection): boolean {
  const { readyForQuery } = connection as RawConnection & { readyForQuery?: boolean };
  return readyForQuery === true || refused.has(connection);
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
  destroy(client);
}

function destroy(client: Client): void {
  (
    client as unknown as { connection?: { stream?: { destroy(): void } } }
  ).connection?.stream?.destroy();
}
