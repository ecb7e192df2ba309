import { type Client, type QueryResult } from 'pg';
import { type RawConnection } from '../database/raw-connection.js';
import { type LoadedMigration } from '../files/load.js';
import { type SqlFile } from '../files/sql.js';
import { serverErrorIn } from '../server-error.js';
import { rememberStatement } from '../statement.js';
import { splitStatements } from '../sql/split.js';
import { Confirmation, type Process, sinceWhen } from '../transaction/confirmation.js';
import { untilInterrupted } from '../transaction/interruption.js';
import {
  beginningBehind,
  commitAt,
  isEndedTransaction,
  sameTransaction,
  transactionOfOpening,
} from '../transaction/opening.js';
import { type RunLock } from '../transaction/runners-lock.js';
import { type ChangeTransaction } from '../transaction/transactions.js';
import { type RefusalWatch, watchRefusal } from '../transaction/watch-transaction.js';
import { committed, outcomeOf } from './change.js';
import { type RunContext } from './context.js';
import { type Ended } from './ended.js';
import { isDirect } from './needs-knex.js';
import { recordOf } from './record.js';

/**
 * How many changes may be sent before the first of them is answered. More would help only if a round trip took
 * longer than eight changes; and when one fails, the server logs an error for each behind it.
 */
const MOST_IN_FLIGHT = 8;

/** A change that was sent, in one message of three parts. */
interface SentChange {
  migration: LoadedMigration;
  file: SqlFile;
  /** What the message has in front of the migration's own SQL. */
  before: string;
  /** The server's process, and the transaction where that was known. */
  seen: Process;
  answer: Promise<QueryResult[]>;
}

/** The connection that changes are sent on. */
interface Line {
  connection: RawConnection;
  process: Process;
  /** What the session's settings were when it was new. */
  settings: string;
  refusal: RefusalWatch;
}

/**
 * SQL files that follow each other go to the server in a pipeline: each in one message with the beginning of its
 * transaction, its record and its commit, and many before the first of them is answered, so that a run does not wait
 * for the server at each.
 *
 * Each change still has a transaction of its own, behind the fence, and what the runner would look at between two of
 * them is a condition in the beginning of the later one (`beginningBehind`). So when one fails, those sent behind it
 * do nothing. A change is reported as done once its own commit is confirmed, and as failed once the server has refused
 * its own SQL or its record, or has ended the connection. Where its beginning fails, it is carried out by itself.
 */
export class SqlPipeline {
  private sent: SentChange[] = [];
  private line: Line | null = null;
  /** The place of the step that is to be sent next. */
  private next = 0;
  /** The step that was sent without success, and is to be carried out by itself. */
  private alone: LoadedMigration | null = null;

  constructor(
    private readonly run: RunContext,
    private readonly steps: readonly LoadedMigration[],
    private readonly lock: RunLock,
  ) {}

  /**
   * Sends a change in the transaction that was begun for it, and others behind it.
   *
   * @returns whether it did: not where there is nothing to send with it
   */
  start(migration: LoadedMigration, { connection, seen }: ChangeTransaction): boolean {
    const place = this.steps.indexOf(migration);
    const following = this.steps[place + 1];
    if (migration === this.alone || !isPipelined(connection)) return false;
    if (!this.fileOf(migration) || !this.fileOf(following)) return false;
    const process: Process = { pid: seen.pid, xid: null };
    void sinceWhen(this.run.control, seen.pid).then((since) => (process.since = since));
    const refusal = watchRefusal(connection);
    this.line = { connection, process, settings: seen.settings, refusal };
    this.next = place;
    this.send(this.line, seen, sameTransaction(seen), sameTransaction(seen));
    this.fill();
    return true;
  }

  /**
   * Waits for the end of a change that was sent.
   *
   * @returns `null` if it was not sent, or if nothing of it was carried out: then it is still to be done
   */
  async end(migration: LoadedMigration): Promise<Ended | null> {
    if (this.sent[0]?.migration !== migration) return null;
    const change = this.sent.shift() as SentChange;
    const { line } = this;
    const attempt = { seen: change.seen, started: performance.now(), empty: false };
    try {
      const answer = await untilInterrupted(() => change.answer, this.run.reporting.signal);
      const confirmation = Confirmation.ofAnswer(answer);
      this.fill();
      if (line && this.sent.length === 0) await this.run.connections.release(this.leave(line));
      return committed(confirmation, attempt);
    } catch (error) {
      await this.close();
      // The connection was lost at a change ahead: this one may have been committed, but has not failed.
      const refused = line ? refusedPart(change, line.refusal) : 'beginning';
      if (refused === 'SQL') locate(error, change);
      const ended = await outcomeOf(this.run, migration, attempt, error);
      if (ended.state === 'committed') return ended;
      const behind = this.sent.splice(0).map((each) => each.migration.name);
      // The server may go on with what it has: nobody can tell it that the run has ended.
      if (ended.state === 'unknown') return { ...ended, alsoUnknown: behind };
      // A beginning that fails is not the change's own failure; neither is a reset of the transaction's mark.
      const isOwnFailure = refused !== 'beginning' && !isEndedTransaction(error);
      if (isOwnFailure || ended.state !== 'rolled back') return ended;
      this.alone = migration;
      return null;
    }
  }

  /** Ends the connection if anything is under way on it. */
  async close(): Promise<void> {
    if (this.line) await this.run.connections.discard(this.leave(this.line));
  }

  private leave({ connection, refusal }: Line): RawConnection {
    this.line = null;
    refusal.stop();
    return connection;
  }

  /** Sends as many as may be under way. */
  private fill(): void {
    for (; this.line && this.sent.length < MOST_IN_FLIGHT;) {
      const migration = this.steps[this.next];
      if (!migration || !this.fileOf(migration) || !this.lock.isHeld()) return;
      const beginning = beginningBehind(this.run.opening, migration.name, {
        ahead: this.next - 1,
        direction: this.run.recording.direction,
        settings: this.line.settings,
        lockNumber: this.run.lockNumber,
      });
      this.send(this.line, this.line.process, beginning, transactionOfOpening());
    }
  }

  private send({ connection }: Line, seen: Process, beginning: string, same: string): void {
    const place = this.next++;
    const migration = this.steps[place] as LoadedMigration;
    const file = this.fileOf(migration) as SqlFile;
    const before = `${titleOf(migration)} ${beginning};\n`;
    const done = { durationMs: 'of the transaction', empty: false } as const;
    const { confirmed } = recordOf(this.run.recording, migration, done);
    const answer = connection.query(
      `${before}${file.sql}\n; ${same}; ${confirmed}; ${commitAt(place)}`,
    ) as unknown as SentChange['answer'];
    // Nobody awaits the answers behind a change that failed.
    answer.catch(() => undefined);
    this.sent.push({ migration, file, before, seen, answer });
  }

  /** What a change sends, where nothing has to be looked at, or told, in the middle of it. */
  private fileOf(migration: LoadedMigration | undefined): SqlFile | null {
    const { config, recording, opening, reporting } = this.run;
    const file = migration?.sql?.[recording.direction];
    if (!migration?.transaction || !file?.fitsInPipeline) return null;
    const isPlain = recording.oldTable === null && isDirect(config, migration);
    const isWatched = reporting.observer !== undefined || config.confinement !== undefined;
    return opening.sessions.ours && isPlain && !isWatched ? file : null;
  }
}

/** What stands first in the message is what people see of it in `pg_stat_activity`. */
function titleOf({ name }: LoadedMigration): string {
  return `/* knexward: ${name.replaceAll('*', '')} */`;
}

/** Which part of a change's message the server has refused; `null` where it gave no answer. */
function refusedPart(
  { before, file }: SentChange,
  refusal: RefusalWatch,
): 'beginning' | 'SQL' | 'record' | null {
  const refusedBehind = refusal.behind();
  if (refusedBehind === null) return null;
  const own = refusedBehind - splitStatements(before).length;
  if (own < 0) return 'beginning';
  return own < splitStatements(file.sql).length ? 'SQL' : 'record';
}

/** Moves the error's position from the message to the file. */
function locate(error: unknown, { before, file: { sql, path } }: SentChange): void {
  const server = serverErrorIn(error) as { position?: string } | undefined;
  if (server?.position !== undefined) {
    server.position = String(Number(server.position) - [...before].length);
  }
  rememberStatement(error, { sql, bindings: [], file: path });
}

/** Whether the connection takes messages before it has answers; `pg` can do that since 8.23. */
function isPipelined(connection: RawConnection): boolean {
  const { pipeline, connectionParameters } = connection as Client & {
    connectionParameters?: { query_timeout?: unknown };
  };
  // A limit for an answer would count from when the message was sent.
  return pipeline === true && !connectionParameters?.query_timeout;
}
