import { setTimeout as sleep } from 'node:timers/promises';
import { type Knex } from 'knex';
import { Client, type ClientConfig } from 'pg';
import { type Logger } from 'pino';
import { type Change, CHANNEL } from '../polls/changes.js';

const RETRY_MS = 1000;

/** Who wants to hear of changes. */
export interface ChangeListener {
  changed(change: Change): void;
  /** The connection was away for a while: anything may have changed. */
  missed(): void;
}

/**
 * Hears what all instances announce, over PostgreSQL's LISTEN, on a connection of its own. It must
 * end at the server itself: a pooler in transaction mode keeps no session that could listen.
 */
export class ChangeFeed {
  private client: Client | undefined;
  private stopped = false;

  constructor(
    private readonly connection: Knex.PgConnectionConfig,
    private readonly listener: ChangeListener,
    private readonly log: Logger,
  ) {}

  /** Starts to listen. Where there is no connection, it is tried again until there is one. */
  async start(): Promise<void> {
    for (let attempt = 1; !this.stopped; attempt++) {
      try {
        await this.connect();
        if (attempt > 1) this.listener.missed();
        return;
      } catch (error) {
        if (attempt === 1) this.log.warn({ err: error }, 'no live results: trying again');
        await sleep(RETRY_MS);
      }
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.client?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    const client = new Client({
      ...(this.connection as ClientConfig),
      application_name: 'polls live',
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
    });
    client.on('notification', ({ payload }) => {
      if (payload !== undefined) this.listener.changed(JSON.parse(payload) as Change);
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    this.client = client;
    client.once('end', () => void this.reconnect());
  }

  private async reconnect(): Promise<void> {
    if (this.stopped) return;
    this.log.warn('the connection for live results is lost');
    await sleep(RETRY_MS);
    await this.start();
    if (!this.stopped) this.listener.missed();
  }
}
