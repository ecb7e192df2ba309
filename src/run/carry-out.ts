import { commandLine } from '../command-line.js';
import { type Knex } from 'knex';
import { type ClientBase } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { type ConnectionSource, withRawConnection } from '../database/raw-connection.js';
import { type Session } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { type Migration } from '../files/find.js';
import { loadMigration, type LoadedMigration } from '../files/load.js';
import { giveKnexLockBack, takeKnexLock } from '../history/knex-lock.js';
import { type History, readHistory } from '../history/read.js';
import { type Plan, planFor } from '../plan/plan.js';
import { unfinishedError } from '../plan/unfinished.js';
import { rememberStatement } from '../statement.js';
import { entryOf, refuseWithoutWay, type RunContext } from './apply.js';
import { findEvidence } from '../history/evidence.js';
import { type RunListener } from './events.js';
import { type Begun } from './from-baseline.js';
import { refuseInterrupted } from './interruption.js';
import { acquireLock, type RunLock } from './lock.js';
import { needsKnex } from './needs-knex.js';
import { Relay } from './relay.js';
import { type RunRequest } from './request.js';
import { type RunResult } from './result.js';
import { refuseLostSearchPath } from './search-path.js';
import { runSteps } from './steps.js';

/** A run that has something to do, as far as it could be planned without the lock. */
export interface PlannedRun {
  config: ResolvedConfig;
  request: RunRequest;
  session: Session;
  files: readonly Migration[];
  history: History;
  plan: Plan;
  listener: RunListener;
  /** What it comes to if nothing is done. */
  result: RunResult;
  /** What the run's connections are called on the server. */
  applicationName: string;
}

interface LockedRun extends PlannedRun {
  loaded: Loaded;
  lock: RunLock;
  /** The batch that the run has begun already. */
  batch?: number;
}

/**
 * Carries out what was planned: loads the files, takes the lock, plans again (the runner that held
 * the lock before may have done it all), and runs one change after the other.
 *
 * @throws KnexwardError what `run` throws once there is something to do
 */
export async function carryOut(planned: PlannedRun): Promise<RunResult> {
  const { config, request, session, history, plan, listener, result } = planned;
  const { signal } = request;
  // An empty database may begin with a baseline: then what that stands for is not even loaded.
  const mayBegin = plan.direction === 'up' && history.rows.length === 0;
  const fromBaseline = mayBegin ? await import('./from-baseline.js') : null;
  const beginning = (await fromBaseline?.findBeginning(planned)) ?? null;
  const loaded = await loadAll(beginning?.rest ?? plan, config, new Map());
  refuseInterrupted(signal);
  const lock = await acquireLock(session.client, history.tables, {
    waitMs: config.settings.waitForLock,
    onWaiting: (holder) => listener({ type: 'waiting', holder }),
    signal,
  });
  const locked = { ...planned, loaded, lock };
  try {
    // Whoever was waited for has done it all, as a rule: then Knex need not be loaded for that.
    if (lock.waited && (await isNothingLeft(locked))) return { ...result, batch: null };
    const begun = beginning && ((await fromBaseline?.begin(planned, beginning, lock)) ?? null);
    return await (begun ? goOn(locked, begun) : runLocked(locked));
  } finally {
    await lock.release();
  }
}

/** After a baseline: what it does not stand for, in the same batch. */
async function goOn(
  locked: LockedRun,
  { done, failed, baseline, request }: Begun,
): Promise<RunResult> {
  const { result, plan } = locked;
  const begun = { ...result, batch: 1, done, failed, baseline };
  const left = plan.steps.slice(done.length);
  if (failed) return { ...begun, notReached: left.map(({ name }) => name) };
  if (left.length === 0) return begun;
  const rest = await runLocked({ ...locked, request, batch: begun.batch });
  return { ...rest, batch: begun.batch, done: [...done, ...rest.done], baseline };
}

/** Every file is loaded before the first one runs, so that a broken one changes nothing. */
async function loadAll(plan: Plan, config: ResolvedConfig, known: Loaded): Promise<Loaded> {
  const loaded: Loaded = new Map();
  for (const step of plan.steps) {
    const migration = known.get(step.name) ?? (await loadMigration(step, config));
    refuseWithoutWay(migration, plan.direction);
    loaded.set(step.name, migration);
  }
  return loaded;
}

type Loaded = Map<string, LoadedMigration>;

async function isNothingLeft({ lock, config, request, files }: LockedRun): Promise<boolean> {
  const history = await lock.look((client) => readHistory(client, config));
  if (!history.complete || history.knexLock !== 'free' || history.unfinished.length > 0)
    return false;
  return planFor(request, files, history).steps.length === 0;
}

async function runLocked(locked: LockedRun): Promise<RunResult> {
  const { config, request, session, files, result, loaded } = locked;
  // Where no change is written for it, Knex is not even loaded.
  const knex = needsKnex(config, loaded.values()) ? await openKnex(session) : null;
  const connections = knex ?? (await session.withoutKnex());
  const { tables } = await lockKnexOut(locked, connections);
  try {
    // Only now can nobody, plain Knex included, change the history any more.
    const history = await withRawConnection(connections, (raw) => readHistory(raw, config));
    await refuseUnfinished(session.client, history);
    const plan = planFor(request, files, history);
    if (plan.batch === null) return { ...result, batch: null };
    const ways = { knex, connections };
    return await runPlan(locked, ways, history, { ...plan, batch: locked.batch ?? plan.batch });
  } finally {
    await withRawConnection(connections, (raw) => giveKnexLockBack(raw, tables)).catch(
      () => undefined,
    );
  }
}

async function openKnex(session: Session): Promise<Knex> {
  const knex = await session.knex();
  knex.on('query-error', (error: unknown, query: { sql: string; bindings?: unknown[] }) =>
    rememberStatement(error, { sql: query.sql, bindings: query.bindings ?? [] }),
  );
  return knex;
}

/** Takes Knex's own lock; its tables are made first where they are missing. */
async function lockKnexOut(
  { config, lock, history }: LockedRun,
  connections: ConnectionSource,
): Promise<History> {
  return withRawConnection(connections, async (connection) => {
    const take = async (seen: History): Promise<History> => {
      if (await takeKnexLock(connection, seen.tables, !seen.complete)) return seen;
      throw knexLockTaken(seen);
    };
    // Before the lock was to be had, somebody may have made the tables, or put them away.
    const lookAgain = async (): Promise<History> => take(await readHistory(connection, config));
    if (lock.waited) return lookAgain();
    return take(history).catch((error: unknown) => {
      if ((error as { code?: unknown }).code === UNDEFINED_TABLE) return lookAgain();
      throw error;
    });
  });
}

const UNDEFINED_TABLE = '42P01';

async function runPlan(
  locked: LockedRun,
  ways: Pick<RunContext, 'knex' | 'connections'>,
  history: History,
  plan: Plan & { batch: number },
): Promise<RunResult> {
  const { config, session, listener, result, applicationName, request } = locked;
  if (locked.batch === undefined) listener({ type: 'planned', plan });
  const steps = [...(await loadAll(plan, config, locked.loaded)).values()];
  // More may be loaded by now than when the connections were chosen.
  const { connections } = ways;
  const knex = ways.knex ?? (needsKnex(config, steps) ? await openKnex(session) : null);
  const searchPath = session.transactionPath();
  if (searchPath !== null) await refuseLostSearchPath(connections, searchPath, steps);
  const relay = new Relay(connections);
  const context: RunContext = {
    ...{
      knex,
      connections,
      relay,
      config,
      searchPath,
      listener,
      applicationName,
      runId: result.runId,
      signal: request.signal,
    },
    entry: entryOf({ config, searchPath, tables: history.tables }),
    oldTable: history.dbMigrate,
    ...{ tables: history.tables, direction: plan.direction, batch: plan.batch },
    bystander: session.client,
    connect: () => session.connect(),
  };
  const { beforeAll, afterAll } = config.migrations.hooks;
  if (knex) await beforeAll?.(knex, steps);
  const outcome = await runSteps(context, steps, locked.lock).finally(() => relay.close());
  if (knex && !outcome.failed) await afterAll?.(knex, steps);
  return { ...result, batch: plan.batch, ...outcome };
}

/** Only under the lock: before, the change may be one that another runner is still at work on. */
async function refuseUnfinished(client: ClientBase, { unfinished }: History): Promise<void> {
  const first = unfinished[0];
  if (first) throw unfinishedError(first, await findEvidence(client));
}

/** Knex's own runner is at work, or was killed at it: two runners must not overlap. */
function knexLockTaken(history: History): KnexwardError {
  return new KnexwardError('LOCKED', {
    message: `Knex's own lock (${history.tables.lock}) is taken: a "knex migrate" command is running, or was killed.`,
    fix: `Wait until it has finished. If none runs: ${commandLine('unlock')}`,
  });
}
