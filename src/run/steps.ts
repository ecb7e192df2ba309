import { withRawConnection } from '../database/raw-connection.js';
import { type LoadedMigration } from '../files/load.js';
import { writeJournal } from '../history/journal.js';
import { applyChange, type RunContext } from './apply.js';
import { describeFailure, type MigrationFailure } from './failure.js';
import { refuseInterrupted } from './interruption.js';
import { type RunLock } from './lock.js';
import { type RunResult } from './result.js';

/** How far a run came. */
export type Outcome = Pick<RunResult, 'done' | 'failed' | 'notReached'>;

/**
 * Carries out changes one after the other, and stops at the first that fails: for a lost lock and
 * for a signal, before the next one begins.
 */
export async function runSteps(
  context: RunContext,
  steps: readonly LoadedMigration[],
  lock: RunLock,
): Promise<Outcome> {
  const done: Outcome['done'] = [];
  for (const [index, migration] of steps.entries()) {
    const { name } = migration;
    context.listener({ type: 'started', name, index, total: steps.length });
    try {
      refuseInterrupted(context.signal);
      lock.check();
      const outcome = await applyChange(context, migration);
      if (!outcome.done) continue;
      done.push({ name, durationMs: outcome.durationMs });
      context.listener({ type: 'done', name, durationMs: outcome.durationMs });
    } catch (error) {
      const failed = describeFailure(error, migration, context.direction);
      context.listener({ type: 'failed', failure: failed });
      await recordFailure(context, migration, failed);
      const notReached = steps.slice(index + 1).map((step) => step.name);
      return { done, failed, notReached };
    }
  }
  return { done, failed: null, notReached: [] };
}

/**
 * Whether the server itself said no. A connection lost right after a statement leaves open whether
 * the server has carried it out (08: connection exception, 57P: the server went away).
 */
function isRefusal(sqlstate: string | null): boolean {
  return sqlstate !== null && !/^(08|57P)/.test(sqlstate);
}

/** The journal remembers the failure; where it cannot be reached any more, the report has it. */
async function recordFailure(
  context: RunContext,
  migration: LoadedMigration,
  { message, sqlstate }: MigrationFailure,
): Promise<void> {
  const { knex, tables, runId, batch, direction } = context;
  const { name, checksum } = migration;
  const endUnknown = !migration.transaction && !isRefusal(sqlstate);
  const details = { direction, message, sqlstate, ...(endUnknown && { endUnknown }) };
  await withRawConnection(knex, (connection) =>
    writeJournal(connection, tables, {
      ...{ runId, event: 'failed', migration: name, batch, checksum, details },
    }),
  ).catch(() => undefined);
}
