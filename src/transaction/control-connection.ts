import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, escapeLiteral, type QueryResult } from 'pg';
import { closeInTime } from '../database/raw-connection.js';
import { SESSIONS } from '../database/sessions.js';
import { isLostConnection } from '../server-error.js';
import { type Seen } from './opening.js';
import { type Patience } from './patience.js';

/** How long to wait for a server process to end. It may be in the middle of a write. */
const ENDS_IN_MS = 5000;

const BETWEEN_LOOKS_MS = 20;

/** What a look at the run's other sessions found. */
interface Ending {
  /** Whether all that was sent on them is known to have ended with them. */
  known: boolean;
  /** Whether none is there any more. */
  gone: boolean;
}

/**
 * The connection for everything around the changes of a run: history, journal, Knex's lock, blockers. No change runs
 * on it and it does not hold the runners' lock, so a statement that fails here costs neither. It is opened when it is
 * first needed, and again if it was lost.
 */
export class ControlConnection {
  private client: Promise<Client> | null = null;

  /**
   * @param open opens a connection to the run's database
   * @param applicationName what the run's connections are called in `pg_stat_activity`
   * @param patience how long to wait for the server
   */
  constructor(
    private readonly open: () => Promise<Client>,
    readonly applicationName: string,
    private readonly patience: Patience,
  ) {}

  /** Works on the connection. */
  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return this.wait((this.client ??= this.connect()).then(work));
  }

  /** Waits for an answer or a timer; once the run is stopped, at most for a few seconds. */
  wait<T>(answer: Promise<T>): Promise<T> {
    return this.patience.wait(answer);
  }

  /** Opens another connection. The caller closes it. */
  another(): Promise<Client> {
    return this.wait(this.open());
  }

  /**
   * Ends the server processes of the run's other connections, and waits until they are gone. To close a connection
   * is not enough: the server first executes what it has received, and only then notices that the client is gone.
   * Behind a pooler no process is ended, because it may serve another client by now, still under the run's name.
   * A statement without an answer may then run to its end.
   *
   * @param keep the processes to keep: those that hold the runners' lock and the fence
   * @param isAnswered whether the server has answered everything that was sent on the other connections
   * @returns whether the server has confirmed that nothing more reaches the database
   */
  async endSessions(keep: readonly number[], isAnswered: boolean): Promise<boolean> {
    const others = `pid not in (${[0, ...keep.map(Number)].join(', ')})`;
    // All processes get the signal before the first wait. A process that is already gone answers like one that does
    // not end, so only a second look confirms it.
    const end = (direct: string): string => {
      const ours = `${this.own} and ${direct} and ${others}`;
      return `select pg_terminate_backend(pid) ${ours};
        select pg_terminate_backend(pid, ${ENDS_IN_MS}) ${ours};
        select pg_stat_clear_snapshot();
        select (${direct} or ${isAnswered}) as known, not exists (select ${ours}) as gone`;
    };
    const look = async (): Promise<Ending> => {
      const results = await this.asLoginRole<Ending>(end);
      return { known: false, gone: false, ...results.at(-2)?.rows[0] };
    };
    try {
      // A connection that was being opened shows only once its process has started: it is ended by another look.
      for (const deadline = Date.now() + ENDS_IN_MS; ; await sleep(BETWEEN_LOOKS_MS)) {
        // Whatever cut the change's connection may also have cut this one, which shows only now.
        const { known, gone } = await look().catch((error: unknown) => {
          if (!isLostConnection(error)) throw error;
          return look();
        });
        if (!known || gone || Date.now() >= deadline) return known && gone;
      }
    } catch {
      // Without an answer, nothing is confirmed.
      return false;
    }
  }

  /**
   * Ends one of the run's own server processes, and waits until it is gone. Its transaction is then rolled back, unless
   * the server committed it before. Behind a pooler the process may serve another client by now, still under the run's
   * name, so it is ended only while it is in the run's transaction.
   */
  async terminate({ pid, xid }: Pick<Seen, 'pid' | 'xid'>): Promise<void> {
    const inTransaction =
      xid === null ? 'false' : `backend_xid::text = (${Number(xid)} % 4294967296)::text`;
    await this.asLoginRole(
      (direct) =>
        `select pg_terminate_backend(pid, ${ENDS_IN_MS}) ${this.own}
          and pid = ${Number(pid)} and (${direct} or ${inTransaction})`,
    );
  }

  /** The server processes of the run, except the one of this connection. */
  private get own(): string {
    return `from ${SESSIONS} s where application_name = ${escapeLiteral(this.applicationName)}
          and pid <> pg_backend_pid()`;
  }

  /** The knexfile's `afterCreate` may have set a role that may not signal the one that logged in. */
  private async asLoginRole<Row extends object>(
    /** @param direct an SQL expression: whether the connection goes to the server without a pooler */
    query: (direct: string) => string,
  ): Promise<QueryResult<Row>[]> {
    return this.use(async (client) => {
      const { processID } = client as Client & { processID?: number | null };
      const direct = `pg_backend_pid() = ${processID ?? 0}`;
      try {
        const answer = await client.query(`begin; set local role none; ${query(direct)}; commit`);
        return answer as unknown as QueryResult<Row>[];
      } catch (error) {
        await client.query('rollback').catch(() => undefined);
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    await this.client?.then(closeInTime).catch(() => undefined);
  }

  private async connect(): Promise<Client> {
    try {
      const client = await this.open();
      for (const event of ['error', 'end'] as const) client.once(event, () => (this.client = null));
      return client;
    } catch (error) {
      this.client = null;
      throw error;
    }
  }
}
