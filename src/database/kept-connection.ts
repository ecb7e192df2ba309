import { type Client } from 'pg';
import { type ConnectionSource, type RawConnection } from './raw-connection.js';

/**
 * Connections for changes that are not written for Knex, which then need not be loaded: one that is
 * kept, and made anew where it was lost.
 */
export class KeptConnection implements ConnectionSource {
  private idle: Client | null = null;
  private readonly open = new Set<Client>();

  /** @param connect opens a connection that changes may run on */
  constructor(private readonly connect: () => Promise<Client>) {}

  readonly client = {
    acquireConnection: async (): Promise<RawConnection> => {
      const kept = this.idle;
      this.idle = null;
      return kept && this.open.has(kept) ? kept : this.another();
    },
    releaseConnection: async (connection: RawConnection): Promise<void> => {
      const client = connection as Client;
      if (this.idle === null && this.open.has(client)) this.idle = client;
      else await this.end(client);
    },
  };

  async close(): Promise<void> {
    await Promise.all([...this.open].map((client) => this.end(client)));
  }

  private async another(): Promise<Client> {
    const client = await this.connect();
    this.open.add(client);
    for (const event of ['error', 'end'] as const)
      client.once(event, () => this.open.delete(client));
    return client;
  }

  private async end(client: Client): Promise<void> {
    this.open.delete(client);
    await client.end().catch(() => undefined);
  }
}
