import { type LifecycleHook } from '../config/migrations.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { withoutProcessing } from '../database/knex-client.js';
import { inKnexForm } from '../files/knex-form.js';
import { type LoadedMigration } from '../files/load.js';
import { describeHookFailure } from '../failure/failure.js';
import { isLostConnection } from '../server-error.js';
import { untilInterrupted } from '../transaction/interruption.js';
import { type RunContext } from './context.js';
import { type RunLock } from '../transaction/runners-lock.js';
import { type Outcome } from './steps.js';

/** The hooks around all changes. What they throw is told beside what was done. */
export async function withHooks(
  run: RunContext,
  steps: readonly LoadedMigration[],
  lock: RunLock,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const { config, connections, reporting, control } = run;
  const { beforeAll, afterAll } = config.migrations.hooks;
  const call = async (hook: LifecycleHook | undefined): Promise<void> => {
    if (hook) await untilInterrupted(() => callHook(run, steps, hook), reporting.signal);
  };
  const failed = async (error: unknown, hook: 'beforeAll' | 'afterAll', consequence: string) => {
    const isAnswered = connections.isAnswered();
    connections.sever();
    const isOver = await control.endSessions([lock.pid], isAnswered);
    const more = isOver ? '' : '; the server may still carry out what it has sent';
    const failure = describeHookFailure(error, hook, `${consequence}${more}`);
    reporting.listener({ type: 'failed', failure });
    return failure;
  };
  try {
    await call(beforeAll);
  } catch (error) {
    if (isLostConnection(error)) throw error;
    const failure = await failed(error, 'beforeAll', 'no migration was run');
    return { done: [], failed: failure, notReached: steps.map(({ name }) => name) };
  }
  const outcome = await work();
  if (outcome.failed) return outcome;
  try {
    await call(afterAll);
    return outcome;
  } catch (error) {
    const failure = await failed(error, 'afterAll', 'every migration of this run is done');
    return { ...outcome, failed: failure };
  }
}

/**
 * Knex hands over the transaction of the whole batch, where there is one. Here each change has its
 * own, so that there is none for the batch: each of these hooks gets one of its own instead.
 */
async function callHook(
  { config, connections: { knex }, recording }: RunContext,
  steps: readonly LoadedMigration[],
  hook: LifecycleHook,
): Promise<void> {
  if (!knex) throw new Error('A hook needs Knex, which is not loaded.');
  const migrations = steps.map((step) => inKnexForm(step, config));
  const inOne = recording.direction === 'up' && hasTransactionForAll(config, steps);
  await withoutProcessing(knex, async () => {
    if (!inOne) return hook(knex, migrations);
    return knex.transaction(async (trx) => {
      try {
        await hook(trx, migrations);
      } catch (error) {
        // Knex takes a rejection with undefined for a rollback that was asked for.
        if (error === undefined) throw new Error('It threw undefined.', { cause: error });
        throw error;
      }
    });
  });
}

/** Whether Knex would run all of them in one transaction. */
function hasTransactionForAll(
  { migrations }: ResolvedConfig,
  steps: readonly LoadedMigration[],
): boolean {
  return !migrations.disableTransactions && steps.every(({ transaction }) => transaction);
}
