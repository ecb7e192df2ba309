import { commandLine } from '../command-line.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { type ChangeConnections } from '../database/change-connections.js';
import { watchProcessConnections } from '../database/process-connections.js';
import { type Session } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { type ChangedFile } from '../files/changed.js';
import { type Migration } from '../files/find.js';
import { loadMigration, type LoadedMigration } from '../files/load.js';
import { findEvidence } from '../history/evidence.js';
import { runNumber } from '../history/knex-lock.js';
import { type History, readHistory } from '../history/read.js';
import { type Plan, planFor } from '../plan/plan.js';
import { unfinishedError } from '../plan/unfinished.js';
import { rememberStatement } from '../statement.js';
import { ControlConnection } from '../transaction/control-connection.js';
import { type RunListener } from './events.js';
import { type Begun } from './from-baseline.js';
import { withHooks } from './hooks.js';
import { refuseInterrupted, untilInterrupted } from '../transaction/interruption.js';
import { type RunContext } from './context.js';
import { describeOutOfOrder, refuseOutOfOrder } from '../plan/out-of-order.js';
import { acquireLock, type RunLock } from '../transaction/runners-lock.js';
import { withKnexLockedOut } from './knex-locked-out.js';
import { needsKnex } from './needs-knex.js';
import { type RunRequest } from './request.js';
import { type RunResult } from './result.js';
import { refuseRenamed } from './renamed.js';
import { refuseLostSearchPath } from './search-path.js';
import { runSteps } from './steps.js';
import { Patience } from '../transaction/patience.js';
import { Transactions } from '../transaction/transactions.js';

/** A run that has something to do, as far as it could be planned without the lock. */
export interface PlannedRun {
  config: ResolvedConfig;
  request: RunRequest;
  session: Session;
  files: readonly Migration[];
  history: History;
  /** The files that were edited since they were applied, among the newest. */
  changed: readonly ChangedFile[];
  plan: Plan;
  listener: RunListener;
  /** What it comes to if nothing is done. */
  result: RunResult;
  /** What the run's connections are called on the server. */
  applicationName: string;
}

/** A run that holds the lock. */
export interface LockedRun extends PlannedRun {
  lock: RunLock;
  control: ControlConnection;
  patience: Patience;
  loaded: Loaded;
}

type Loaded = Map<string, LoadedMigration>;

/**
 * Carries out what was planned: loads the files, takes the lock, plans again (the runner that held
 * the lock before may have done it all), and runs one change after the other.
 *
 * @throws KnexwardError what `run` throws once there is something to do
 */
export async function carryOut(planned: PlannedRun): Promise<RunResult> {
  const { config, request, session, history, plan, listener, applicationName } = planned;
  const { signal } = request;
  // An empty database may begin with a baseline: then what that stands for is not even loaded.
  const mayBegin = plan.direction === 'up' && history.rows.length === 0;
  const fromBaseline = mayBegin ? await import('./from-baseline.js') : null;
  const beginning = (await fromBaseline?.findBeginning(planned)) ?? null;
  const loaded = await loadAll(beginning?.rest ?? plan, planned, new Map());
  // What is confirmed is what was read: a file that is edited during the question does not count.
  if (plan.steps.length > 0) await request.confirm?.(plan);
  refuseInterrupted(signal);
  const lock = await untilInterrupted(
    () =>
      acquireLock(session.client, history.tables, {
        waitMs: config.settings.waitForLock,
        onWaiting: (holder) => listener({ type: 'waiting', holder }),
        signal,
      }),
    signal,
  );
  const patience = new Patience(signal);
  const control = new ControlConnection(() => session.connect(), applicationName, patience);
  const locked = { ...planned, lock, control, patience, loaded };
  try {
    const begun = beginning && ((await fromBaseline?.begin(locked, beginning)) ?? null);
    return await (begun ? goOn(locked, begun) : runLocked(locked, null));
  } finally {
    await Promise.all([control.close(), lock.release()]);
    patience.close();
  }
}

/** After a baseline: what it does not stand for, in the same batch. */
async function goOn(
  locked: LockedRun,
  { done, failed, baseline, request, batch }: Begun,
): Promise<RunResult> {
  const { result, plan } = locked;
  const begun = { ...result, batch, done, failed, baseline };
  const left = plan.steps.slice(done.length);
  if (failed) return { ...begun, notReached: left.map(({ name }) => name) };
  if (left.length === 0) return begun;
  const rest = await runLocked({ ...locked, request }, batch);
  return { ...rest, batch, done: [...done, ...rest.done], baseline };
}

/** Every file is loaded before the first one runs, so that a broken one changes nothing. */
async function loadAll(
  plan: Plan,
  { config, request }: Pick<PlannedRun, 'config' | 'request'>,
  known: Loaded,
): Promise<Loaded> {
  const { load = loadMigration } = request;
  const loaded: Loaded = new Map();
  for (const step of plan.steps) {
    const migration = known.get(step.name) ?? (await load(step, config));
    refuseWithoutWay(migration, plan.direction);
    loaded.set(step.name, migration);
  }
  return loaded;
}

/** @throws KnexwardError `INVALID_MIGRATION` where the migration has no such direction. */
function refuseWithoutWay(migration: LoadedMigration, direction: 'up' | 'down'): void {
  if (migration[direction]) return;
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `The migration ${migration.path ?? migration.name} has no "down": it cannot be reverted.`,
    fix: 'Add one to the file, then run the command again. Nothing was reverted.',
  });
}

/** @param batch the batch that the run has begun already, or `null` */
async function runLocked(locked: LockedRun, batch: number | null): Promise<RunResult> {
  const { lock, request, result } = locked;
  // Whoever was waited for has done it all, as a rule: then nothing is written for that.
  if (lock.waited && (await isNothingLeft(locked))) return { ...result, batch: null };
  return withKnexLockedOut(locked, async (history) => {
    const [unfinished] = history.unfinished;
    if (unfinished) {
      const evidence = await locked.control.use((client) => findEvidence(client));
      throw unfinishedError(unfinished, evidence);
    }
    const plan = planFor(request, locked.files, history);
    refuseOtherPlan(locked, plan);
    if (request.files === undefined) await refuseWrongFiles(locked, history, plan);
    if (plan.batch === null) return { ...result, batch: null };
    return runPlan(locked, history, { ...plan, batch: batch ?? plan.batch }, batch === null);
  });
}

async function isNothingLeft({ control, config, request, files }: LockedRun): Promise<boolean> {
  const history = await control.use((client) => readHistory(client, config));
  if (!history.complete || history.knexLock !== 'free' || history.unfinished.length > 0)
    return false;
  return planFor(request, files, history).steps.length === 0;
}

/**
 * What was shown, or asked about, is what runs: no more than that, and in that order. What another
 * run has done meanwhile may be missing.
 *
 * @throws KnexwardError `PLAN_CHANGED`
 */
function refuseOtherPlan({ plan: shown, request }: LockedRun, { steps }: Plan): void {
  // All that is pending may have become more while a run waited; that is what it was asked for.
  if (shown.direction === 'up' && !request.confirm) return;
  const names = shown.steps.map(({ name }) => name);
  const places = steps.map(({ name }) => names.indexOf(name));
  if (places.every((place, index) => place > (places[index - 1] ?? -1))) return;
  const verb = shown.direction === 'up' ? 'apply' : 'revert';
  throw new KnexwardError('PLAN_CHANGED', {
    message: `Another run has changed the history meanwhile: this one was to ${verb} ${names.join(', ')}, and would now ${verb} ${steps.map(({ name }) => name).join(', ')}. Nothing was changed.`,
    fix: `See where things stand ("${commandLine('status')}"), then run the command again if it is still needed.`,
  });
}

/**
 * Another run may have applied something meanwhile, of a newer release or of an older one.
 *
 * @throws KnexwardError `RENAMED_FILE`, `OUT_OF_ORDER`
 */
async function refuseWrongFiles(
  { config, control, files, listener }: LockedRun,
  history: History,
  plan: Plan,
): Promise<void> {
  await control.use((client) => refuseRenamed(client, files, history, plan));
  for (const found of refuseOutOfOrder(config, files, history, plan)) {
    const message = describeOutOfOrder(found);
    listener({ type: 'warned', name: found.name, code: 'OUT_OF_ORDER', message });
  }
}

async function runPlan(
  locked: LockedRun,
  { tables, dbMigrate }: History,
  plan: Plan & { batch: number },
  isFirst: boolean,
): Promise<RunResult> {
  const { config, session, listener, result, request, control, lock, changed } = locked;
  if (isFirst) listener({ type: 'planned', plan });
  const steps = [...(await loadAll(plan, locked, locked.loaded)).values()];
  const connections = await connectionsFor(session, config, steps);
  const searchPath = session.transactionPath();
  if (searchPath !== null) await refuseLostSearchPath(connections, searchPath, steps);
  const transactions = new Transactions(connections, locked.patience);
  const run: RunContext = {
    recording: {
      ...{ tables, oldTable: dbMigrate, runId: result.runId },
      ...{ direction: plan.direction, batch: plan.batch },
    },
    opening: { config, searchPath, tables, sessions: session.changeSessions() },
    lockNumber: runNumber(result.runId),
    reporting: { listener, signal: request.signal, observer: request.observer },
    processConnections: watchProcessConnections(session.client),
    ...{ config, connections, transactions, control, changed },
  };
  const outcome = await withHooks(run, steps, lock, () =>
    runSteps(run, steps, lock).finally(() => transactions.close()),
  ).finally(() => {
    if (request.signal?.aborted) connections.sever();
  });
  return { ...result, batch: plan.batch, ...outcome };
}

/** Where no change is written for it, Knex is not even loaded. */
async function connectionsFor(
  session: Session,
  config: ResolvedConfig,
  steps: readonly LoadedMigration[],
): Promise<ChangeConnections> {
  const connections = await session.forChanges(needsKnex(config, steps), {
    pipeline: !config.confinement && steps.every(({ sql }) => sql),
  });
  // A server that has no connection left is not a failure of the first migration.
  await connections.release(await connections.acquire());
  connections.knex?.on(
    'query-error',
    (error: unknown, query: { sql: string; bindings?: unknown[] }) =>
      rememberStatement(error, { sql: query.sql, bindings: query.bindings ?? [] }),
  );
  return connections;
}
