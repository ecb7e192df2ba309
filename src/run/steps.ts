import { type QueryResult } from 'pg';
import { commandLine, commandLineInScope } from '../command-line.js';
import { type LoadedMigration } from '../files/load.js';
import { scopeOf } from '../files/scope.js';
import { journalInsert } from '../history/journal.js';
import { redact } from '../secrets.js';
import { changeInTransaction } from './change.js';
import { changeOutsideTransaction } from './change-outside.js';
import { type RunContext } from './context.js';
import { type Ended } from './ended.js';
import { explainByChanges } from '../failure/changed-files.js';
import { describeFailure, isRefusal, type MigrationFailure } from '../failure/failure.js';
import { refuseInterrupted } from '../transaction/interruption.js';
import { SqlPipeline } from './pipeline.js';
import { type RunLock } from '../transaction/runners-lock.js';
import { type RunResult } from './result.js';
import { type Attempted, retryWhenBusy } from './retries.js';

/** How far a run came. */
export type Outcome = Pick<RunResult, 'done' | 'failed' | 'notReached'>;

/**
 * Carries out changes one after the other, and stops at the first that fails: for a lost lock and
 * for a signal, before the next one begins.
 */
export async function runSteps(
  run: RunContext,
  steps: readonly LoadedMigration[],
  lock: RunLock,
): Promise<Outcome> {
  const pipeline = new SqlPipeline(run, steps, lock);
  return carryOutAll(run, steps, lock, pipeline).finally(() => pipeline.close());
}

async function carryOutAll(
  run: RunContext,
  steps: readonly LoadedMigration[],
  lock: RunLock,
  pipeline: SqlPipeline,
): Promise<Outcome> {
  const done: Outcome['done'] = [];
  for (const [index, migration] of steps.entries()) {
    const { name } = migration;
    run.reporting.listener({ type: 'started', name, index, total: steps.length });
    const { ended, blockers } = await carryOut(
      run,
      { migration, next: steps[index + 1], pipeline },
      lock,
    );
    if (ended.state === 'not needed') continue;
    if (ended.state !== 'committed') {
      const failed = explainByChanges(
        describeFailure(ended, migration, run.recording.direction, blockers),
        run.changed,
        run.config.production,
      );
      const sentBehind = failed.alsoUnknown?.length ?? 0;
      const notReached = steps.slice(index + 1 + sentBehind).map((step) => step.name);
      run.reporting.listener({ type: 'failed', failure: failed });
      await recordFailure(run, migration, { ended, failed, notReached });
      return { done, failed, notReached };
    }
    const { durationMs } = ended;
    done.push({ name, durationMs });
    run.reporting.listener({ type: 'done', name, durationMs });
    if (ended.empty && run.recording.direction === 'up') warnOfEmpty(run, name);
  }
  return { done, failed: null, notReached: [] };
}

interface Step {
  migration: LoadedMigration;
  next: LoadedMigration | undefined;
  pipeline: SqlPipeline;
}

async function carryOut(
  run: RunContext,
  { migration, next, pipeline }: Step,
  lock: RunLock,
): Promise<Attempted> {
  const begin = (): Promise<Ended | null> => {
    refuseInterrupted(run.reporting.signal);
    lock.check();
    return migration.transaction
      ? changeInTransaction(run, migration, next, (begun) => pipeline.start(migration, begun))
      : changeOutsideTransaction(run, migration, lock);
  };
  // What was sent may end without being carried out. Then it is begun again, by itself.
  const attempt = async (): Promise<Ended> =>
    (await pipeline.end(migration)) ?? (await begin()) ?? attempt();
  try {
    if (!migration.transaction) return { ended: await attempt(), blockers: [] };
    return await retryWhenBusy(run, migration, attempt);
  } catch (error) {
    // Between two attempts, or before the first: nothing is open.
    return { ended: { state: 'rolled back', error }, blockers: [] };
  }
}

/** As a rule the file that `create` wrote, run before anybody wrote the change. */
function warnOfEmpty({ reporting }: RunContext, name: string): void {
  const write = `write the change, then "${commandLine('resolve', name, '--reverted')}" and "${commandLineInScope(scopeOf(name), 'up')}"`;
  reporting.listener({
    ...{ type: 'warned', name, code: 'EMPTY_MIGRATION' },
    message: `it sent no statement through the knex that it was given and waited for none, and counts as applied: up does not run it again. If nothing of it is in the database: ${write}`,
  });
}

/** For how long to wait for a journal that somebody has locked. */
const JOURNAL_WAITS_MS = 10_000;

/** The journal remembers the failure; where it cannot be reached any more, the report says so. */
async function recordFailure(
  { control, recording, reporting }: RunContext,
  { name, checksum }: LoadedMigration,
  { ended, failed, notReached }: { ended: Ended; failed: MigrationFailure; notReached: string[] },
): Promise<void> {
  const { tables, runId, batch, direction } = recording;
  const { message, sqlstate, statement, leftovers } = failed;
  const endUnknown = ended.state === 'unknown' || (leftovers && !isRefusal(failed));
  const details = {
    ...{ direction, message, sqlstate, notReached, leftovers },
    statement: statement === null ? null : redact(statement),
    ...(endUnknown && { endUnknown }),
  };
  try {
    const insert = journalInsert(tables, {
      ...{ runId, event: 'failed', migration: name, batch, checksum, details },
    });
    const limit = `select set_config('lock_timeout', '${JOURNAL_WAITS_MS}ms', true)`;
    const results = await control.use(
      (client) => client.query(`${limit}; ${insert}`) as unknown as Promise<QueryResult[]>,
    );
    if (results.at(-1)?.rowCount !== 1) throw new Error('the row was not written');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    reporting.listener({
      ...{ type: 'warned', name, code: 'NOT_IN_JOURNAL' },
      message: `the journal has no row of this failure: ${redact(reason)}`,
    });
  }
}
