import { commandLine } from '../command-line.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Knex } from 'knex';
import { type Client, escapeLiteral, type QueryResult } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import {
  type ConnectionSource,
  type RawConnection,
  withRawConnection,
} from '../database/raw-connection.js';
import { KnexwardError } from '../errors.js';
import { type LoadedMigration } from '../files/load.js';
import { fence } from '../history/fence.js';
import { type OldTable } from '../history/in-step.js';
import { writeJournal } from '../history/journal.js';
import { type HistoryTables } from '../history/tables.js';
import { historyRowLook, isApplied } from '../history/write.js';
import { watchBlockers } from './blockers.js';
import { type RunListener } from './events.js';
import { refuseInterrupted, untilInterrupted } from './interruption.js';
import { noteStatements } from './note-statements.js';
import { record, recordOf } from './record.js';
import { isDirect } from './needs-knex.js';
import { type Relay, type RunningLeg } from './relay.js';
import { type Leg } from './transaction-ends.js';
import { PartlyCommitted, watchTransaction } from './watch-transaction.js';

/** What one change needs to know about the run that it is part of. */
export interface RunContext {
  /** Absent where no change of the run is written for it (see needs-knex.ts). */
  knex: Knex | null;
  /** Where the changes get their connection. */
  connections: ConnectionSource;
  /** What changes in a transaction run on. */
  relay: Relay;
  /** The connection that holds the runners' lock; from it, the changes' own can be looked at. */
  bystander: Client;
  /** Opens a further connection. */
  connect: () => Promise<Client>;
  /** What the connections of this run are called in `pg_stat_activity`. */
  applicationName: string;
  signal: AbortSignal | undefined;
  config: ResolvedConfig;
  /** The search path that each transaction sets for itself; `null` where the connection has it. */
  searchPath: string | null;
  /** What each change in a transaction begins with: `entryOf` this run. */
  entry: string;
  tables: HistoryTables;
  /** db-migrate's table, as long as it is there, which is kept in step; else `null`. */
  oldTable: OldTable | null;
  runId: string;
  direction: 'up' | 'down';
  batch: number;
  listener: RunListener;
}

/** What became of one change: done, or found to be done by somebody else already. */
export type ChangeOutcome = { done: boolean };

/**
 * Carries out one change: a migration in one direction. Change, history row and journal row are
 * committed together. A change that opts out of its transaction is announced in the journal first,
 * so that a crash in it is seen.
 */
export async function applyChange(
  context: RunContext,
  migration: LoadedMigration,
  next: LoadedMigration | undefined,
): Promise<ChangeOutcome> {
  refuseWithoutWay(migration, context.direction);
  if (!migration.transaction) return applyOutsideTransaction(context, migration);
  const change = { migration, next: next?.transaction ? legOf(context, next) : null };
  return retryWhenBusy(context, migration, () => applyInTransaction(context, change));
}

/** A change, and what its transaction hands over to. */
interface Change {
  migration: LoadedMigration;
  next: Leg | null;
}

/** @throws KnexwardError `INVALID_MIGRATION` where the migration has no such direction. */
export function refuseWithoutWay(migration: LoadedMigration, direction: 'up' | 'down'): void {
  if (migration[direction]) return;
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `The migration ${migration.path ?? migration.name} has no "down": it cannot be reverted.`,
    fix: 'Add one to the file, then run the command again. Nothing was reverted.',
  });
}

async function applyInTransaction(context: RunContext, change: Change): Promise<ChangeOutcome> {
  // Where even the rollback fails, as on a lost connection, Knex reports that and not the cause.
  let cause: { error: unknown } | undefined;
  const knex = isDirect(context.config, change.migration) ? null : context.knex;
  try {
    return await context.relay.run(legOf(context, change.migration), knex, (running) =>
      changeAndRecord(context, running, change).catch((error: unknown) => {
        cause = { error };
        throw error;
      }),
    );
  } catch (error) {
    throw cause ? cause.error : error;
  }
}

async function changeAndRecord(
  context: RunContext,
  { trx, connection, entered, finishWith }: RunningLeg,
  { migration, next }: Change,
): Promise<ChangeOutcome> {
  const started = performance.now();
  const applied = entered.at(-1)?.rowCount === 1;
  if (applied === (context.direction === 'up')) {
    finishWith('', next);
    return { done: false };
  }
  const watch = watchTransaction(connection);
  try {
    await runChange(context, trx ?? connection, migration);
    if (watch.ended()) await reopen(connection, context, migration);
  } catch (error) {
    throw watch.ended() ? new PartlyCommitted(error) : error;
  } finally {
    watch.stop();
  }
  const { statements, isDoneElsewhere } = recordOf(context, migration, performance.now() - started);
  if (!isDoneElsewhere) {
    finishWith(statements, next);
    return { done: true };
  }
  const results = (await connection.query(statements)) as unknown as QueryResult[];
  // Thrown within the transaction, so that what was done twice is taken back.
  if (isDoneElsewhere(results)) throw doneByDbMigrate();
  finishWith('', next);
  return { done: true };
}

function doneByDbMigrate(): KnexwardError {
  return new KnexwardError('NOT_ADOPTED', {
    message: 'db-migrate has applied it meanwhile; what this run did of it was rolled back',
    fix: `Run "${commandLine('adopt', '--database-only')}", then the command again.`,
  });
}

/**
 * How often the server looks, during a statement, whether the runner is still there: else a killed
 * runner's statement goes on to its end, with every lock that it holds, only to be rolled back.
 * PostgreSQL can do that on Linux; elsewhere it refuses the setting (macOS has it from 15 on).
 */
const LOOK_FOR_CLIENT_MS = 1000;

/**
 * Sets the limits of this transaction, passes the fence, and only then looks at the history: a
 * runner that lost its lock may still be at the end of its last change. One message to the server,
 * in which each statement sees what is committed when it begins.
 */
function legOf({ entry, tables }: RunContext, { name }: LoadedMigration): Leg {
  return { name, entry: `${entry}; ${historyRowLook(tables, name)}` };
}

/** What is the same for every change of a run: its limits, and the fence. */
export function entryOf(run: Pick<RunContext, 'config' | 'searchPath' | 'tables'>): string {
  return `${limitsOf(run)}; ${fence(run.tables)}`;
}

/** What is set, is set for this transaction only. */
export function limitsOf({
  config,
  searchPath,
}: Pick<RunContext, 'config' | 'searchPath'>): string {
  const { lockTimeout, statementTimeout } = config.settings;
  const set = (name: string, value: string): string =>
    `set_config('${name}', ${escapeLiteral(value)}, true)`;
  return `select ${[
    set('lock_timeout', `${lockTimeout}ms`),
    ...(statementTimeout === null ? [] : [set('statement_timeout', `${statementTimeout}ms`)]),
    ...(searchPath === null ? [] : [set('search_path', searchPath)]),
    `case when current_setting('client_connection_check_interval', true) is not null
           and version() like '%linux%'
          then ${set('client_connection_check_interval', `${LOOK_FOR_CLIENT_MS}`)} end`,
  ].join(', ')}`;
}

/** Runs the migration itself: on Knex, with the project's hooks around it, or without. */
async function runChange(
  context: RunContext,
  on: Knex | RawConnection,
  migration: LoadedMigration,
): Promise<void> {
  const { direction, signal, bystander, applicationName } = context;
  const interruptible = (work: PromiseLike<unknown> | void): Promise<unknown> =>
    untilInterrupted(Promise.resolve(work), signal, bystander, applicationName);
  if (!isKnex(on)) {
    await interruptible(migration.direct?.[direction]?.(on));
    return;
  }
  const { beforeEach, afterEach } = context.config.migrations.hooks;
  await beforeEach?.(on, [migration]);
  await interruptible(migration[direction]?.(on));
  await afterEach?.(on, [migration]);
}

function isKnex(on: Knex | RawConnection): on is Knex {
  return typeof on === 'function';
}

/**
 * A change may end its transaction itself (`COMMIT` in its SQL). What it did is committed by
 * then, so the rows that record it get a transaction of their own, at once.
 */
async function reopen(
  connection: RawConnection,
  context: RunContext,
  migration: LoadedMigration,
): Promise<void> {
  context.listener({
    type: 'warned',
    name: migration.name,
    code: 'ENDED_ITS_TRANSACTION',
    message: 'it ended its transaction itself; its history row was written right after it',
  });
  // Within a transaction that the change has begun anew, this is a warning of the server's.
  await connection.query('begin');
}

async function applyOutsideTransaction(
  context: RunContext,
  migration: LoadedMigration,
): Promise<ChangeOutcome> {
  const { connections, tables, runId, batch, direction } = context;
  const knex = context.knex as Knex;
  const applied = await withRawConnection(connections, async (connection) => {
    if ((await isApplied(connection, tables, migration.name)) === (direction === 'up')) return true;
    const { name, checksum } = migration;
    await writeJournal(connection, tables, {
      ...{ runId, event: 'started', migration: name, batch, checksum, details: { direction } },
    });
    return false;
  });
  if (applied) return { done: false };
  const started = performance.now();
  const notes = await noteStatements(context, knex, migration);
  try {
    await runChange(context, knex, migration);
  } finally {
    // What comes next, the end or the failure, has to be the last word.
    await notes.finish();
  }
  const durationMs = performance.now() - started;
  await withRawConnection(connections, (connection) =>
    record(connection, context, migration, durationMs),
  );
  return { done: true };
}

/** A lock not had in time, a deadlock: the transaction is rolled back, so it can be tried again. */
const BUSY = new Set(['55P03', '40P01']);
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8000;
const SHORTEST_LOOK_MS = 50;

async function retryWhenBusy(
  context: RunContext,
  migration: LoadedMigration,
  attempt: () => Promise<ChangeOutcome>,
): Promise<ChangeOutcome> {
  const { bystander, applicationName, config, listener, signal } = context;
  const { lockTimeout, retries } = config.settings;
  const everyMs = Math.max(lockTimeout / 2, SHORTEST_LOOK_MS);
  for (let tried = 1; ; tried++) {
    const blockers = watchBlockers(bystander, applicationName, everyMs);
    try {
      return await attempt();
    } catch (error) {
      const { code } = error as { code?: string };
      // A change that has committed a part of itself would do that part twice.
      if (!BUSY.has(code ?? '') || tried > retries) throw error;
      const backoff = Math.min(FIRST_DELAY_MS * 2 ** (tried - 1), LONGEST_DELAY_MS);
      const delayMs = Math.round(backoff * (0.5 + Math.random() / 2));
      const holder = blockers.describe();
      const reason = code === '40P01' ? 'a deadlock' : 'a table is busy';
      const { name } = migration;
      listener({
        ...{ type: 'retrying', name, attempt: tried, delayMs },
        reason: holder === null ? reason : `${reason}, ${holder}`,
      });
      await sleep(delayMs, undefined, signal && { signal }).catch(() => undefined);
      refuseInterrupted(signal);
    } finally {
      blockers.stop();
    }
  }
}
