import { withRawConnection } from '../database/raw-connection.js';
import { type LoadedMigration } from '../files/load.js';
import { writeJournal } from '../history/journal.js';
import { isApplied } from '../history/write.js';
import { redact } from '../secrets.js';
import { applyChange, type RunContext } from './apply.js';
import { describeFailure, type MigrationFailure } from './failure.js';
import { refuseInterrupted } from './interruption.js';
import { type RunLock } from './lock.js';
import { type RunResult } from './result.js';
import { rememberThrown } from './thrown.js';

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
    const started = performance.now();
    let begun = false;
    context.listener({ type: 'started', name, index, total: steps.length });
    try {
      refuseInterrupted(context.signal);
      lock.check();
      begun = true;
      const outcome = await applyChange(context, migration, steps[index + 1]);
      if (!outcome.done) continue;
    } catch (error) {
      const failed = describeFailure(error, migration, context.direction);
      rememberThrown(failed, error);
      if (!begun || !(await tookEffect(context, migration, failed))) {
        context.listener({ type: 'failed', failure: failed });
        const notReached = steps.slice(index + 1).map((step) => step.name);
        await recordFailure(context, migration, { failed, begun, notReached });
        return { done, failed, notReached };
      }
    }
    const durationMs = performance.now() - started;
    done.push({ name, durationMs });
    context.listener({ type: 'done', name, durationMs });
  }
  return { done, failed: null, notReached: [] };
}

/**
 * Whether the server itself said no. A connection lost right after a statement leaves open whether
 * the server has carried it out (08: connection exception, 57P: the server went away).
 */
function isRefusal({ sqlstate }: MigrationFailure): boolean {
  return sqlstate !== null && !/^(08|57P)/.test(sqlstate);
}

/**
 * Whether a change whose connection was lost was committed all the same: its history row, which is
 * in the same transaction, tells. Of a change that was not in one, nothing tells.
 */
async function tookEffect(
  context: RunContext,
  { name }: LoadedMigration,
  failed: MigrationFailure,
): Promise<boolean> {
  if (failed.leftovers || isRefusal(failed)) return false;
  const { connections, tables, direction } = context;
  return withRawConnection(connections, async (connection) => {
    return (await isApplied(connection, tables, name)) === (direction === 'up');
  }).catch(() => false);
}

/** The journal remembers the failure; where it cannot be reached any more, the report has it. */
async function recordFailure(
  context: RunContext,
  migration: LoadedMigration,
  { failed, begun, notReached }: { failed: MigrationFailure; begun: boolean; notReached: string[] },
): Promise<void> {
  const { connections, tables, runId, batch, direction } = context;
  const { name, checksum } = migration;
  const { message, sqlstate, statement, leftovers } = failed;
  const endUnknown = begun && leftovers && !isRefusal(failed);
  const details = {
    ...{ direction, message, sqlstate, notReached },
    statement: statement === null ? null : redact(statement),
    ...(endUnknown && { endUnknown }),
  };
  await withRawConnection(connections, (connection) =>
    writeJournal(connection, tables, {
      ...{ runId, event: 'failed', migration: name, batch, checksum, details },
    }),
  ).catch(() => undefined);
}
