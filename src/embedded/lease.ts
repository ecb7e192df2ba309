import { Socket } from 'node:net';
import { Client } from 'pg';

/** How to reach a server as its superuser. */
export interface ServerAddress {
  host: string;
  port: number;
  user: string;
  password: string;
}

/**
 * The advisory lock that every user of a server shares. It is taken in the database `postgres`,
 * with two numbers ("knxd", "embd" in ASCII) that nothing else there has a reason to use.
 */
const KEY = '1802401892, 1701667428';
const CONNECT_TIMEOUT_MS = 5000;

/**
 * One command's claim on a running server: a connection that holds a shared advisory lock.
 *
 * PostgreSQL itself counts the users this way. A command that is killed loses its connection and
 * with it its claim, so the count is never wrong.
 */
export class Lease {
  private alive = true;

  private constructor(
    readonly client: Client,
    private readonly socket: Socket,
  ) {
    // Without a listener a lost connection would end the process.
    client.on('error', () => (this.alive = false));
    client.on('end', () => (this.alive = false));
  }

  /**
   * Connects and makes sure that this is the right server, then takes the lease.
   *
   * @returns The lease; `foreign` where the server serves other data; `closing` where the last
   *   user is about to stop it.
   * @throws The driver's error when there is no connection.
   */
  static async take(
    address: ServerAddress,
    isOurs: (dataDirectory: string) => Promise<boolean>,
  ): Promise<Lease | 'foreign' | 'closing'> {
    const lease = await Lease.connect(address);
    try {
      const { rows } = await lease.client.query<{ data_directory: string }>('SHOW data_directory');
      if (!(await isOurs(rows[0]?.data_directory ?? ''))) return await lease.close('foreign');
      await lease.client.query('SET idle_session_timeout = 0');
      if (!(await lease.ask(`pg_try_advisory_lock_shared(${KEY})`))) {
        return await lease.close('closing');
      }
    } catch (error) {
      await lease.close(undefined);
      throw error;
    }
    return lease;
  }

  /** From here on the lease alone does not keep a process alive that is otherwise finished. */
  rest(): void {
    this.socket.unref();
  }

  /**
   * Gives the lease back. The last one out stops the server, and nobody can take a lease while it
   * does.
   *
   * @returns False where the connection was lost before, so that nothing could be decided.
   */
  async leave(stopServer: () => Promise<void>): Promise<boolean> {
    this.socket.ref();
    try {
      const isLast = await this.isLast();
      if (isLast) await stopServer();
      return isLast !== undefined;
    } finally {
      await this.close(undefined);
    }
  }

  private static async connect(address: ServerAddress): Promise<Lease> {
    const socket = new Socket();
    const client = new Client({
      ...address,
      database: 'postgres',
      application_name: 'knexward lease',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      // Said outright, because PGSSLMODE may say otherwise for another server.
      ssl: false,
      stream: () => socket,
    });
    const lease = new Lease(client, socket);
    try {
      await client.connect();
      return lease;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** Undefined where the server does not answer any more. */
  private async isLast(): Promise<boolean | undefined> {
    try {
      await this.client.query(`SELECT pg_advisory_unlock_shared(${KEY})`);
      return await this.ask(`pg_try_advisory_lock(${KEY})`);
    } catch {
      return undefined;
    }
  }

  private async ask(expression: string): Promise<boolean> {
    const { rows } = await this.client.query<{ answer: boolean }>(`SELECT ${expression} AS answer`);
    return rows[0]?.answer ?? false;
  }

  private async close<T>(result: T): Promise<T> {
    if (this.alive) await this.client.end();
    this.socket.destroy();
    return result;
  }
}
