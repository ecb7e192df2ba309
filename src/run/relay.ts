import { type Knex } from 'knex';
import { type QueryResult } from 'pg';
import { type RawConnection } from '../database/raw-connection.js';
import { watchCommit } from './watch-transaction.js';

/** What a transaction begins and ends with, each sent as one message. */
export interface Leg {
  /** Which change it is: what was begun ahead is for that one only. */
  name: string;
  /** Sent with `begin`. */
  entry: string;
}

/** A transaction of Knex's that is under way. */
export interface RunningLeg {
  trx: Knex.Transaction;
  connection: RawConnection;
  /** What the server answered to the statements of `entry`. */
  entered: QueryResult[];
  /** Says what is sent with the `commit`: the last statements, and the entry of what comes next. */
  finishWith: (statements: string, next: Leg | null) => void;
}

/** What was begun together with the commit before it. */
interface Ahead {
  connection: RawConnection;
  name: string;
  entered: Promise<QueryResult[]>;
}

/**
 * Whatever the database's default is: at any higher level, a look at the history after the fence
 * would see what was there before it, and not what the runner behind it has just committed.
 */
const BEGIN = 'begin isolation level read committed';

/**
 * Transactions that follow each other as in a relay: each leaves in one message with the entry of
 * the next. Of the five times that a change would have to wait for the server (begin, entry, the
 * change itself, the rows that record it, commit) two are left.
 *
 * Knex goes on to think that it begins and commits: its two statements are answered here.
 */
export class Relay {
  private ahead: Ahead | null = null;

  constructor(private readonly knex: Knex) {}

  /** Runs one transaction; what it throws rolls it back. */
  async run<T>(leg: Leg, work: (running: RunningLeg) => Promise<T>): Promise<T> {
    if (this.ahead && this.ahead.name !== leg.name) await this.close();
    const ahead = this.ahead;
    this.ahead = null;
    const connection = ahead?.connection ?? (await this.acquire());
    const stand = new StandIn(connection, leg, ahead?.entered ?? null);
    try {
      return await this.knex.transaction(
        async (trx) => {
          const entered = await stand.entered;
          return work({ trx, connection, entered, finishWith: stand.finishWith });
        },
        { connection },
      );
    } finally {
      stand.leave();
      this.ahead = stand.ahead;
      if (!this.ahead) await this.release(connection);
    }
  }

  /** Gives up what was begun ahead, and the connection with it. */
  async close(): Promise<void> {
    if (!this.ahead) return;
    const { connection, entered } = this.ahead;
    this.ahead = null;
    await entered.catch(() => undefined);
    await connection.query('rollback').catch(() => undefined);
    await this.release(connection);
  }

  private get pool(): Pool {
    return this.knex.client as Pool;
  }

  private acquire(): Promise<RawConnection> {
    return this.pool.acquireConnection();
  }

  private release(connection: RawConnection): Promise<void> {
    return this.pool.releaseConnection(connection);
  }
}

interface Pool {
  acquireConnection(): Promise<RawConnection>;
  releaseConnection(connection: RawConnection): Promise<void>;
}

/** What a transaction ends with. */
interface Last {
  statements: string;
  next: Leg | null;
}

/** `query` of a connection, which takes its arguments in many forms. */
type Send = (...given: unknown[]) => unknown;

type Callback = (error: unknown, result?: unknown) => void;

/** Stands between Knex and a connection for the time of one transaction. */
class StandIn {
  /** What the server answered to the entry; nobody may wait for it. */
  entered: Promise<QueryResult[]> = Promise.resolve([]);
  ahead: Ahead | null = null;
  private begun = false;
  private last: Last | null = null;
  private readonly hadOwn: boolean;
  private readonly given: Send;

  constructor(
    private readonly connection: RawConnection,
    private readonly leg: Leg,
    private readonly before: Promise<QueryResult[]> | null,
  ) {
    this.hadOwn = Object.hasOwn(connection, 'query');
    this.given = (connection as { query: Send }).query;
    Object.assign(connection, { query: this.query.bind(this) });
  }

  readonly finishWith = (statements: string, next: Leg | null): void => {
    this.last = { statements, next };
  };

  leave(): void {
    if (this.hadOwn) Object.assign(this.connection, { query: this.given });
    else Reflect.deleteProperty(this.connection, 'query');
    // Knex leaves its mark on a connection that it was lent.
    Reflect.deleteProperty(this.connection, '__knexTxId');
  }

  private query(...given: unknown[]): unknown {
    const callback = given.at(-1) as Callback;
    if (!this.begun) {
      this.begun = true;
      this.entered = this.before ?? this.enter();
      return void this.entered.then((results) => callback(null, results), callback);
    }
    // Before the change is at its end, a commit is its own.
    if (this.last && (given[0] as { text?: string }).text === 'COMMIT;') {
      return void this.commit(this.last).then((results) => callback(null, results), callback);
    }
    return Reflect.apply(this.given, this.connection, given);
  }

  private async enter(): Promise<QueryResult[]> {
    try {
      return await this.message(`${BEGIN}; ${this.leg.entry}`);
    } catch (error) {
      // Knex takes it that nothing was begun.
      await this.message('rollback').catch(() => undefined);
      throw error;
    }
  }

  /** What fails after the commit itself is the next one's failure. */
  private async commit({ statements, next }: Last): Promise<QueryResult[]> {
    const entry = next ? [BEGIN, next.entry] : [];
    const watch = watchCommit(this.connection);
    const parts = [statements, 'commit', ...entry].filter((part) => part !== '');
    const answer = this.message(parts.join('; '));
    try {
      const results = await answer;
      if (next) this.beginsAhead(next, answer);
      return results;
    } catch (error) {
      // Knex takes it that the transaction is over, whatever became of its commit.
      await this.message('rollback').catch(() => undefined);
      if (!next || !watch.committed()) throw error;
      this.beginsAhead(next, answer);
      return [];
    } finally {
      watch.stop();
    }
  }

  private beginsAhead({ name }: Leg, entered: Promise<QueryResult[]>): void {
    // It is looked at when the next one begins.
    entered.catch(() => undefined);
    this.ahead = { connection: this.connection, name, entered };
  }

  private async message(text: string): Promise<QueryResult[]> {
    const answer = Reflect.apply(this.given, this.connection, [text]) as Promise<QueryResult>;
    return [await answer].flat();
  }
}
