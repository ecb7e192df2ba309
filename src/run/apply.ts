import { setTimeout as sleep } from 'node:timers/promises';
import { type Knex } from 'knex';
import { type Client } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { type RawConnection, withRawConnection } from '../database/raw-connection.js';
import { KnexwardError } from '../errors.js';
import { type LoadedMigration, type MigrationFunction } from '../files/load.js';
import { writeJournal } from '../history/journal.js';
import { type HistoryTables, qualified } from '../history/tables.js';
import { deleteHistoryRows, insertHistoryRow, isApplied } from '../history/write.js';
import { watchBlockers } from './blockers.js';
import { type RunListener } from './events.js';
import { refuseInterrupted, untilInterrupted } from './interruption.js';
import { noteStatements } from './note-statements.js';
import { PartlyCommitted, watchTransaction } from './watch-transaction.js';

/** Marks the fence that two changes of one history cannot pass at once ("knxe" in ASCII). */
const FENCE_LOCK = 0x6b6e7865;

/** What one change needs to know about the run that it is part of. */
export interface RunContext {
  knex: Knex;
  /** The connection that holds the runners' lock; from it, the changes' own can be looked at. */
  bystander: Client;
  /** Opens a further connection. */
  connect: () => Promise<Client>;
  /** What the connections of this run are called in `pg_stat_activity`. */
  applicationName: string;
  signal: AbortSignal | undefined;
  config: ResolvedConfig;
  tables: HistoryTables;
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
): Promise<ChangeOutcome> {
  const work = functionOf(migration, context.direction);
  return migration.transaction
    ? retryWhenBusy(context, migration, () => applyInTransaction(context, migration, work))
    : applyOutsideTransaction(context, migration, work);
}

/** @throws KnexwardError `INVALID_MIGRATION` where the migration has no such direction. */
export function functionOf(
  migration: LoadedMigration,
  direction: 'up' | 'down',
): MigrationFunction {
  const work = migration[direction];
  if (work) return work;
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `The migration ${migration.path ?? migration.name} has no "down": it cannot be reverted.`,
    fix: 'Add one to the file, then run the command again. Nothing was reverted.',
  });
}

async function applyInTransaction(
  context: RunContext,
  migration: LoadedMigration,
  work: MigrationFunction,
): Promise<ChangeOutcome> {
  // Where even the rollback fails, as on a lost connection, Knex reports that and not the cause.
  let cause: { error: unknown } | undefined;
  try {
    return await context.knex.transaction((trx) =>
      changeAndRecord(context, trx, migration, work).catch((error: unknown) => {
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
  trx: Knex.Transaction,
  migration: LoadedMigration,
  work: MigrationFunction,
): Promise<ChangeOutcome> {
  const started = performance.now();
  return withRawConnection(trx, async (connection) => {
    const applied = await enter(connection, context, migration);
    if (applied === (context.direction === 'up')) return { done: false };
    const watch = watchTransaction(connection);
    try {
      await runWithHooks(context, trx, migration, work);
      if (watch.ended()) await reopen(connection, context, migration);
    } catch (error) {
      throw watch.ended() ? new PartlyCommitted(error) : error;
    } finally {
      watch.stop();
    }
    const durationMs = performance.now() - started;
    await record(connection, context, migration, durationMs);
    return { done: true };
  });
}

/**
 * Sets the limits of this transaction, passes the fence, and only then looks at the history: a
 * runner that lost its lock may still be at the end of its last change.
 */
async function enter(
  connection: RawConnection,
  context: RunContext,
  migration: LoadedMigration,
): Promise<boolean> {
  const { lockTimeout, statementTimeout } = context.config.settings;
  await connection.query(
    `select set_config('lock_timeout', $1, true),
            case when $2::text is not null then set_config('statement_timeout', $2, true) end`,
    [`${lockTimeout}ms`, statementTimeout === null ? null : `${statementTimeout}ms`],
  );
  await connection.query('select pg_advisory_xact_lock($1, hashtext($2))', [
    FENCE_LOCK,
    qualified(context.tables.schema, context.tables.history),
  ]);
  return isApplied(connection, context.tables, migration.name);
}

async function runWithHooks(
  context: RunContext,
  knex: Knex,
  migration: LoadedMigration,
  work: MigrationFunction,
): Promise<void> {
  const { beforeEach, afterEach } = context.config.migrations.hooks;
  await beforeEach?.(knex, [migration]);
  await untilInterrupted(
    Promise.resolve(work(knex)),
    context.signal,
    context.bystander,
    context.applicationName,
  );
  await afterEach?.(knex, [migration]);
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

async function record(
  connection: RawConnection,
  context: RunContext,
  migration: LoadedMigration,
  durationMs: number,
): Promise<void> {
  const { tables, direction, batch, runId } = context;
  const { name, checksum } = migration;
  if (direction === 'up') await insertHistoryRow(connection, tables, { name, batch });
  else await deleteHistoryRows(connection, tables, name);
  await writeJournal(connection, tables, {
    runId,
    event: direction === 'up' ? 'applied' : 'reverted',
    migration: name,
    batch,
    checksum,
    durationMs,
  });
}

async function applyOutsideTransaction(
  context: RunContext,
  migration: LoadedMigration,
  work: MigrationFunction,
): Promise<ChangeOutcome> {
  const { knex, tables, runId, batch, direction } = context;
  const applied = await withRawConnection(knex, async (connection) => {
    if ((await isApplied(connection, tables, migration.name)) === (direction === 'up')) return true;
    const { name, checksum } = migration;
    await writeJournal(connection, tables, {
      ...{ runId, event: 'started', migration: name, batch, checksum, details: { direction } },
    });
    return false;
  });
  if (applied) return { done: false };
  const started = performance.now();
  const notes = await noteStatements(context, migration);
  try {
    await runWithHooks(context, knex, migration, work);
  } finally {
    // What comes next, the end or the failure, has to be the last word.
    await notes.finish();
  }
  const durationMs = performance.now() - started;
  await knex.transaction((trx) =>
    withRawConnection(trx, (connection) => record(connection, context, migration, durationMs)),
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
