import { type Knex } from 'knex';
import { type Client, type ClientBase } from 'pg';
import { type Confinement } from '../config/confinement.js';
import { type EnvironmentConfig } from '../config/settings.js';
import { keepPassword } from './keep-password.js';
import { inPgEnvironment, type PgEnvironment } from './pg-environment.js';
import { countConnection } from './process-connections.js';
import { closeAtOnce, followAnswers, isAnswered, type RawConnection } from './raw-connection.js';

/*
 * Knex's extension point is a dialect: a subclass of its Client, which makes transactions of a class
 * of its own. Knex's dialects for Redshift and CockroachDB are made that way.
 */

/** What Knex's Client has inside, as far as a dialect builds on it. */
interface ClientOfKnex {
  config: { client?: unknown };
  driver?: { Client: new (...given: never[]) => ClientBase };
  acquireRawConnection(): Promise<RawConnection>;
  validateConnection(connection: RawConnection): unknown;
  transaction(container: unknown, config?: TransactionConfig, outer?: unknown): unknown;
}
type ClientClass = new (config: Knex.Config) => ClientOfKnex;

/** The same of its transactions. */
interface TransactionOfKnex {
  _completed: boolean;
  _resolver(value: unknown): void;
  _rejecter(error: unknown): void;
  begin(connection: RawConnection): Promise<unknown>;
  commit(connection: RawConnection, value: unknown): Promise<unknown>;
  rollback(connection: RawConnection, error: unknown): Promise<unknown>;
}
type TransactionClass = new (...given: unknown[]) => TransactionOfKnex;

/** A transaction that somebody else has begun, and will end, on a connection. */
export interface BegunTransaction {
  connection: RawConnection;
  /** Whether the work in it is over: until then, what ends the transaction is the work's own. */
  settled: boolean;
}

interface TransactionConfig {
  connection?: RawConnection;
  begun?: BegunTransaction;
}

/** Knex on connections that can be cut off all at once. */
export interface SeverableKnex {
  knex: Knex;
  /** Has the pool lend a connection no more. */
  retire(connection: RawConnection): void;
  /** The same for all that there are. */
  renew(): void;
  /** Whether the server has answered all that was sent on the connections that were lent since then. */
  isAnswered(): boolean;
  /** Ends every connection, and opens no other: nothing that runs on reaches the database. */
  sever(): void;
}

/**
 * Has the clients that Knex makes in the course of this counted from their connecting on. Only then: a
 * migration may make one of its own with the same driver, which is none of ours.
 */
function counting<Result>(client: ClientOfKnex, acquire: () => Result): Result {
  const { driver } = client;
  if (!driver) return acquire();
  const Counted = class extends driver.Client {
    constructor(...given: never[]) {
      super(...given);
      countConnection(this);
    }
  };
  client.driver = Object.create(driver, { Client: { value: Counted } }) as typeof driver;
  try {
    return acquire();
  } finally {
    client.driver = driver;
  }
}

/** What Knex's connections are made with. */
export interface ConnectionSetup {
  environment: PgEnvironment;
  confinement: Confinement | undefined;
}

/** Knex's types leave it out, which a name that is computed does not mind. */
const PG_TRANSACTION: string = 'knex/lib/dialects/postgres/execution/pg-transaction.js';

/** Makes a Knex instance of the client that the configuration names, a project's own included. */
export async function createSeverableKnex(
  config: Knex.Config,
  given: EnvironmentConfig['client'],
  { environment, confinement }: ConnectionSetup,
): Promise<SeverableKnex> {
  const { default: createInstance } = await import('knex');
  const { default: PgTransaction } = (await import(PG_TRANSACTION)) as {
    default: TransactionClass;
  };
  // A class of the project's own may need the whole configuration when it is made.
  const Base =
    typeof given === 'function'
      ? given
      : (createInstance({ client: given ?? 'pg' }).client as object).constructor;
  const Transaction = transactionClass(PgTransaction);
  const connections = new Set<RawConnection>();
  const retired = new WeakSet<RawConnection>();
  let severed = false;
  let lostUnanswered = false;

  class SeverableClient extends (Base as unknown as ClientClass) {
    constructor(own: Knex.Config) {
      super(own);
      // Migrations ask for it: "is this PostgreSQL?"
      this.config.client = given ?? 'pg';
    }

    override async acquireRawConnection(): Promise<RawConnection> {
      if (severed) throw new Error('The run has ended: it opens no connection any more.');
      // `pg` reads its variables when a client is made, which is at once.
      const connection = await inPgEnvironment(environment, () =>
        counting(this, () => super.acquireRawConnection()),
      );
      // A function of the knexfile's may give every connection another one.
      keepPassword(connection as RawConnection & Client);
      countConnection(connection);
      followAnswers(connection);
      confinement?.watch(connection);
      if (severed) closeAtOnce(connection);
      connections.add(connection);
      connection.once('end', () => {
        connections.delete(connection);
        // What it owed when it was lost, it owes for ever.
        if (!retired.has(connection) && !isAnswered(connection)) lostUnanswered = true;
      });
      return connection;
    }

    override validateConnection(connection: RawConnection): unknown {
      return !retired.has(connection) && super.validateConnection(connection);
    }

    override transaction(work: unknown, own?: TransactionConfig, outer?: unknown): unknown {
      if (!own?.begun) return super.transaction(work, own, outer);
      return new Transaction(this, work, own, outer);
    }
  }

  const knex = createInstance({
    ...config,
    client: SeverableClient as unknown as typeof Knex.Client,
  });
  // What processing is left out is kept in there: one object for the instance and its transactions.
  processingOf(knex).userParams ??= {};
  return {
    knex,
    retire: (connection) => retired.add(connection),
    renew: () => {
      connections.forEach((connection) => retired.add(connection));
      lostUnanswered = false;
    },
    isAnswered: () =>
      !lostUnanswered &&
      [...connections].every((connection) => retired.has(connection) || isAnswered(connection)),
    sever: () => {
      severed = true;
      connections.forEach(closeAtOnce);
    },
  };
}

interface Processing {
  userParams?: Record<string, unknown>;
  enableProcessing(): void;
  disableProcessing(): void;
}

function processingOf(knex: Knex): Processing {
  return knex as unknown as Processing;
}

/** As Knex does before each migration: `knex.migrate`, used in the one before, leaves it off. */
export function enableProcessing(knex: Knex): void {
  processingOf(knex).enableProcessing();
}

/** Runs work with `wrapIdentifier` and `postProcessResponse` left out, as Knex does outside of migrations. */
export async function withoutProcessing<T>(knex: Knex, work: () => Promise<T>): Promise<T> {
  processingOf(knex).disableProcessing();
  try {
    return await work();
  } finally {
    enableProcessing(knex);
  }
}

/** Knex's transaction, for one that is begun and ended by somebody else. */
function transactionClass(PgTransaction: TransactionClass): TransactionClass {
  return class extends PgTransaction {
    private readonly begun: BegunTransaction;

    constructor(...given: unknown[]) {
      super(...given);
      this.begun = (given[2] as { begun: BegunTransaction }).begun;
    }

    override begin(): Promise<unknown> {
      return Promise.resolve();
    }

    override commit(connection: RawConnection, value: unknown): Promise<unknown> {
      if (!this.begun.settled) return super.commit(connection, value);
      this._completed = true;
      this._resolver(value);
      return Promise.resolve();
    }

    override rollback(connection: RawConnection, error: unknown): Promise<unknown> {
      if (!this.begun.settled) return super.rollback(connection, error);
      this._completed = true;
      this._rejecter(error);
      return Promise.resolve();
    }
  };
}

/**
 * Runs work on a transaction object of Knex's, in a transaction that is begun already. Neither
 * `BEGIN` nor `COMMIT` is sent; statements after the end of the work are refused by Knex.
 */
export async function inBegunTransaction<T>(
  knex: Knex,
  connection: RawConnection,
  work: (trx: Knex.Transaction) => Promise<T>,
): Promise<T> {
  const begun: BegunTransaction = { connection, settled: false };
  let running: Promise<T> | undefined;
  const config: TransactionConfig = { connection, begun };
  try {
    await knex.transaction((trx) => {
      enableProcessing(trx);
      running = work(trx).finally(() => (begun.settled = true));
      return running;
    }, config as Knex.TransactionConfig);
  } catch (error) {
    // What the work itself says, below, counts; Knex makes something else of what is no error.
    if (!running) throw error;
  }
  try {
    // A work that has ended its transaction itself may still go on.
    return await (running as unknown as Promise<T>);
  } finally {
    // Knex leaves its mark on a connection that it was lent.
    Reflect.deleteProperty(connection, '__knexTxId');
  }
}
