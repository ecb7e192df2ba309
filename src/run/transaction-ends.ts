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

/** What was begun together with the commit before it. */
export interface Ahead {
  connection: RawConnection;
  name: string;
  entered: Promise<QueryResult[]>;
}

/** What a transaction ends with. */
interface Last {
  statements: string;
  next: Leg | null;
}

/** `query` of a connection, which takes its arguments in many forms. */
export type Send = (...given: unknown[]) => unknown;

/**
 * Whatever the database's default is: at any higher level, a look at the history after the fence
 * would see what was there before it, and not what the runner behind it has just committed.
 */
const BEGIN = 'begin isolation level read committed';

/** The first and the last message of one transaction. */
export class TransactionEnds {
  /** What was begun with the commit. */
  ahead: Ahead | null = null;
  private last: Last | null = null;

  /**
   * @param send the connection's own `query`
   * @param before the answer to the entry, where it was sent ahead
   */
  constructor(
    private readonly connection: RawConnection,
    private readonly send: Send,
    private readonly leg: Leg,
    private readonly before: Promise<QueryResult[]> | null,
  ) {}

  /** Says what is sent with the `commit`. */
  readonly finishWith = (statements: string, next: Leg | null): void => {
    this.last = { statements, next };
  };

  /** Whether the work is done, and a commit is no longer its own. */
  get isAtEnd(): boolean {
    return this.last !== null;
  }

  /** Begins, and resolves with what the server answered to the entry. Nothing is open after an error. */
  begin(): Promise<QueryResult[]> {
    return this.before ?? this.enter();
  }

  private async enter(): Promise<QueryResult[]> {
    try {
      return await this.message(`${BEGIN}; ${this.leg.entry}`);
    } catch (error) {
      await this.rollBack();
      throw error;
    }
  }

  /**
   * Commits, or rolls back and throws. What fails after the commit itself is the next one's
   * failure.
   */
  async commit(): Promise<QueryResult[]> {
    const { statements, next } = this.last ?? { statements: '', next: null };
    const entry = next ? [BEGIN, next.entry] : [];
    const watch = watchCommit(this.connection);
    const parts = [statements, 'commit', ...entry].filter((part) => part !== '');
    const answer = this.message(parts.join('; '));
    try {
      const results = await answer;
      if (next) this.beginsAhead(next, answer);
      return results;
    } catch (error) {
      await this.rollBack();
      if (!next || !watch.committed()) throw error;
      this.beginsAhead(next, answer);
      return [];
    } finally {
      watch.stop();
    }
  }

  async rollBack(): Promise<void> {
    await this.message('rollback').catch(() => undefined);
  }

  private beginsAhead({ name }: Leg, entered: Promise<QueryResult[]>): void {
    // It is looked at when the next one begins.
    entered.catch(() => undefined);
    this.ahead = { connection: this.connection, name, entered };
  }

  private async message(text: string): Promise<QueryResult[]> {
    const answer = Reflect.apply(this.send, this.connection, [text]) as Promise<QueryResult>;
    return [await answer].flat();
  }
}
