// Not the global ones: a test may have put a clock of its own in their place.
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, type ClientConfig, escapeIdentifier, escapeLiteral } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { connect } from '../database/connect.js';
import { restForGood } from '../database/event-loop.js';
import { KnexwardError } from '../errors.js';
import { isLostConnection } from '../server-error.js';
import { type Locale, localeOf } from './locale.js';
import { newOwner, type Purpose, temporaryName } from './names.js';
import { mayCreate, openMaintenance } from './maintenance.js';

/** What a server says that matters to what migrations make on it. */
export interface ServerTraits {
  major: number;
  /** The role that creates a database owns what is in it. */
  role: string;
  /** Encoding and locale of the databases that are made. */
  locale: Locale;
}

/** "knxt" in ASCII: the locks of those who build a template. */
const BUILD_LOCK = 0x6b6e7874;
const POLL_MS = 100;

/**
 * A claim on the databases that are made under it: as long as it and its process live, nobody takes them for left
 * over. It is an advisory lock, which PostgreSQL gives back when the process is gone, however it
 * went; the databases' names say which lock is theirs.
 *
 * The lock belongs to an open transaction on a connection of its own, as the runners' does, so that
 * it holds through a pooler too. The databases are made and dropped on a second connection, because
 * that cannot be done inside a transaction. Neither keeps the process alive.
 */
export class Claim {
  readonly owner: string;
  private count = 0;
  private lost = false;
  private turn: Promise<unknown> = Promise.resolve();
  private known: Promise<ServerTraits> | undefined;

  private constructor(
    owner: string,
    private readonly config: ResolvedConfig,
    private readonly keeper: Client,
    /** For statements that are not part of a transaction. */
    readonly client: Client,
    /** Where databases are made from. */
    readonly place: ClientConfig,
  ) {
    this.owner = owner;
    for (const connection of [keeper, client]) {
      connection.once('end', () => (this.lost = true));
      connection.once('error', () => (this.lost = true));
    }
  }

  /**
   * @returns `null` where the role may not create databases
   * @throws KnexwardError as `connect`
   */
  static async open(connection: ClientConfig, config: ResolvedConfig): Promise<Claim | null> {
    const { client: opened, place } = await openMaintenance(connection, config);
    const client = oneAtATime(opened);
    const owner = newOwner();
    let keeper: Client | undefined;
    try {
      if (!(await mayCreate(client))) {
        await client.end();
        return null;
      }
      keeper = await connect(place, config);
      // The simple query protocol, which leaves no snapshot open.
      await keeper.query(
        `begin isolation level read committed;
         select pg_advisory_xact_lock(x'${owner}'::bigint),
                set_config('idle_in_transaction_session_timeout', '0', true),
                case when current_setting('server_version_num')::int >= 170000
                     then set_config('transaction_timeout', '0', true) end`,
      );
      restForGood(keeper);
      restForGood(client);
      return new Claim(owner, config, keeper, client, place);
    } catch (error) {
      await client.end().catch(() => undefined);
      await keeper?.end().catch(() => undefined);
      throw error;
    }
  }

  /** Whether its connections are there still. */
  get holds(): boolean {
    return !this.lost;
  }

  /** A name for one more database. */
  name(purpose: Purpose, project: string): string {
    return temporaryName(purpose, project, this.owner, ++this.count);
  }

  /** What the server says of what is made on it; asked once. */
  traits(database: string | undefined): Promise<ServerTraits> {
    return (this.known ??= this.askForTraits(database));
  }

  private async askForTraits(database: string | undefined): Promise<ServerTraits> {
    const { rows } = await this.client.query<{ major: number; role: string }>(
      `select current_setting('server_version_num')::int / 10000 as major, current_user as role`,
    );
    const locale = await localeOf(this.client, database);
    return { ...(rows[0] as { major: number; role: string }), locale };
  }

  /** Drops a database with all connections to it, on a new connection where ours was lost. */
  async drop(name: string): Promise<void> {
    const sql = `drop database if exists ${escapeIdentifier(name)} with (force)`;
    try {
      return void (await this.client.query(sql));
    } catch (error) {
      if (!isLostConnection(error)) throw error;
    }
    const client = await connect(this.place, this.config);
    await client.query(sql).finally(() => client.end());
  }

  /** Keeps the process alive while something is under way. */
  async busy<T>(work: () => Promise<T>): Promise<T> {
    const heartbeat = setInterval(() => undefined, 60_000);
    try {
      return await work();
    } finally {
      clearInterval(heartbeat);
      restForGood(this.keeper);
      restForGood(this.client);
    }
  }

  /** One after the other, of what this process does at once. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  /**
   * Holds the one lock that keeps builders of a template apart, waiting for it if need be. It is
   * asked for again and again: a call that blocked would hold a snapshot. Only in turn.
   *
   * @throws KnexwardError `LOCKED` where another process still builds after `waitMs`.
   */
  async whileBuilding<T>(template: string, waitMs: number, build: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + waitMs;
    await this.keeper.query('savepoint build');
    try {
      while (!(await this.tryLock(template))) {
        if (Date.now() >= deadline) throw locked(template, waitMs);
        await sleep(POLL_MS * (0.5 + Math.random()));
      }
      return await build();
    } finally {
      // What was locked after the savepoint is given back with it.
      await this.keeper.query('rollback to savepoint build').catch(() => undefined);
    }
  }

  private async tryLock(template: string): Promise<boolean> {
    const { rows } = await this.keeper.query<{ locked: boolean }>(
      `select pg_try_advisory_xact_lock(${BUILD_LOCK}, hashtext(${escapeLiteral(template)})) as locked`,
    );
    return rows[0]?.locked ?? false;
  }

  async close(): Promise<void> {
    await Promise.all([this.keeper, this.client].map((one) => one.end().catch(() => undefined)));
  }
}

/**
 * Tests that run at once ask at once: on the one connection their statements follow each other. `pg`
 * has a queue for that, which it is going to take away.
 */
function oneAtATime(client: Client): Client {
  const query = client.query.bind(client) as (...given: unknown[]) => Promise<unknown>;
  let last: Promise<unknown> = Promise.resolve();
  return Object.assign(client, {
    query: (...given: unknown[]): Promise<unknown> => {
      const mine = last.then(() => query(...given));
      last = mine.catch(() => undefined);
      return mine;
    },
  });
}

function locked(template: string, waitMs: number): KnexwardError {
  return new KnexwardError('LOCKED', {
    message: `Another process is still building the template ${template}. Waited ${Math.round(waitMs / 1000)} s.`,
    fix: 'Give it longer with waitForLock, or see what holds up its migrations.',
  });
}
