import { commandLine } from '../command-line.js';
import { type FittingBaseline, judgeBaseline } from '../baseline/fitness.js';
import { beginLoading, FIRST_BATCH, lineOf, loadBaseline } from '../baseline/load.js';
import { closeAtOnce, closeInTime } from '../database/raw-connection.js';
import { KnexwardError } from '../errors.js';
import { type LoadedMigration } from '../files/load.js';
import { isNotWritten, rowNotWritten } from '../history/not-written.js';
import { type Plan } from '../plan/plan.js';
import { serverErrorIn } from '../server-error.js';
import { type LockedRun, type PlannedRun } from './carry-out.js';
import { Confirmation, findOutcome, type Question } from '../transaction/confirmation.js';
import { describeFailure, type FailedEnd, type MigrationFailure } from '../failure/failure.js';
import { refuseInterrupted, untilInterrupted } from '../transaction/interruption.js';
import { type RunRequest } from './request.js';
import { type RunResult } from './result.js';

/** How a run on an empty database begins: with a baseline, and what is left after it. */
export interface Beginning extends FittingBaseline {
  /** What the baseline does not stand for. */
  rest: Plan;
}

/** What a run is about, as far as it decides whether it may begin with a baseline. */
export type Asked = Pick<
  PlannedRun,
  'config' | 'request' | 'session' | 'files' | 'history' | 'plan'
> &
  Pick<PlannedRun, 'listener'>;

/**
 * Finds out whether a run may begin with the project's baseline. Where there is one that cannot be
 * used on this empty database, the listener is told why, and everything is replayed.
 */
export async function findBeginning(asked: Asked): Promise<Beginning | null> {
  const { config, session, files, history, plan, listener } = asked;
  if (!isPlain(asked)) return null;
  const judged = await judgeBaseline({ config, client: session.client, files, history });
  if (judged === null) return null;
  if ('reason' in judged) {
    listener({ type: 'baselineUnfit', file: judged.place.name, reason: judged.reason });
    return null;
  }
  const count = judged.baseline.migrations.length;
  // It ends before the baseline does.
  if (plan.steps.length < count) return null;
  return { ...judged, rest: { ...plan, steps: plan.steps.slice(count) } };
}

/** What a run would begin with, for those who only want to know; `null` where with nothing. */
export async function foresee(asked: Asked): Promise<NonNullable<RunResult['baseline']> | null> {
  const beginning = await findBeginning(asked);
  if (!beginning) return null;
  const migrations = beginning.baseline.migrations.length;
  return { file: beginning.place.name, migrations, durationMs: 0 };
}

/** Whether a run goes up from nothing, through all that the configuration leads to. */
function isPlain({ config, request, history }: Asked): boolean {
  return (
    request.direction === 'up' &&
    request.baseline !== false &&
    request.files === undefined &&
    request.extent?.only === undefined &&
    !request.extent?.alone &&
    config.migrations.scope === null &&
    history.rows.length + history.unfinished.length === 0 &&
    history.dbMigrate === null
  );
}

/** What a run has done that began with a baseline. */
export interface Begun {
  batch: number;
  done: RunResult['done'];
  failed: MigrationFailure | null;
  baseline: NonNullable<RunResult['baseline']>;
  /** What is still asked for. */
  request: RunRequest;
}

/**
 * Loads a baseline: schema, data, history and journal in one transaction, behind the same fence as
 * any change. The caller holds the lock.
 *
 * @returns `null` where the database turned out to be no longer empty: nothing was done then
 * @throws KnexwardError `LOCKED` where Knex holds its own lock, `LOCK_LOST`
 */
export async function begin(run: LockedRun, beginning: Beginning): Promise<Begun | null> {
  const { config, session, request, history, listener, plan, lock, result } = run;
  const { tables } = history;
  const { place, baseline } = beginning;
  refuseInterrupted(request.signal);
  lock.check();
  listener({ type: 'planned', plan: { ...plan, batch: FIRST_BATCH } });
  const names = baseline.migrations.map(({ name }) => name);
  const { count } = request.extent ?? {};
  const left =
    count === undefined ? {} : { extent: { ...request.extent, count: count - names.length } };
  const started = performance.now();
  const begun = (done: Begun['done'], failed: Begun['failed']): Begun => ({
    ...{ batch: FIRST_BATCH, done, failed, request: { ...request, ...left } },
    baseline: {
      ...{ file: place.name, migrations: done.length },
      durationMs: performance.now() - started,
    },
  });
  const connection = await session.connect();
  let seen: Question['seen'] | null = null;
  try {
    seen = await untilInterrupted(() => beginLoading(connection, config, tables), request.signal);
    if (seen === null) return null;
    await untilInterrupted(
      () => loadBaseline(connection, { tables, runId: result.runId }, beginning),
      request.signal,
    );
  } catch (error) {
    closeAtOnce(connection);
    if (isBusy(error)) return null;
    if (seen === null && error instanceof KnexwardError) throw error;
    const reason = isNotWritten(error) ? rowNotWritten() : error;
    const ended = await whatBecame(run, names, seen, reason);
    if (ended) {
      const failure = describe(ended, beginning);
      listener({ type: 'failed', failure });
      return begun([], failure);
    }
  } finally {
    // Whatever is still open goes with the connection.
    await closeInTime(connection);
  }
  const outcome = begun(
    names.map((name) => ({ name, durationMs: 0 })),
    null,
  );
  const { durationMs } = outcome.baseline;
  listener({ type: 'baseline', file: place.name, migrations: names, durationMs });
  return outcome;
}

function describe(ended: FailedEnd, { place }: FittingBaseline): MigrationFailure {
  const { error } = ended;
  const file: LoadedMigration = {
    ...{ name: place.name, path: place.path, format: 'sql', transaction: true },
    ...{ up: () => undefined, down: null, direct: null, checksum: null },
  };
  const failure = describeFailure(ended, file, 'load');
  const first = lineOf(error);
  if (failure.code !== 'MIGRATION_FAILED') return failure;
  const way = `Or apply the migrations themselves: ${commandLine('up', '--no-baseline')}`;
  return {
    ...failure,
    line: first === undefined ? failure.line : first + (failure.line ?? 1) - 1,
    fix: failure.fix === null ? way : `${failure.fix} ${way}`,
  };
}

/** A lock not had in time, a deadlock: somebody else is at work in the database. */
function isBusy(error: unknown): boolean {
  return ['55P03', '40P01'].includes(serverErrorIn(error)?.code ?? '');
}

/** How the loading ended that was cut off: `null` where the server has committed it all the same. */
async function whatBecame(
  { control, history: { tables }, result: { runId } }: LockedRun,
  [name = '']: readonly string[],
  seen: Question['seen'] | null,
  error: unknown,
): Promise<FailedEnd | null> {
  if (seen === null) return { state: 'rolled back', error };
  try {
    const found = await findOutcome(control, { tables, runId, name, direction: 'up', seen });
    if (found instanceof Confirmation) return null;
    return { state: found, error };
  } catch {
    return { state: 'unknown', error };
  }
}
