import Bluebird from 'bluebird';
import { type ClientBase, type QueryResult, type QueryResultRow } from 'pg';
import { KnexwardError } from '../../errors.js';
import { rememberStatement } from '../../statement.js';
import { type Callback, deliver } from './callback.js';
import { type MigrationLog } from './log.js';
import { type Statement, textOf } from './statement-text.js';

/** What `pg` answers: one result, or one for each statement of a text that holds many. */
export type Answer = QueryResult | QueryResult[];

/** Sends one statement. The values are passed to `pg` as they are. */
export type Send = (statement: Statement, values?: unknown) => Bluebird<Answer>;

/** What a method of the driver does: `read` sends what only reads, also on a dry run. */
type Work<Result> = (send: Send, read: Send) => Bluebird<Result>;

/** How the operations of one driver are carried out. */
export interface OperationsOptions {
  /** Told of every statement before it is sent. */
  log: MigrationLog;
  /** A statement that has to be sent first, if any, for one that is about to be. */
  prepare?: (statement: Statement) => string | undefined;
  /** Whether statements are only logged. */
  isDryRun?: () => boolean;
  /**
   * Whether nobody watches over the whole: what fails with nobody to tell is then for the process to
   * deal with. Otherwise `fault` and `drain` tell of it.
   */
  standsAlone?: boolean;
}

interface QueuedStatement {
  start: () => void;
  refuse: (error: unknown) => void;
}

/** Enough to reach the migration file through the frames of a library such as `async`. */
const STACK_DEPTH = 50;

const IN_FAILED_TRANSACTION = '25P02';

/** The rows of an answer; of a text that held many statements db-migrate gives none. */
export function rowsOf(answer: Answer): QueryResultRow[] | undefined {
  return Array.isArray(answer) ? undefined : (answer.rows as QueryResultRow[]);
}

/**
 * Everything that a migration does through its driver: sends the statements one at a time, in the
 * order they were asked for, and knows what is still under way.
 *
 * `pg` has a queue of its own, but warns about its use and will drop it.
 */
export class Operations {
  private readonly running = new Set<PromiseLike<unknown>>();
  private readonly queue: QueuedStatement[] = [];
  private busy = false;
  private closed = false;
  private succeeded = false;
  private lastFailure: Error | undefined;
  private refusal: KnexwardError | undefined;
  private raise: (error: unknown) => void = () => {};

  /** Rejects as soon as something fails that no promise and no callback would tell of. */
  readonly fault = new Promise<never>((_, reject) => (this.raise = reject));

  constructor(
    private readonly connection: ClientBase,
    private readonly options: OperationsOptions,
  ) {
    this.fault.catch(() => {});
  }

  /** Makes the migration fail, for a reason that its promise or callback does not know of. */
  fail(error: unknown): void {
    if (!this.options.standsAlone) return this.raise(error);
    process.nextTick(() => {
      throw error;
    });
  }

  /**
   * Runs one method of the driver. Whatever it throws, its promise and its callback tell, so that
   * every method fails in the same way.
   *
   * The call stack of this moment goes with each statement it sends, because later, when the server
   * refuses one, the migration file is no longer on the stack.
   */
  perform<Result>(callback: Callback | undefined, work: Work<Result>): Bluebird<Result> {
    const origin: { stack?: string } = {};
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = STACK_DEPTH;
    Error.captureStackTrace(origin);
    Error.stackTraceLimit = limit;

    const read: Send = (statement, values) => this.send(statement, values, origin);
    const send = this.options.isDryRun?.() ? this.logOnly : read;
    const result = Bluebird.try(() => work(send, read));
    const finished = () => void this.running.delete(result);
    this.running.add(result);
    result.then(finished, (error: unknown) => {
      finished();
      if (error instanceof KnexwardError) this.refusal ??= error;
    });
    if (callback) deliver(result, callback, (error) => this.fail(error));
    // A promise that was looked at here never counts as one that nobody handles.
    return this.options.standsAlone && !callback ? result.then((value) => value) : result;
  }

  /**
   * Waits until nothing is under way, neither what runs now nor what it leads to.
   *
   * @throws the first failure among what was still under way; or a call that was refused, or the
   *   failure that left the transaction unusable, although the migration ignored it.
   */
  async drain(): Promise<void> {
    do {
      await Promise.all(this.running);
      await this.afterHandlers();
    } while (this.running.size > 0);
    if (this.refusal) throw this.refusal;
    if (this.lastFailure && !this.closed && (await this.transactionFailed())) {
      throw this.lastFailure;
    }
    this.succeeded = true;
  }

  /**
   * The error that explains an error: where a statement was refused only because an earlier one had
   * already failed in the same transaction, that earlier failure.
   */
  explain(error: unknown): unknown {
    return codeOf(error) === IN_FAILED_TRANSACTION ? (this.lastFailure ?? error) : error;
  }

  /**
   * Refuses every further statement and waits for the one that the server is working on, so that
   * nothing of a migration runs after its transaction.
   */
  async close(): Promise<void> {
    this.closed = true;
    for (const statement of this.queue.splice(0)) statement.refuse(tooLate());
    await this.settled();
  }

  /** Waits until nothing is under way, whatever becomes of it. */
  async settled(): Promise<void> {
    while (this.running.size > 0) {
      await Promise.allSettled(this.running);
      await this.afterHandlers();
    }
  }

  /** What a promise's handlers start, they start before the event loop's next turn. */
  private afterHandlers(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  private async transactionFailed(): Promise<boolean> {
    try {
      await this.connection.query('SELECT 1');
      return false;
    } catch (error) {
      return codeOf(error) === IN_FAILED_TRANSACTION;
    }
  }

  private send(
    statement: Statement,
    values: unknown,
    origin: { stack?: string },
  ): Bluebird<Answer> {
    if (this.closed) return Bluebird.reject(this.refuse(statement));
    const first = this.options.prepare?.(statement);
    if (first === undefined) return this.enqueue(statement, values, origin);
    // Both are asked for at once, so that no other statement comes between.
    const made = this.enqueue(first, undefined, origin);
    return Bluebird.join(made, this.enqueue(statement, values, origin), (_, answer) => answer);
  }

  /** db-migrate, too, answers nothing on a dry run. */
  private readonly logOnly: Send = (statement, values) => {
    this.logStatement(statement, values);
    return Bluebird.resolve([]);
  };

  private enqueue(
    statement: Statement,
    values: unknown,
    origin: { stack?: string },
  ): Bluebird<Answer> {
    const answer = new Bluebird<Answer>((resolve, reject) => {
      const start = () => this.query(statement, values, resolve, reject);
      this.queue.push({ start, refuse: reject });
    });
    this.startNext();
    return answer.catch((error: unknown) => {
      if (codeOf(error) !== IN_FAILED_TRANSACTION) this.lastFailure = error as Error;
      const bindings = Array.isArray(values) ? (values as unknown[]) : [];
      const { stack } = origin;
      rememberStatement(error, { sql: textOf(statement), bindings, ...(stack && { stack }) });
      throw error;
    });
  }

  /** Nobody may be waiting for a late statement, and a migration that is done must not lack one. */
  private refuse(statement: Statement): KnexwardError {
    const error = tooLate();
    if (this.succeeded) this.options.log.error(error.message, error.fix, textOf(statement));
    return error;
  }

  private logStatement(statement: Statement, values: unknown): void {
    this.options.log.sql(textOf(statement), ...(values === undefined ? [] : [values]));
  }

  private startNext(): void {
    if (this.busy) return;
    const next = this.queue.shift();
    if (!next) return;
    this.busy = true;
    next.start();
  }

  private query(
    statement: Statement,
    values: unknown,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ): void {
    this.logStatement(statement, values);
    const done = (error: Error | undefined, answer: Answer) => {
      this.busy = false;
      if (error) reject(error);
      else resolve(answer);
      this.startNext();
    };
    try {
      // `pg` takes an object in the place of a text, which its types say of another overload only.
      this.connection.query(statement as string, values as unknown[], done);
    } catch (error) {
      done(error as Error, []);
    }
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}

function tooLate(): KnexwardError {
  return new KnexwardError('INVALID_MIGRATION', {
    message: 'A migration sent a statement after it had ended; the statement was not run.',
    fix: 'Return the promise of the last statement, or call the callback only after it.',
  });
}
