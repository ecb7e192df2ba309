import { randomUUID } from 'node:crypto';
import { type Knex } from 'knex';
import { type ResolvedConfig } from '../config/resolve.js';
import { withRawConnection } from '../database/raw-connection.js';
import { openSession, type Session } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { findMigrations, type Migration } from '../files/find.js';
import { loadMigration, type LoadedMigration } from '../files/load.js';
import { writeJournal } from '../history/journal.js';
import { type History, readHistory } from '../history/read.js';
import { createTables } from '../history/write.js';
import { type Extent, type Plan, planDown, planUp } from '../plan/plan.js';
import { rememberStatement } from '../statement.js';
import { applyChange, functionOf, type RunContext } from './apply.js';
import { type RunListener } from './events.js';
import { describeFailure } from './failure.js';
import { acquireLock, type RunLock } from './lock.js';
import { type RunResult } from './result.js';

/** What to run. */
export interface RunRequest {
  direction: 'up' | 'down';
  extent?: Extent;
  /** Plan only: nothing is created, locked or run. */
  dryRun?: boolean;
  /** Asked with the plan before anything is changed; throws to stop. */
  confirm?: (plan: Plan) => Promise<void>;
  listener?: RunListener;
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
export async function run(config: ResolvedConfig, request: RunRequest): Promise<RunResult> {
  const listener = request.listener ?? (() => undefined);
  const session = await openSession(config, {
    onEmbedded: (folder) => listener({ type: 'embedded', folder }),
  });
  try {
    const files = await findMigrations(config);
    const history = await readHistory(session.client, config);
    const plan = planFor(request, files, history);
    const result = emptyResult(config, request, plan);
    if (plan.steps.length === 0 || request.dryRun) return result;
    await request.confirm?.(plan);
    const loaded = await loadAll(plan, config, new Map());
    const { waitForLock } = config.settings;
    const lock = await acquireLock(session.client, history.tables, waitForLock, (holder) =>
      listener({ type: 'waiting', holder }),
    );
    try {
      return await runLocked({ config, request, session, files, loaded, lock, listener, result });
    } finally {
      await lock.release();
    }
  } finally {
    await session.close();
  }
}

function planFor(request: RunRequest, files: readonly Migration[], history: History): Plan {
  const { direction, extent = {} } = request;
  refuseUnadopted(history);
  return direction === 'up' ? planUp(files, history, extent) : planDown(files, history, extent);
}

function refuseUnadopted({ dbMigrate, tables }: History): void {
  if (!dbMigrate || dbMigrate.unadopted === 0) return;
  const { schema, table } = tables.dbMigrate;
  throw new KnexwardError('NOT_ADOPTED', {
    message: `${dbMigrate.unadopted} of ${dbMigrate.rows} rows of db-migrate's history (${schema}.${table}) are not carried over yet; running now could apply them a second time.`,
    fix: 'Run "knexward adopt" (in further environments: "knexward adopt --database-only").',
  });
}

/** Only under the lock: before, the change may be one that another runner is still at work on. */
function refuseUnfinished({ unfinished }: History): void {
  const first = unfinished[0];
  if (!first) return;
  throw new KnexwardError('UNFINISHED', {
    message: `${first.name} was started at ${first.startedAt} by ${first.actor}, outside a transaction, and its end is not recorded.`,
    fix: `See what it did, then: knexward resolve ${first.name} --applied (or --reverted)`,
  });
}

function emptyResult(config: ResolvedConfig, request: RunRequest, plan: Plan): RunResult {
  const dryRun = request.dryRun ?? false;
  return {
    runId: randomUUID(),
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
}

async function runLocked(locked: LockedRun): Promise<RunResult> {
  const { config, request, session, files, loaded, listener, result } = locked;
  const knex = await session.knex();
  knex.on('query-error', (error: unknown, query: { sql: string; bindings?: unknown[] }) =>
    rememberStatement(error, { sql: query.sql, bindings: query.bindings ?? [] }),
  );
  const history = await withRawConnection(knex, async (connection) => {
    const before = await readHistory(connection, config);
    refuseKnexLock(before);
    refuseUnfinished(before);
    if (!before.complete) await createTables(connection, before.tables);
    return before;
  });
  const plan = planFor(request, files, history);
  if (plan.batch === null) return { ...result, batch: null };
  listener({ type: 'planned', plan });
  const steps = [...(await loadAll(plan, config, loaded)).values()];
  const context: RunContext = {
    ...{ knex, config, listener, runId: result.runId },
    ...{ tables: history.tables, direction: plan.direction, batch: plan.batch },
  };
  const { hooks } = config.migrations;
  await hooks.beforeAll?.(knex, steps);
  const outcome = await runSteps(context, steps, locked.lock);
  if (!outcome.failed) await hooks.afterAll?.(knex, steps);
  return { ...result, batch: plan.batch, ...outcome };
}

/** Knex's own runner is at work, or was killed at it: two runners must not overlap. */
function refuseKnexLock(history: History): void {
  if (!history.knexLocked) return;
  throw new KnexwardError('LOCKED', {
    message: `Knex's own lock (${history.tables.lock}) is taken: a "knex migrate" command is running, or was killed.`,
    fix: 'Wait until it has finished. If none runs: knex migrate:unlock',
  });
}

type Outcome = Pick<RunResult, 'done' | 'failed' | 'notReached'>;

async function runSteps(
  context: RunContext,
  steps: readonly LoadedMigration[],
  lock: RunLock,
): Promise<Outcome> {
  const done: Outcome['done'] = [];
  for (const [index, migration] of steps.entries()) {
    const { name } = migration;
    context.listener({ type: 'started', name, index, total: steps.length });
    try {
      lock.check();
      const outcome = await applyChange(context, migration);
      if (!outcome.done) continue;
      done.push({ name, durationMs: outcome.durationMs });
      context.listener({ type: 'done', name, durationMs: outcome.durationMs });
    } catch (error) {
      const failed = describeFailure(error, migration, context.direction);
      context.listener({ type: 'failed', failure: failed });
      await recordFailure(context, migration, failed.message, failed.sqlstate, context.knex);
      const notReached = steps.slice(index + 1).map((step) => step.name);
      return { done, failed, notReached };
    }
  }
  return { done, failed: null, notReached: [] };
}

/** The journal remembers the failure; where it cannot be reached any more, the report has it. */
async function recordFailure(
  context: RunContext,
  migration: LoadedMigration,
  message: string,
  sqlstate: string | null,
  knex: Knex,
): Promise<void> {
  const { tables, runId, batch, direction } = context;
  const { name, checksum } = migration;
  const details = { direction, message, sqlstate };
  await withRawConnection(knex, (connection) =>
    writeJournal(connection, tables, {
      ...{ runId, event: 'failed', migration: name, batch, checksum, details },
    }),
  ).catch(() => undefined);
}
