import { randomUUID } from 'node:crypto';
import { type ClientBase } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { findMigrations, type Migration } from '../files/find.js';
import { locateHistory } from '../history/locate.js';
import { type History, readOrSettled } from '../history/read.js';
import { type Plan, planFor } from '../plan/plan.js';
import { warnOfChanges } from './changed-files.js';
import { type RunRequest } from './request.js';
import { type RunResult } from './result.js';

/**
 * Applies or reverts migrations: reads files and history, plans, takes the lock, plans again (the
 * runner that held the lock before may have done it all), and carries the plan out one change at
 * a time.
 *
 * A migration that fails is told in the result. Everything else that stops a run is thrown.
 *
 * @throws KnexwardError `NOT_ADOPTED`, `UNFINISHED`, `LOCKED`, `UNKNOWN_MIGRATION` and whatever
 * opening the database or reading the files may throw. Nothing has been changed then.
 */
export async function run(given: ResolvedConfig, request: RunRequest): Promise<RunResult> {
  const { listener = () => undefined, runId = randomUUID() } = request;
  const applicationName = `knexward ${runId}`;
  // Listed while the server lets us in. What is wrong with it is told after what is wrong there.
  const listing = Promise.resolve(request.files ?? request.found ?? findMigrations(given));
  listing.catch(() => undefined);
  const session = await openSession(given, {
    applicationName,
    onEmbedded: (folder) => listener({ type: 'embedded', folder }),
  });
  try {
    const config = await locateHistory(session.client, given);
    const files = await listing;
    const applied = wantsAllApplied(config, request) ? files.map(({ name }) => name) : [];
    const { settled, history } = await readOrSettled(session.client, config, applied);
    const warn = () =>
      warnOfChanges(request.direction, files, history, {
        listener,
        production: config.production,
      });
    if (settled) {
      await warn();
      return emptyResult(runId, config, request, NOTHING_TO_DO);
    }
    const plan = planFor(request, files, history);
    if (stopsAtChanges(config, request)) await refuseChanges(session.client, files, history);
    const changed = await warn();
    if (request.files === undefined && plan.steps.length > 0) {
      const { refuseRenamed } = await import('./renamed.js');
      await refuseRenamed(session.client, files, history, plan);
      const { refuseOutOfOrder } = await import('../plan/out-of-order.js');
      refuseOutOfOrder(config, files, history, plan);
    }
    const result = emptyResult(runId, config, request, plan);
    if (isIdle(plan, history)) return result;
    if (request.dryRun) {
      if (history.rows.length > 0) return result;
      const { foresee } = await import('./from-baseline.js');
      const asked = { config, request, session, files, history, plan, listener };
      return { ...result, ...(await foresee(asked).then((baseline) => baseline && { baseline })) };
    }
    // With nothing to do, what it takes to do something is not even loaded.
    const { carryOut } = await import('./carry-out.js');
    const work = { config, request, session, files, history, changed, plan, listener, result };
    return await carryOut({ ...work, applicationName });
  } finally {
    await session.close();
  }
}

/** @throws KnexwardError `CHANGED_FILE` */
async function refuseChanges(
  client: ClientBase,
  files: readonly Migration[],
  history: History,
): Promise<void> {
  const { findChangedFiles } = await import('../files/changed.js');
  const changed = await findChangedFiles(client, files, history);
  if (changed.length > 0) throw (await import('../plan/problems.js')).changedFilesError(changed);
}

const NOTHING_TO_DO: Plan = { direction: 'up', batch: null, steps: [] };

/** Whether the run is over where every file is applied, whatever else the history would tell. */
function wantsAllApplied(config: ResolvedConfig, request: RunRequest): boolean {
  const { direction, extent } = request;
  // A name has to be one of the migrations', which is for the plan to say.
  const named = extent?.name !== undefined || extent?.only !== undefined;
  return direction === 'up' && !named && !stopsAtChanges(config, request);
}

/**
 * Whether there is nothing to do, and nothing to say. A lock that a killed run left behind is given
 * back even where nothing is to be run; and where a change's end is not known, nothing is in order.
 */
function isIdle({ steps }: Plan, { knexLock, unfinished }: History): boolean {
  return steps.length === 0 && knexLock !== 'knexward' && unfinished.length === 0;
}

function stopsAtChanges(
  { settings }: ResolvedConfig,
  { direction, acceptChanged }: RunRequest,
): boolean {
  return direction === 'up' && settings.checksums === 'stop' && !acceptChanged;
}

function emptyResult(
  runId: string,
  config: ResolvedConfig,
  request: RunRequest,
  plan: Plan,
): RunResult {
  const dryRun = request.dryRun ?? false;
  return {
    runId,
    environment: config.environment,
    direction: request.direction,
    batch: plan.batch,
    done: [],
    failed: null,
    notReached: dryRun ? plan.steps.map(({ name }) => name) : [],
    dryRun,
  };
}
