import { type ConfigRequest, type DatabaseInUse, type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { diagnose } from '../doctor/diagnose.js';
import { type Looked } from '../doctor/facts.js';
import { KnexwardError } from '../errors.js';
import { findMigrations } from '../files/find.js';
import { locateHistory } from '../history/locate.js';
import { readHistory } from '../history/read.js';
import { type RecordedChange, readRecordedChanges } from '../history/recorded-changes.js';
import { lookCloser } from '../maintain/status.js';
import { orderPolicyOf } from '../plan/out-of-order.js';
import { type Status, statusOf } from '../plan/status.js';
import { terminated, withValues } from '../rehearsal/bound-values.js';
import { rehearse, type RehearsedChange } from '../rehearsal/rehearse.js';
import { notesOn } from '../rehearsal/script.js';
import { type ReplayOptions } from '../replay/replay.js';
import { type Catalog } from '../schema/catalog/model.js';
import { readSchema } from '../schema/read-schema.js';
import { redact } from '../secrets.js';
import { type Shadow } from '../throwaway/shadow.js';
import { verify } from '../verify/verify.js';
import {
  type AppliedMigration,
  type Report,
  type ReportedChange,
  type ReportedPlan,
} from './model.js';
import { type BeforeAndAfter, tablesOf } from './tables.js';

/** The options of a replay, the project, and callbacks for progress. */
export interface GatherOptions extends ReplayOptions {
  /** What the configuration was resolved from. The checks of `doctor` resolve it themselves. */
  project: ConfigRequest;
  onEmbedded?: (folder: string) => void;
  onRehearse?: (where: string, count: number) => void;
}

/**
 * Gathers the data of a report: history, plan, drift, checks and tables. It only reads the database. If a part
 * cannot be found out (there is no temporary database, a replay fails), the report has the error in its place.
 *
 * @throws KnexwardError as `status`, if there is no connection or the history cannot be read; `INTERRUPTED`
 */
export async function gatherReport(given: ResolvedConfig, options: GatherOptions): Promise<Report> {
  const { status, catalog, ...read } = await readDatabase(given, options);
  const pending =
    status.pending.length > 0 ? await rehearsePending(given, options) : NOTHING_PENDING;
  const drift = await orFailure(() => verify(given, options));
  const { checks } = await diagnose(options.project);
  return masked({
    environment: given.environment,
    production: given.production,
    database: read.database,
    madeAt: read.madeAt,
    postgres: read.postgres,
    applied: read.applied,
    hasJournal: read.hasJournal,
    pending: status.pending,
    plan: pending.plan,
    drift,
    checks,
    schema: tablesOf(catalog, pending.catalogs),
  });
}

/** What the project's own database says. */
interface DatabaseState {
  database: DatabaseInUse;
  madeAt: string;
  postgres: string;
  status: Status;
  applied: AppliedMigration[];
  hasJournal: boolean;
  catalog: Catalog;
}

async function readDatabase(given: ResolvedConfig, options: GatherOptions): Promise<DatabaseState> {
  const { onEmbedded } = options;
  const session = await openSession(given, onEmbedded ? { onEmbedded } : {});
  const { client } = session;
  const used: DatabaseInUse[] = [];
  const watched: ResolvedConfig = {
    ...given,
    onDatabase: (database) => {
      used.push(database);
      given.onDatabase?.(database);
    },
  };
  try {
    const config = await locateHistory(client, watched);
    const files = await findMigrations(config);
    const history = await readHistory(client, config);
    const evidence = await lookCloser(client, files, history);
    const status = statusOf(config.environment, files, history, evidence, orderPolicyOf(config));
    const recorded = history.complete
      ? await readRecordedChanges(client, history.tables)
      : new Map<string, RecordedChange>();
    const { rows } = await client.query<{ now: Date; version: string }>(
      "select now(), current_setting('server_version') as version",
    );
    return {
      database: used[0] as DatabaseInUse,
      madeAt: (rows[0]?.now ?? new Date()).toISOString(),
      postgres: rows[0]?.version ?? '',
      status,
      applied: status.applied.map((row) => ({ ...row, recorded: recorded.get(row.name) ?? null })),
      hasJournal: history.complete,
      catalog: await readSchema(config, client),
    };
  } finally {
    await session.close();
  }
}

interface PendingFacts {
  plan: Looked<ReportedPlan>;
  /** The schema before and after the rehearsal; `null` if it did not come to its end. */
  catalogs: BeforeAndAfter | null;
}

const NOTHING_PENDING: PendingFacts = {
  plan: {
    value: {
      batch: null,
      base: null,
      baseReason: null,
      shadow: null,
      changes: [],
      failed: null,
      notReached: [],
      baseline: null,
    },
  },
  catalogs: null,
};

async function rehearsePending(
  given: ResolvedConfig,
  options: GatherOptions,
): Promise<PendingFacts> {
  const catalogs: Partial<BeforeAndAfter> = {};
  const onShadow = async (shadow: Shadow, moment: 'before' | 'after'): Promise<void> => {
    catalogs[moment] = await catalogOf(shadow);
  };
  const plan = await orFailure(async (): Promise<ReportedPlan> => {
    const rehearsal = await rehearse(given, { ...options, direction: 'up', onShadow });
    const { batch, base, baseReason, shadow, failed, notReached, baseline } = rehearsal;
    const changes = rehearsal.changes.map(reportedChange);
    return { batch, base, baseReason, shadow, failed, notReached, baseline, changes };
  });
  const { before, after } = catalogs;
  return { plan, catalogs: before && after ? { before, after } : null };
}

/** Puts values into the SQL before masking it: the text around a secret is what shows that it is one. */
function reportedChange(change: RehearsedChange): ReportedChange {
  return {
    name: change.name,
    transaction: change.transaction,
    notes: notesOn(change),
    statements: change.statements.map(({ sql, bindings, refused }) => ({
      sql: terminated(redact(withValues(sql, bindings)).trim()),
      refused,
    })),
  };
}

async function catalogOf({ config }: Shadow): Promise<Catalog> {
  const session = await openSession(config);
  try {
    const located = await locateHistory(session.client, config);
    return await readSchema(located, session.client);
  } finally {
    await session.close();
  }
}

/** The result, or the error if it is one that has a message for the user. */
async function orFailure<T>(work: () => Promise<T>): Promise<Looked<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof KnexwardError) || error.code === 'INTERRUPTED') throw error;
    const { code, message, fix, exitCode } = error;
    return { failed: { code, message, fix, exitCode } };
  }
}

/** Masks secrets in every string, because a report is handed on. */
function masked<T>(value: T): T {
  if (typeof value === 'string') return redact(value) as T;
  if (Array.isArray(value)) return value.map(masked) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, masked(part)])) as T;
}
