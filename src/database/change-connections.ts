import { setTimeout as sleep } from 'node:timers/promises';
import { type Knex } from 'knex';
import { type Client } from 'pg';
import { type SeverableKnex } from './knex-client.js';
import { closeAtOnce, closeInTime, isAnswered, type RawConnection } from './raw-connection.js';

/** The connections that changes run on. */
export interface ChangeConnections {
  /** Knex on these connections, or `null` where no change needs it. */
  readonly knex: Knex | null;
  acquire(): Promise<RawConnection>;
  /** Takes it back for the next change. */
  release(connection: RawConnection): Promise<void>;
  /** Ends it: what a migration's code still sends on it does not reach the server. */
  discard(connection: RawConnection): Promise<void>;
  /** Lends none of those that there are any more: what was set on them does not reach the next change. */
  renew(): void;
  /** Whether the server has answered all that was sent on those that were lent since then. */
  isAnswered(): boolean;
  /** Ends all of them, and opens no other. */
  sever(): void;
  /** Closes them when the run is over. */
  close(): Promise<void>;
}

/** For how long what a migration has not waited for may still be at work when the run is over. */
const GRACE_MS = 5000;

/** The connections of Knex's pool. */
export class PooledConnections implements ChangeConnections {
  readonly knex: Knex;
  private severed = false;

  constructor(private readonly severable: SeverableKnex) {
    this.knex = severable.knex;
  }

  async acquire(): Promise<RawConnection> {
    return this.pool.acquireConnection();
  }

  async release(connection: RawConnection): Promise<void> {
    await this.pool.releaseConnection(connection);
  }

  async discard(connection: RawConnection): Promise<void> {
    closeAtOnce(connection);
    this.severable.retire(connection);
    await this.release(connection);
  }

  renew(): void {
    this.severable.renew();
  }

  isAnswered(): boolean {
    return this.severable.isAnswered();
  }

  sever(): void {
    this.severed = true;
    this.severable.sever();
  }

  async close(): Promise<void> {
    const closed = this.knex.destroy();
    closed.catch(() => undefined);
    // Knex waits until every connection is given back, which a migration may have forgotten.
    await Promise.race([closed, sleep(this.severed ? 0 : GRACE_MS, undefined, { ref: false })]);
    this.severable.sever();
  }

  private get pool(): {
    acquireConnection(): Promise<RawConnection>;
    releaseConnection(connection: RawConnection): Promise<void>;
  } {
    return this.knex.client as never;
  }
}

/** One connection that is kept, and made anew where it was lost; Knex need not be loaded for it. */
export class KeptConnection implements ChangeConnections {
  readonly knex = null;
  private idle: Client | null = null;
  private severed = false;
  private readonly open = new Set<Client>();

  /** @param connect opens a connection that changes may run on */
  constructor(private readonly connect: () => Promise<Client>) {}

  async acquire(): Promise<RawConnection> {
    const kept = this.idle;
    this.idle = null;
    return kept && this.open.has(kept) ? kept : this.another();
  }

  async release(connection: RawConnection): Promise<void> {
    const client = connection as Client;
    if (this.idle === null && this.open.has(client)) this.idle = client;
    else await this.end(client);
  }

  discard(connection: RawConnection): Promise<void> {
    this.open.delete(connection as Client);
    closeAtOnce(connection);
    return Promise.resolve();
  }

  renew(): void {
    this.open.forEach((client) => void this.end(client));
  }

  isAnswered(): boolean {
    return [...this.open].every(isAnswered);
  }

  sever(): void {
    this.severed = true;
    this.open.forEach(closeAtOnce);
  }

  async close(): Promise<void> {
    await Promise.all([...this.open].map((client) => this.end(client)));
  }

  private async another(): Promise<Client> {
    if (this.severed) throw new Error('The run has ended: it opens no connection any more.');
    const client = await this.connect();
    this.open.add(client);
    for (const event of ['error', 'end'] as const)
      client.once(event, () => this.open.delete(client));
    return client;
  }

  private async end(client: Client): Promise<void> {
    this.open.delete(client);
    await closeInTime(client);
  }
}
