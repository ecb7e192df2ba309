import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { findMigrations } from '../files/find.js';
import { locateHistory } from '../history/locate.js';
import { readHistory } from '../history/read.js';
import { type Extent, type Plan } from '../plan/plan.js';
import { findEvidence } from '../history/evidence.js';
import { unfinishedError } from '../plan/unfinished.js';
import { type RunListener } from '../run/events.js';
import { foresee } from '../run/from-baseline.js';
import { type MigrationFailure } from '../failure/failure.js';
import { planFor } from '../plan/plan.js';
import { type RunResult } from '../run/result.js';
import { describeOutOfOrder, type OutOfOrder } from '../plan/out-of-order.js';
import { refuseOutOfOrder } from '../plan/out-of-order.js';
import { refuseRenamed } from '../run/renamed.js';
import { run } from '../run/run.js';
import { type ReplayOptions } from '../replay/replay.js';
import { throwIfStopped } from '../replay/stopped.js';
import { findSchemas } from '../throwaway/schemas.js';
import { type Shadow } from '../throwaway/shadow.js';
import { type Base, openBase, type RealDatabase } from './base.js';
import { readsData } from '../sql/reads-data.js';
import { Recorder, type Recording, type SentStatement } from './recorder.js';

/** What to rehearse. */
export interface RehearsalRequest extends ReplayOptions {
  direction: 'up' | 'down';
  extent?: Extent;
  onEmbedded?: (folder: string) => void;
  /** Told where the changes are rehearsed, before they are. */
  onRehearse?: (where: string, count: number) => void;
  /** Called with the shadow before the changes and after them. */
  onShadow?: (shadow: Shadow, moment: 'before' | 'after') => Promise<void>;
}

/** One change, and what it sends. */
export interface RehearsedChange {
  name: string;
  transaction: boolean;
  /** Whether what it sends may depend on data, which the shadow has only as migrations make it. */
  readsData: boolean;
  /** What else a person should know before this SQL is run. */
  warnings: string[];
  statements: SentStatement[];
  checksum: string | null;
  /** It ended its transaction itself (`COMMIT` in its SQL). */
  endsTransaction: boolean;
}

/** What a run would send, found out by running it in a shadow. */
export interface Rehearsal {
  environment: string;
  direction: 'up' | 'down';
  /** The batch that would be written or taken back; `null` where there is nothing to do. */
  batch: number | null;
  /** How the shadow was brought to the state of the database; `null` where none was needed. */
  base: Base['base'] | null;
  baseReason: string | null;
  shadow: string | null;
  /** In order; where one fails, those before it. */
  changes: RehearsedChange[];
  failed: MigrationFailure | null;
  notReached: string[];
  /** Where the database is empty: the baseline with which `up` would begin instead. */
  baseline: RunResult['baseline'] | null;
  /** The database as it was found. */
  real: Pick<RealDatabase, 'config' | 'history'>;
}

/**
 * Finds out what a run would send to the database, by running it in a shadow: the same changes,
 * through the same runner, on a database in the same state. The database itself is only read; the
 * rights of a role that may connect and read the history are enough. With nothing to do, no shadow
 * is opened.
 *
 * @throws KnexwardError as `run` does before it begins; `NO_SHADOW`, `REPLAY_FAILED`,
 * `SERVER_WIDE_CHANGE`, `INTERRUPTED`
 */
export async function rehearse(
  given: ResolvedConfig,
  request: RehearsalRequest,
): Promise<Rehearsal> {
  const { plan, baseline, late, ...real } = await readReal(given, request);
  const { config, history } = real;
  const { direction, batch } = plan;
  const nothing: Rehearsal = {
    ...{ environment: config.environment, direction, batch, baseline, real: { config, history } },
    ...{ base: null, baseReason: null, shadow: null, changes: [], failed: null, notReached: [] },
  };
  if (plan.steps.length === 0) return nothing;
  const { shadow, base, baseReason } = await openBase(real, request);
  try {
    request.onRehearse?.(shadow.description, plan.steps.length);
    await request.onShadow?.(shadow, 'before');
    const outcome = await runRecorded(shadow, plan, request);
    await request.onShadow?.(shadow, 'after');
    warnOf(late, outcome.changes);
    return { ...nothing, base, baseReason, shadow: shadow.description, ...outcome };
  } finally {
    await shadow.close();
  }
}

/** What the database is to get. */
interface Found {
  plan: Plan;
  baseline: Rehearsal['baseline'];
  late: OutOfOrder[];
}

async function readReal(
  given: ResolvedConfig,
  { direction, extent = {}, onEmbedded, listener = () => undefined }: RehearsalRequest,
): Promise<RealDatabase & Found> {
  const session = await openSession(given, onEmbedded ? { onEmbedded } : {});
  try {
    const config = await locateHistory(session.client, given);
    const history = await readHistory(session.client, config);
    const schemas = await findSchemas(session.client, config, history.tables.schema);
    const files = await findMigrations(config);
    const plan = planFor({ direction, extent }, files, history);
    // What an unfinished change has left in the database is not known, and no shadow has it.
    const [unfinished] = history.unfinished;
    if (unfinished) throw unfinishedError(unfinished, await findEvidence(session.client));
    await refuseRenamed(session.client, files, history, plan);
    const late = refuseOutOfOrder(config, files, history, plan);
    const request = { direction, extent };
    const baseline = await foresee({ config, request, session, files, history, plan, listener });
    return { config, history, schemas, plan, baseline, late };
  } finally {
    await session.close();
  }
}

/** What comes before an applied migration is told with the change. */
function warnOf(late: readonly OutOfOrder[], changes: readonly RehearsedChange[]): void {
  for (const change of changes) {
    const found = late.find(({ name }) => name === change.name);
    if (found) change.warnings.push(describeOutOfOrder(found));
  }
}

type Outcome = Pick<Rehearsal, 'changes' | 'failed' | 'notReached'>;

async function runRecorded(
  shadow: Shadow,
  plan: Plan,
  { listener, signal }: RehearsalRequest,
): Promise<Outcome> {
  const recorder = new Recorder();
  const ended = new Set<string>();
  const listen: RunListener = (event) => {
    if (event.type === 'warned' && event.code === 'ENDED_ITS_TRANSACTION') ended.add(event.name);
    listener?.(event);
  };
  const { failed, notReached } = await run(recorded(shadow.config, recorder), {
    direction: plan.direction,
    extent: { only: plan.steps.map(({ name }) => name) },
    files: plan.steps,
    observer: {
      begins: (migration) => recorder.begin(migration),
      ends: () => recorder.end(),
    },
    listener: listen,
    signal,
  });
  throwIfStopped(failed);
  const changes = recorder.recordings
    .filter(({ migration }) => migration.name !== failed?.name)
    .map((recording) => describe(recording, ended));
  return { changes, failed, notReached };
}

/** With a hook, each change runs on Knex, where it can be listened to. */
function recorded(config: ResolvedConfig, recorder: Recorder): ResolvedConfig {
  const { hooks } = config.migrations;
  return {
    ...config,
    onKnex: (knex) => {
      config.onKnex?.(knex);
      recorder.watch(knex);
    },
    migrations: {
      ...config.migrations,
      hooks: { ...hooks, beforeEach: hooks.beforeEach ?? (() => undefined) },
    },
  };
}

function describe(
  { migration, statements }: Recording,
  ended: ReadonlySet<string>,
): RehearsedChange {
  const { name, transaction, checksum, format } = migration;
  // No code looks at what a SQL file is answered.
  const looks = statements.filter(({ returnsRows }) => returnsRows && format !== 'sql');
  return {
    ...{ name, transaction, checksum, statements },
    readsData: looks.some(({ sql }) => readsData(sql)),
    warnings: warningsOf(statements),
    endsTransaction: ended.has(name),
  };
}

function warningsOf(statements: readonly SentStatement[]): string[] {
  const refused = statements.filter(({ refused }) => refused !== null);
  const several = new Set(statements.map(({ connection }) => connection)).size > 1;
  return [
    ...(refused.length > 0
      ? [
          `${refused.length} of its statements were refused (SQLSTATE ${refused[0]?.refused}), and it went on: they are left out of the SQL file`,
        ]
      : []),
    ...(several
      ? [
          'it sends statements over several connections: here they are in the order in which they were sent',
        ]
      : []),
    ...(statements.some(({ streamed }) => streamed)
      ? ['it streams data beside a COPY: the data is not known here']
      : []),
  ];
}
