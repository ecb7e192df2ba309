import { type Knex } from 'knex';
import { type QueryResult } from 'pg';
import { type ConnectionSource, type RawConnection } from '../database/raw-connection.js';
import { StandIn } from './stand-in.js';
import { type Ahead, type Leg, type Send, TransactionEnds } from './transaction-ends.js';

/** A transaction that is under way. */
export interface RunningLeg {
  /** Knex's transaction; `null` where it was asked for without. */
  trx: Knex.Transaction | null;
  connection: RawConnection;
  /** What the server answered to the statements of `entry`. */
  entered: QueryResult[];
  /** Says what is sent with the `commit`: the last statements, and the entry of what comes next. */
  finishWith: (statements: string, next: Leg | null) => void;
}

type Work<T> = (running: RunningLeg) => Promise<T>;

/**
 * Transactions that follow each other as in a relay: each leaves in one message with the entry of
 * the next. Of the five times that a change would have to wait for the server (begin, entry, the
 * change itself, the rows that record it, commit) two are left.
 */
export class Relay {
  private ahead: Ahead | null = null;

  constructor(private readonly source: ConnectionSource) {}

  /**
   * Runs one transaction; what it throws rolls it back.
   *
   * @param knex makes it a transaction of Knex's; `null` where none is needed, which costs less
   */
  async run<T>(leg: Leg, knex: Knex | null, work: Work<T>): Promise<T> {
    if (this.ahead && this.ahead.name !== leg.name) await this.close();
    const ahead = this.ahead;
    this.ahead = null;
    const connection = ahead?.connection ?? (await this.source.client.acquireConnection());
    const { query } = connection as { query: Send };
    const ends = new TransactionEnds(connection, query, leg, ahead?.entered ?? null);
    try {
      return await (knex ? inKnex(knex, connection, ends, work) : directly(connection, ends, work));
    } finally {
      this.ahead = ends.ahead;
      if (!this.ahead) await this.source.client.releaseConnection(connection);
    }
  }

  /** Gives up what was begun ahead, and the connection with it. */
  async close(): Promise<void> {
    if (!this.ahead) return;
    const { connection, entered } = this.ahead;
    this.ahead = null;
    await entered.catch(() => undefined);
    await connection.query('rollback').catch(() => undefined);
    await this.source.client.releaseConnection(connection);
  }
}

async function inKnex<T>(
  knex: Knex,
  connection: RawConnection,
  ends: TransactionEnds,
  work: Work<T>,
): Promise<T> {
  const { finishWith } = ends;
  const stand = new StandIn(connection, ends);
  try {
    return await knex.transaction(
      async (trx) => work({ trx, connection, entered: await stand.entered, finishWith }),
      { connection },
    );
  } finally {
    stand.leave();
  }
}

async function directly<T>(
  connection: RawConnection,
  ends: TransactionEnds,
  work: Work<T>,
): Promise<T> {
  const entered = await ends.begin();
  let result: T;
  try {
    result = await work({ trx: null, connection, entered, finishWith: ends.finishWith });
  } catch (error) {
    await ends.rollBack();
    throw error;
  }
  await ends.commit();
  return result;
}
