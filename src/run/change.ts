import { commandLine } from '../command-line.js';
import { KnexwardError } from '../errors.js';
import { inBegunTransaction } from '../database/knex-client.js';
import { inKnexForm } from '../files/knex-form.js';
import { type LoadedMigration, type MigrationFunction } from '../files/load.js';
import { Confirmation, findOutcome, type Process } from '../transaction/confirmation.js';
import { confined, openingFor, type RunContext } from './context.js';
import { type Committed, type Ended } from './ended.js';
import { untilInterrupted } from '../transaction/interruption.js';
import { isDirect } from './needs-knex.js';
import {
  isEndedTransaction,
  type Opening,
  sameTransaction,
  type Seen,
} from '../transaction/opening.js';
import { isNotWritten, rowNotWritten } from '../history/not-written.js';
import { recordOf } from './record.js';
import { type ChangeTransaction } from '../transaction/transactions.js';
import {
  PartlyCommitted,
  READ_AS_SENT,
  type TransactionWatch,
  watchTransaction,
} from '../transaction/watch-transaction.js';

/*
 * A change is a migration in one direction. Its states, and how it comes from one to the next:
 *
 *   begun ──── is in the history already ───→ not needed
 *     │ the migration's own statements
 *   done ────── commit, the server confirms ─→ committed
 *     │ anything fails
 *   ended ───── the journal is asked ────────→ committed, rolled back, or unknown
 *
 * In each state is known what its type says. Only what is committed has the server's confirmation,
 * and only that is reported as done.
 */

/**
 * Carries a change out in a transaction. Change, history row and journal row are committed together.
 *
 * @param next what comes after it, whose transaction begins with this one's commit
 * @param handOver takes the change over where it is to be sent together with others
 * @returns `null` where it was handed over
 */
export async function changeInTransaction(
  run: RunContext,
  migration: LoadedMigration,
  next: LoadedMigration | undefined,
  handOver: (transaction: ChangeTransaction) => boolean,
): Promise<Ended | null> {
  const opening = openingFor(run, migration) as Opening;
  let transaction: ChangeTransaction;
  try {
    transaction = await run.transactions.begin(opening);
  } catch (error) {
    return { state: 'rolled back', error };
  }
  const attempt = { transaction, started: performance.now(), empty: false, isCommitted: false };
  const watch = watchTransaction(transaction.connection);
  try {
    if (!isNeeded(run, transaction.seen)) {
      await run.transactions.commit(transaction, '', openingFor(run, next));
      return { state: 'not needed' };
    }
    if (handOver(transaction)) return null;
    const ownWork = () => work(run, migration, transaction, watch);
    attempt.empty = (await confined(run, transaction.connection, ownWork)) === 0;
    const confirmation = await commit(run, { migration, next, attempt, watch, opening });
    return committed(confirmation, attempt);
  } catch (error) {
    await run.transactions.discard(transaction);
    const { seen } = attempt.transaction;
    return await outcomeOf(run, migration, { ...attempt, seen }, error, watch);
  } finally {
    watch.stop();
  }
}

/** An attempt at a change, in one transaction. */
interface Attempt {
  transaction: ChangeTransaction;
  /** When its transaction had begun, as `performance.now()` has it. */
  started: number;
  empty: boolean;
  /** Whether all that the migration does is done and committed, by the migration itself, so that only its record is missing. */
  isCommitted: boolean;
}

/** The change has been committed, as the server has confirmed. */
export function committed(
  confirmation: Confirmation,
  { started, empty }: Pick<Attempt, 'started' | 'empty'>,
): Committed {
  return { state: 'committed', confirmation, durationMs: performance.now() - started, empty };
}

interface Finished {
  migration: LoadedMigration;
  next: LoadedMigration | undefined;
  attempt: Attempt;
  watch: TransactionWatch;
  opening: Opening;
}

/** The migration's own statements are done: records and commits it. */
async function commit(
  run: RunContext,
  { migration, next, attempt, watch, opening }: Finished,
): Promise<Confirmation> {
  const send = async (current: ChangeTransaction): Promise<Confirmation> => {
    attempt.transaction = current;
    await run.config.confinement?.check(current.connection, run.control);
    const durationMs = performance.now() - attempt.started;
    const done = { durationMs, empty: attempt.empty };
    const statements = await recordIn(run, migration, current, done);
    return run.transactions.commit(current, statements, openingFor(run, next));
  };
  const again = async (): Promise<Confirmation> => {
    attempt.isCommitted = true;
    const confirmation = await send(await beginAgain(run, attempt.transaction, opening));
    warnOfOwnEnd(run, migration);
    return confirmation;
  };
  const ownEnd = watch.ownEnd();
  if (ownEnd === 'rolled back') throw rolledBackItself();
  // The names in what follows would be read, and recorded, in the encoding that the migration has set.
  if (watch.hasOtherEncoding()) await attempt.transaction.query(READ_AS_SENT);
  if (ownEnd === 'committed') return again();
  try {
    return await send(attempt.transaction);
  } catch (error) {
    // Only now is the answer there to a COMMIT that the migration has not waited for.
    if (!isEndedTransaction(error) || watch.ownEnd() !== 'committed') throw error;
    return again();
  }
}

/**
 * Whether the migration is still to be done.
 *
 * @throws KnexwardError `LOCK_LOST` where Knex's lock row is no longer this run's: another run has
 * taken over, or somebody has freed the lock.
 */
export function isNeeded({ recording, lockNumber }: RunContext, seen: Seen): boolean {
  if (seen.lockedBy !== lockNumber) {
    throw new KnexwardError('LOCK_LOST', {
      message: `Knex's lock (${recording.tables.lock}) is no longer this run's: another run has taken over, or the lock was freed. The run stopped before its next change.`,
      fix: 'Run the command again: what is done is recorded.',
    });
  }
  return seen.applied !== (recording.direction === 'up');
}

/**
 * Runs the migration itself: on Knex, with the project's hooks around it, or without.
 *
 * @returns how many of its own statements the server has answered; `null` where nothing tells that
 */
async function work(
  { config, connections: { knex }, recording, reporting }: RunContext,
  migration: LoadedMigration,
  { connection }: ChangeTransaction,
  watch: TransactionWatch,
): Promise<number | null> {
  const { direction } = recording;
  const { signal, observer } = reporting;
  if (!knex || isDirect(config, migration)) {
    const direct = migration.direct?.[direction];
    if (!direct) throw new Error(`The migration ${migration.name} needs Knex, and there is none.`);
    await untilInterrupted(() => direct(connection), signal);
    return watch.answers();
  }
  let answers: number | null = null;
  const { beforeEach, afterEach } = config.migrations.hooks;
  await inBegunTransaction(knex, connection, async (trx) => {
    await untilInterrupted(async () => {
      const migrations = [inKnexForm(migration, config)];
      observer?.begins(migration);
      await beforeEach?.(trx, migrations);
      const before = watch.answers();
      await functionOf(migration, direction)(trx);
      const after = watch.answers();
      answers = before === null || after === null ? null : after - before;
      await afterEach?.(trx, migrations);
      observer?.ends();
    }, signal);
  });
  return answers;
}

/** @throws Error where the migration has no such direction: files are checked before anything runs */
export function functionOf(
  migration: LoadedMigration,
  direction: 'up' | 'down',
): MigrationFunction {
  const found = migration[direction];
  if (found) return found;
  throw new Error(`The migration ${migration.name} has no "${direction}".`);
}

/**
 * A migration may end its transaction itself (`COMMIT` in its SQL). What it did is committed by then,
 * so the rows that record it get a transaction of their own at once, behind the fence as well.
 */
async function beginAgain(
  run: RunContext,
  transaction: ChangeTransaction,
  opening: Opening,
): Promise<ChangeTransaction> {
  const anew = await transaction.beginAgain(opening);
  if (anew.seen.applied === (run.recording.direction === 'up')) {
    throw new Error('Another run has recorded it meanwhile, and may have run it as well.');
  }
  return anew;
}

function warnOfOwnEnd({ reporting }: RunContext, { name }: LoadedMigration): void {
  reporting.listener({
    ...{ type: 'warned', name, code: 'ENDED_ITS_TRANSACTION' },
    message: 'it ended its transaction itself; its history row was written right after it',
  });
}

/** The statements that record the change; where an answer has to be looked at, the last are sent. */
async function recordIn(
  { recording }: RunContext,
  migration: LoadedMigration,
  transaction: ChangeTransaction,
  done: { durationMs: number; empty: boolean },
): Promise<string> {
  const { confirmed, isDoneElsewhere } = recordOf(recording, migration, done);
  if (!isDoneElsewhere) return confirmed;
  const [, ...answers] = await transaction.query(
    `${sameTransaction(transaction.seen)}; ${confirmed}`,
  );
  // Thrown within the transaction, so that what was done twice is taken back.
  if (isDoneElsewhere(answers)) throw doneByDbMigrate();
  return '';
}

function doneByDbMigrate(): KnexwardError {
  return new KnexwardError('NOT_ADOPTED', {
    message: 'db-migrate has applied it meanwhile; what this run did of it was rolled back',
    fix: `Run "${commandLine('adopt', '--database-only')}", then the command again.`,
  });
}

function rolledBackItself(): Error {
  return new Error(
    'It rolled its own transaction back (ROLLBACK in its SQL), so nothing is recorded. Take the statement out of the migration.',
  );
}

function reasonOf(error: unknown): unknown {
  if (isEndedTransaction(error)) return rolledBackItself();
  return isNotWritten(error) ? rowNotWritten() : error;
}

/** An attempt of which the server's process is known, and as a rule its transaction. */
export interface SeenAttempt
  extends Pick<Attempt, 'started' | 'empty'>, Partial<Pick<Attempt, 'isCommitted'>> {
  seen: Process;
}

/** Finds out how a failed attempt ended, once its connection is closed. The server may have committed it. */
export async function outcomeOf(
  { control, recording }: RunContext,
  { name }: LoadedMigration,
  attempt: SeenAttempt,
  failure: unknown,
  watch?: TransactionWatch,
): Promise<Ended> {
  const { tables, runId, direction } = recording;
  const { seen } = attempt;
  const error = reasonOf(failure);
  try {
    const found = await findOutcome(control, { tables, runId, name, direction, seen });
    if (found instanceof Confirmation) return committed(found, attempt);
    // The answer to a COMMIT in the middle of a message may never have arrived.
    if (found === 'left behind' || watch?.leftovers()) {
      // To run again what is done, and only not recorded, would be wrong.
      if (attempt.isCommitted) return { state: 'unknown', error };
      return { state: 'left behind', error: new PartlyCommitted(error) };
    }
    return { state: 'rolled back', error };
  } catch {
    // The failure that led here says more than the one of finding out.
    return { state: 'unknown', error };
  }
}
