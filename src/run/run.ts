import { randomUUID } from 'node:crypto';
import { type Knex } from 'knex';
import { type ClientBase } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { withRawConnection } from '../database/raw-connection.js';
import { openSession, type Session } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { findMigrations, type Migration } from '../files/find.js';
import { loadMigration, type LoadedMigration } from '../files/load.js';
import { giveKnexLockBack, takeKnexLock } from '../history/knex-lock.js';
import { locateHistory } from '../history/locate.js';
import { type History, readHistory } from '../history/read.js';
import { createTables } from '../history/write.js';
import { type Extent, type Plan, planDown, planUp } from '../plan/plan.js';
import { rememberStatement } from '../statement.js';
import { functionOf, type RunContext } from './apply.js';
import { refuseChangedFiles } from './changed-files.js';
import { unfinishedError } from './evidence.js';
import { type RunListener } from './events.js';
import { refuseInterrupted } from './interruption.js';
import { acquireLock, type RunLock } from './lock.js';
import { Relay } from './relay.js';
import { type RunResult } from './result.js';
import { refuseLostSearchPath } from './search-path.js';
import { runSteps } from './steps.js';

/** What to run. */
export interface RunRequest {
  direction: 'up' | 'down';
  extent?: Extent;
  /** Plan only: nothing is created, locked or run. */
  dryRun?: boolean;
  /** Asked with the plan before anything is changed; throws to stop. */
  confirm?: (plan: Plan) => Promise<void>;
  listener?: RunListener;
  /** The migrations to choose from; those that the configuration leads to unless given. */
  files?: readonly Migration[];
  /** Goes on where applied files were edited, also where the configuration says to stop then. */
  acceptChanged?: boolean;
  /** The id of the run, a UUID: in the journal and in `pg_stat_activity`; a new one unless given. */
  runId?: string | undefined;
  /** Stops the run: the statement under way is cancelled and rolled back. */
  signal?: AbortSignal | undefined;
}

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
  const { listener = () => undefined, signal, runId = randomUUID() } = request;
  const applicationName = `knexward ${runId}`;
  const session = await openSession(given, {
    applicationName,
    onEmbedded: (folder) => listener({ type: 'embedded', folder }),
  });
  try {
    const config = await locateHistory(session.client, given);
    const files = request.files ?? (await findMigrations(config));
    const history = await readHistory(session.client, config);
    const plan = planFor(request, files, history);
    const stopsAtChanges = config.settings.checksums === 'stop' && !request.acceptChanged;
    if (stopsAtChanges && request.direction === 'up') {
      await refuseChangedFiles(session.client, files, history);
    }
    const result = emptyResult(runId, config, request, plan);
    if (isIdle(plan, history) || request.dryRun) return result;
    if (plan.steps.length > 0) await request.confirm?.(plan);
    const loaded = await loadAll(plan, config, new Map());
    refuseInterrupted(signal);
    const lock = await acquireLock(session.client, history.tables, {
      waitMs: config.settings.waitForLock,
      onWaiting: (holder) => listener({ type: 'waiting', holder }),
      signal,
    });
    const locked = { config, request, session, files, loaded, lock, listener, result };
    try {
      // Whoever was waited for has done it all, as a rule: then Knex need not be loaded for that.
      if (lock.waited && (await isNothingLeft(locked))) return { ...result, batch: null };
      return await runLocked({ ...locked, applicationName });
    } finally {
      await lock.release();
    }
  } finally {
    await session.close();
  }
}

/**
 * Whether there is nothing to do, and nothing to say. A lock that a killed run left behind is given
 * back even where nothing is to be run; and where a change's end is not known, nothing is in order.
 */
function isIdle({ steps }: Plan, { knexLock, unfinished }: History): boolean {
  return steps.length === 0 && knexLock !== 'knexward' && unfinished.length === 0;
}

/**
 * The plan that a request comes to.
 *
 * @throws KnexwardError `NOT_ADOPTED`, and what `planUp` and `planDown` throw.
 */
export function planFor(request: RunRequest, files: readonly Migration[], history: History): Plan {
  const { direction, extent = {} } = request;
  refuseUnadopted(history);
  return direction === 'up' ? planUp(files, history, extent) : planDown(files, history, extent);
}

/** @throws KnexwardError `NOT_ADOPTED` where db-migrate's history is not carried over in full. */
export function refuseUnadopted({ dbMigrate, tables }: History): void {
  if (!dbMigrate || dbMigrate.unadopted + dbMigrate.reverted.length === 0) return;
  const { schema, table } = tables.dbMigrate;
  if (dbMigrate.unadopted === 0) {
    throw new KnexwardError('NOT_ADOPTED', {
      message: `db-migrate has reverted ${dbMigrate.reverted.join(', ')} since its history (${schema}.${table}) was carried over.`,
      fix: 'Run "knexward adopt --database-only": Knex\'s history then says so too.',
    });
  }
  throw new KnexwardError('NOT_ADOPTED', {
    message: `${dbMigrate.unadopted} of ${dbMigrate.rows} rows of db-migrate's history (${schema}.${table}) are not carried over yet; running now could apply them a second time.`,
    fix: 'Run "knexward adopt" (in further environments: "knexward adopt --database-only").',
  });
}

/** Only under the lock: before, the change may be one that another runner is still at work on. */
async function refuseUnfinished(client: ClientBase, { unfinished }: History): Promise<void> {
  const first = unfinished[0];
  if (first) throw await unfinishedError(client, first);
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

/** Every file is loaded before the first one runs, so that a broken one changes nothing. */
async function loadAll(plan: Plan, config: ResolvedConfig, known: Loaded): Promise<Loaded> {
  const loaded: Loaded = new Map();
  for (const step of plan.steps) {
    const migration = known.get(step.name) ?? (await loadMigration(step, config));
    functionOf(migration, plan.direction);
    loaded.set(step.name, migration);
  }
  return loaded;
}

type Loaded = Map<string, LoadedMigration>;

interface LockedRun {
  config: ResolvedConfig;
  request: RunRequest;
  session: Session;
  files: readonly Migration[];
  loaded: Loaded;
  lock: RunLock;
  listener: RunListener;
  result: RunResult;
  applicationName: string;
}

async function isNothingLeft({ lock, config, request, files }: WaitedRun): Promise<boolean> {
  const history = await lock.look((client) => readHistory(client, config));
  if (!history.complete || history.knexLock !== 'free' || history.unfinished.length > 0)
    return false;
  return planFor(request, files, history).steps.length === 0;
}

type WaitedRun = Pick<LockedRun, 'lock' | 'config' | 'request' | 'files'>;

async function runLocked(locked: LockedRun): Promise<RunResult> {
  const { config, request, session, files, result } = locked;
  const knex = await session.knex();
  knex.on('query-error', (error: unknown, query: { sql: string; bindings?: unknown[] }) =>
    rememberStatement(error, { sql: query.sql, bindings: query.bindings ?? [] }),
  );
  const { tables } = await withRawConnection(knex, async (connection) => {
    const before = await readHistory(connection, config);
    if (!before.complete) await createTables(connection, before.tables);
    if (!(await takeKnexLock(connection, before.tables))) throw knexLockTaken(before);
    return before;
  });
  try {
    // Only now can nobody, plain Knex included, change the history any more.
    const history = await withRawConnection(knex, (raw) => readHistory(raw, config));
    await refuseUnfinished(session.client, history);
    const plan = planFor(request, files, history);
    if (plan.batch === null) return { ...result, batch: null };
    return await carryOut(locked, knex, history, { ...plan, batch: plan.batch });
  } finally {
    await withRawConnection(knex, (raw) => giveKnexLockBack(raw, tables)).catch(() => undefined);
  }
}

async function carryOut(
  locked: LockedRun,
  knex: Knex,
  history: History,
  plan: Plan & { batch: number },
): Promise<RunResult> {
  const { config, session, listener, result, applicationName, request } = locked;
  listener({ type: 'planned', plan });
  const steps = [...(await loadAll(plan, config, locked.loaded)).values()];
  const searchPath = session.transactionPath();
  if (searchPath !== null) await refuseLostSearchPath(knex, searchPath, steps);
  const relay = new Relay(knex);
  const context: RunContext = {
    ...{
      knex,
      relay,
      config,
      searchPath,
      listener,
      applicationName,
      runId: result.runId,
      signal: request.signal,
    },
    oldTable: history.dbMigrate,
    ...{ tables: history.tables, direction: plan.direction, batch: plan.batch },
    bystander: session.client,
    connect: () => session.connect(),
  };
  const { hooks } = config.migrations;
  await hooks.beforeAll?.(knex, steps);
  const outcome = await runSteps(context, steps, locked.lock).finally(() => relay.close());
  if (!outcome.failed) await hooks.afterAll?.(knex, steps);
  return { ...result, batch: plan.batch, ...outcome };
}

/** Knex's own runner is at work, or was killed at it: two runners must not overlap. */
function knexLockTaken(history: History): KnexwardError {
  return new KnexwardError('LOCKED', {
    message: `Knex's own lock (${history.tables.lock}) is taken: a "knex migrate" command is running, or was killed.`,
    fix: 'Wait until it has finished. If none runs: knexward unlock',
  });
}
