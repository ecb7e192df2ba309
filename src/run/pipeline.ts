import { type EventEmitter } from 'node:events';
import { type Client, type QueryResult } from 'pg';
import { type RawConnection } from '../database/raw-connection.js';
import { type LoadedMigration } from '../files/load.js';
import { type SqlFile } from '../files/sql.js';
import { serverErrorIn } from '../server-error.js';
import { rememberStatement } from '../statement.js';
import { splitStatements } from '../sql/split.js';
import { Confirmation, findRecord, type Process, sinceWhen } from '../transaction/confirmation.js';
import { untilInterrupted } from '../transaction/interruption.js';
import {
  beginningBehind,
  isEndedTransaction,
  sameTransaction,
  transactionOfOpening,
} from '../transaction/opening.js';
import { type RunLock } from '../transaction/runners-lock.js';
import { type ChangeTransaction } from '../transaction/transactions.js';
import { committed, outcomeOf } from './change.js';
import { type RunContext } from './context.js';
import { type Ended, type Unknown } from './ended.js';
import { isDirect } from './needs-knex.js';
import { recordOf } from './record.js';

/**
 * How many changes are with the server before the first of them is answered. More would be faster only where an
 * answer takes longer than that many changes; and when one fails, the server logs an error for each behind it.
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
  answers: AnswerCount;
}

/**
 * SQL files that follow each other go to the server in a pipeline: each in one message with the beginning of its
 * transaction, its record and its commit, and many before the first of them is answered, so that a run does not wait
 * for the server at each.
 *
 * Each change still has a transaction of its own, behind the fence, and what the runner would look at between two of
 * them is a condition in the beginning of the later one (`beginningBehind`). So when one fails, those sent behind it
 * do nothing. A change is told as done once its own commit is confirmed, and as failed once the server has refused
 * its own SQL or its record. Where anything else comes in between, it is carried out again by itself.
 */
export class SqlPipeline {
  private sent: SentChange[] = [];
  private line: Line | null = null;
  /** Why the connection ended while a change was committed: those sent behind it may be, too. */
  private lost: { error: unknown; process: Process } | null = null;
  /** The place of the step that is to be sent next. */
  private next = 0;
  private readonly everSent = new Set<string>();
  /** What is to be carried out by itself from now on. */
  private readonly alone = new Set<string>();

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
    if (!isPipelined(connection) || !this.fileOf(migration) || !this.fileOf(following))
      return false;
    const process: Process = { pid: seen.pid, xid: null };
    void sinceWhen(this.run.control, seen.pid).then((since) => (process.since = since));
    const answers = new AnswerCount(connection);
    this.line = { connection, process, settings: seen.settings, answers };
    this.next = place;
    this.send(this.line, seen, sameTransaction(seen), sameTransaction(seen));
    this.fill();
    return true;
  }

  /**
   * Waits for the end of a change that was sent.
   *
   * @returns `null` where it was not, or where nothing of it was carried out: then it is still to be done
   */
  async end(migration: LoadedMigration): Promise<Ended | null> {
    if (this.sent[0]?.migration !== migration) return null;
    const change = this.sent.shift() as SentChange;
    return this.line ? this.endOfSent(change, this.line) : this.endOfLost(change);
  }

  /** Whether a change that is in the history already was one of those sent, and is this run's own. */
  async recorded({ name }: LoadedMigration): Promise<Confirmation | null> {
    const { control, recording } = this.run;
    return this.everSent.has(name) ? findRecord(control, { ...recording, name }) : null;
  }

  /** Ends the connection if anything is under way on it. */
  async close(): Promise<void> {
    if (this.line) await this.run.connections.discard(this.leave(this.line));
  }

  private async endOfSent(change: SentChange, line: Line): Promise<Ended | null> {
    const { connections, reporting } = this.run;
    const attempt = { seen: change.seen, started: performance.now(), empty: false };
    try {
      const answer = await untilInterrupted(() => change.answer, reporting.signal);
      const confirmation = Confirmation.ofAnswer(answer);
      this.fill();
      if (this.sent.length === 0) await connections.release(this.leave(line));
      return committed(confirmation, attempt);
    } catch (error) {
      await connections.discard(this.leave(line));
      const refused = refusedPart(change, line.answers);
      if (refused === 'SQL') locate(error, change);
      const ended = await outcomeOf(this.run, change.migration, attempt, error);
      if (ended.state === 'committed') this.lost = { error, process: line.process };
      else if (ended.state === 'unknown') return this.withThoseBehind(ended);
      else this.sent = [];
      // To begin a change is not for it to fail, nor are settings that it has reset.
      const isOwnFailure = refused !== 'beginning' && !isEndedTransaction(error);
      return isOwnFailure || ended.state !== 'rolled back' ? ended : this.byItself(change);
    }
  }

  /** The server may go on with what it has: nobody can tell it that the run has ended. */
  private withThoseBehind(ended: Unknown): Unknown {
    return { ...ended, alsoUnknown: this.sent.splice(0).length };
  }

  /** The connection ended while the change ahead was committed. */
  private async endOfLost(change: SentChange): Promise<Ended | null> {
    const { error, process } = this.lost ?? { error: null, process: change.seen };
    const attempt = { seen: process, started: performance.now(), empty: false };
    const ended = await outcomeOf(this.run, change.migration, attempt, error);
    if (ended.state === 'committed') return ended;
    if (ended.state === 'unknown') return this.withThoseBehind(ended);
    this.sent = [];
    return ended.state === 'rolled back' ? this.byItself(change) : ended;
  }

  private byItself({ migration }: SentChange): null {
    this.alone.add(migration.name);
    return null;
  }

  private leave({ connection, answers }: Line): RawConnection {
    this.line = null;
    answers.stop();
    return connection;
  }

  /** Sends as many as may be under way. */
  private fill(): void {
    for (; this.line && this.sent.length < MOST_IN_FLIGHT;) {
      const migration = this.steps[this.next];
      const ahead = this.steps[this.next - 1];
      const file = this.fileOf(migration);
      if (!migration || !ahead || !file || !this.lock.isHeld()) return;
      const beginning = beginningBehind(this.run.opening, migration.name, {
        ahead: ahead.name,
        direction: this.run.recording.direction,
        settings: this.line.settings,
        lockNumber: this.run.lockNumber,
        sql: file.sql,
      });
      this.send(this.line, this.line.process, beginning, transactionOfOpening());
    }
  }

  private send({ connection }: Line, seen: Process, beginning: string, same: string): void {
    const migration = this.steps[this.next++] as LoadedMigration;
    const file = this.fileOf(migration) as SqlFile;
    const before = `${beginning};\n`;
    const done = { durationMs: 'of the transaction', empty: false } as const;
    const { confirmed } = recordOf(this.run.recording, migration, done);
    const answer = connection.query(
      `${before}${file.sql}\n; ${same}; ${confirmed}; commit`,
    ) as unknown as SentChange['answer'];
    // Of those behind one that failed, nobody asks for the answer.
    answer.catch(() => undefined);
    this.everSent.add(migration.name);
    this.sent.push({ migration, file, before, seen, answer });
  }

  /** What a change sends, where nothing has to be looked at, or told, in the middle of it. */
  private fileOf(migration: LoadedMigration | undefined): SqlFile | null {
    const { config, recording, opening, reporting } = this.run;
    const file = migration?.sql?.[recording.direction];
    if (!migration?.transaction || !file?.fitsInPipeline || this.alone.has(migration.name)) {
      return null;
    }
    const isPlain = recording.oldTable === null && isDirect(config, migration);
    const isWatched = reporting.observer !== undefined || config.confinement !== undefined;
    return opening.sessions.ours && isPlain && !isWatched ? file : null;
  }
}

/** Counts which statement of the message that is being answered the server has refused. */
class AnswerCount {
  /** How many it had carried out by then; `null` where it has refused none. */
  refusedBehind: number | null = null;
  private answered = 0;
  private readonly protocol: EventEmitter;

  constructor(connection: RawConnection) {
    this.protocol = (connection as unknown as { connection: EventEmitter }).connection;
    this.protocol
      .on('commandComplete', this.onCommandComplete)
      .on('readyForQuery', this.onReadyForQuery)
      .on('errorMessage', this.onErrorMessage);
  }

  stop(): void {
    this.protocol
      .off('commandComplete', this.onCommandComplete)
      .off('readyForQuery', this.onReadyForQuery)
      .off('errorMessage', this.onErrorMessage);
  }

  private readonly onCommandComplete = (): void => void this.answered++;
  private readonly onReadyForQuery = (): void => void (this.answered = 0);
  private readonly onErrorMessage = (): void => void (this.refusedBehind ??= this.answered);
}

/** Which part of a change's message the server has refused; `null` where it gave no answer. */
function refusedPart(
  { before, file }: SentChange,
  { refusedBehind }: AnswerCount,
): 'beginning' | 'SQL' | 'record' | null {
  if (refusedBehind === null) return null;
  const own = refusedBehind - splitStatements(before).length;
  if (own < 0) return 'beginning';
  return own < splitStatements(file.sql).length ? 'SQL' : 'record';
}

/** Where in the file the server has found the error: it counts from the beginning of the message. */
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
