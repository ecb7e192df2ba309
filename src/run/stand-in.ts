import { type QueryResult } from 'pg';
import { type RawConnection } from '../database/raw-connection.js';
import { type Send, type TransactionEnds } from './transaction-ends.js';

type Callback = (error: unknown, result?: unknown) => void;

/**
 * Stands between Knex and a connection for the time of one transaction. Knex goes on to think that
 * it begins and commits: its two statements are answered here.
 */
export class StandIn {
  /** What the server answered to the entry; nobody may wait for it. */
  entered: Promise<QueryResult[]> = Promise.resolve([]);
  private begun = false;
  private readonly hadOwn: boolean;
  private readonly given: Send;

  constructor(
    private readonly connection: RawConnection,
    private readonly ends: TransactionEnds,
  ) {
    this.hadOwn = Object.hasOwn(connection, 'query');
    this.given = (connection as { query: Send }).query;
    Object.assign(connection, { query: this.query.bind(this) });
  }

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
      this.entered = this.ends.begin();
      return void this.entered.then((results) => callback(null, results), callback);
    }
    // Before the change is at its end, a commit is its own.
    if (this.ends.isAtEnd && (given[0] as { text?: string }).text === 'COMMIT;') {
      return void this.ends.commit().then((results) => callback(null, results), callback);
    }
    return Reflect.apply(this.given, this.connection, given);
  }
}
