import { type Client, escapeLiteral, type QueryResult } from 'pg';
import { closeInTime } from '../database/raw-connection.js';
import { SESSIONS } from '../database/sessions.js';
import { isLostConnection } from '../server-error.js';
import { type Seen } from './opening.js';
import { type Patience } from './patience.js';

/** For how long to wait for a server process to end, which may be in the middle of a write. */
const ENDS_IN_MS = 5000;

/**
 * The connection by which a run keeps order: history, journal, Knex's lock, a look at who blocks a
 * change. No change runs on it, and the runners' lock is not on it, so a statement that fails here
 * costs neither. It is opened when it is first needed, and again where it was lost.
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

  /** Does something on it. */
  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return this.wait((this.client ??= this.connect()).then(work));
  }

  /** Waits for what the server, or time, has to bring: a few seconds at most once the run is stopped. */
  wait<T>(answer: Promise<T>): Promise<T> {
    return this.patience.wait(answer);
  }

  /** Opens a further connection, which the caller closes. */
  another(): Promise<Client> {
    return this.wait(this.open());
  }

  /**
   * Ends the server processes of the run's other connections, and waits until they are gone. To close a connection
   * is not enough: the server still carries out what it has received on it, and sees only then that nobody is there.
   * Behind a pooler none is ended: a server process may serve somebody else by now, under the run's name still. There
   * what has no answer may go on to its end.
   *
   * @param keep the processes that go on: those that hold the runners' lock and the fence
   * @param isAnswered whether the server has answered all that was sent on the others
   * @returns whether nothing more of it reaches the database, as far as the server has confirmed
   */
  async endSessions(keep: readonly number[], isAnswered: boolean): Promise<boolean> {
    const others = `pid not in (${[0, ...keep.map(Number)].join(', ')})`;
    // All are told before any is waited for. One that has ended already answers as one that does not end, so that
    // only another look confirms it.
    const end = (direct: string): string => {
      const ours = `${this.own} and ${direct} and ${others}`;
      return `select pg_terminate_backend(pid) ${ours};
        select pg_terminate_backend(pid, ${ENDS_IN_MS}) ${ours};
        select pg_stat_clear_snapshot();
        select (${direct} or ${isAnswered}) and not exists (select ${ours}) as over`;
    };
    try {
      // What cut the change's connection may have cut this one too, and shows only now.
      const results = await this.asLoginRole(end).catch((error: unknown) => {
        if (!isLostConnection(error)) throw error;
        return this.asLoginRole(end);
      });
      return results.some(({ rows }) => rows[0]?.over === true);
    } catch {
      // Without an answer, nothing is confirmed.
      return false;
    }
  }

  /**
   * Ends one of the run's own server processes, and waits until it is gone. Its transaction is then rolled back, unless
   * the server has committed it before. Behind a pooler the process may serve somebody else by now, under the run's
   * name still: there it is ended only while it is in the run's transaction.
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

  /** The server processes of the run, without the one that is asked. */
  private get own(): string {
    return `from ${SESSIONS} s where application_name = ${escapeLiteral(this.applicationName)}
          and pid <> pg_backend_pid()`;
  }

  /** The knexfile's `afterCreate` may have set a role that may not signal the one that logged in. */
  private async asLoginRole(
    /** @param direct whether there is no pooler in between, as SQL */
    query: (direct: string) => string,
  ): Promise<QueryResult<{ over?: boolean }>[]> {
    return this.use(async (client) => {
      const { processID } = client as Client & { processID?: number | null };
      const direct = `pg_backend_pid() = ${processID ?? 0}`;
      try {
        const answer = await client.query(`begin; set local role none; ${query(direct)}; commit`);
        return answer as unknown as QueryResult<{ over?: boolean }>[];
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
