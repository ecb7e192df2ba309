import { type QueryResult } from 'pg';
import { type ChangeConnections } from '../database/change-connections.js';
import { type RawConnection } from '../database/raw-connection.js';
import { Confirmation } from './confirmation.js';
import { BEGIN, type Opening, sameTransaction, type Seen } from './opening.js';
import { type Patience } from './patience.js';
import { watchCommit } from './watch-transaction.js';

/** A transaction that began in the same message as the commit before it. */
interface Begun {
  connection: RawConnection;
  opening: Opening;
  answer: Promise<QueryResult[]>;
}

/**
 * The transactions of a run's changes. `commit` and the `begin` of the next change leave in one
 * message: of the five times that a change would wait for the server (begin, opening, the change
 * itself, the rows that record it, commit) two are left.
 */
export class Transactions {
  private begun: Begun | null = null;
  /** The settings of each connection when it was new. */
  private readonly settings = new WeakMap<RawConnection, string>();

  constructor(
    private readonly connections: ChangeConnections,
    private readonly patience: Patience,
  ) {}

  /** Begins the transaction of a change, unless that has begun already. Nothing is open after an error. */
  async begin(opening: Opening): Promise<ChangeTransaction> {
    const transaction = await this.enter(opening);
    if (this.isAsNew(transaction)) return transaction;
    // An earlier migration has changed the session: take another one.
    await this.discard(transaction);
    const anew = await this.enter(opening);
    this.isAsNew(anew);
    return anew;
  }

  /**
   * Commits, and begins the next transaction in the same message.
   *
   * @param statements the last of this transaction; they fail where it is no longer the one begun
   * @throws the server's error; then the transaction may or may not be committed
   */
  async commit(
    transaction: ChangeTransaction,
    statements: string,
    next: Opening | null,
  ): Promise<Confirmation> {
    const { connection } = transaction;
    const watch = watchCommit(connection);
    const parts = [
      sameTransaction(transaction.seen),
      ...(statements === '' ? [] : [statements]),
      'commit',
    ];
    const answer = send(connection, [...parts, ...(next ? [BEGIN, next.sql] : [])].join('; '));
    try {
      const confirmation = Confirmation.ofAnswer(await this.patience.wait(answer));
      if (next) this.begun = { connection, opening: next, answer };
      else await this.connections.release(connection);
      return confirmation;
    } catch (error) {
      const committed = watch.committed();
      if (!next || !committed) throw error;
      // The beginning of the next transaction failed. It will get the error.
      this.begun = { connection, opening: next, answer };
      return committed;
    } finally {
      watch.stop();
    }
  }

  /** Ends the connection, and the transaction with it: no statement reaches it any more. */
  async discard({ connection }: ChangeTransaction): Promise<void> {
    await this.connections.discard(connection);
  }

  /** Discards a transaction that has begun already. */
  async close(): Promise<void> {
    if (!this.begun) return;
    const { connection, answer } = this.begun;
    this.begun = null;
    answer.catch(() => undefined);
    await this.connections.discard(connection);
  }

  private async enter(opening: Opening): Promise<ChangeTransaction> {
    if (this.begun && this.begun.opening.name !== opening.name) await this.close();
    const connection = this.begun?.connection ?? (await this.connections.acquire());
    const answer = this.begun?.answer ?? send(connection, `${BEGIN}; ${opening.sql}`);
    this.begun = null;
    try {
      return new ChangeTransaction(connection, await this.patience.wait(answer));
    } catch (error) {
      await this.connections.discard(connection);
      throw error;
    }
  }

  private isAsNew({ connection, seen }: ChangeTransaction): boolean {
    const before = this.settings.get(connection);
    if (before === undefined) this.settings.set(connection, seen.settings);
    return before === undefined || before === seen.settings;
  }
}

/** An open transaction, and what the server said when it began. */
export class ChangeTransaction {
  readonly seen: Seen;

  constructor(
    readonly connection: RawConnection,
    answer: readonly QueryResult[],
  ) {
    this.seen = answer.at(-1)?.rows[0] as Seen;
  }

  /** Sends statements of knexward's own. */
  query(statements: string): Promise<QueryResult[]> {
    return send(this.connection, statements);
  }

  /** Begins anew on the same connection, where the migration has ended the transaction. */
  async beginAgain({ sql }: Opening): Promise<ChangeTransaction> {
    // Within a transaction that the migration has begun itself, `begin` is a warning of the server's.
    return new ChangeTransaction(this.connection, await this.query(`begin; ${sql}`));
  }
}

async function send(connection: RawConnection, text: string): Promise<QueryResult[]> {
  return [(await connection.query(text)) as QueryResult | QueryResult[]].flat();
}
