import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { type ConfigRequest, type ResolvedConfig } from '../config/resolve.js';
import { openSession, type Session } from '../database/session.js';
import { findMigrations, type Migration } from '../files/find.js';
import { readHistory } from '../history/read.js';
import { type LockHolder } from '../run/events.js';
import { adoptionConfig } from './adoption-config.js';
import { carryHistoryOver } from './carry-over.js';
import { type FileAction, planFiles } from './files.js';
import { findImplicitDependencies } from './implicit-dependencies.js';
import { checkTimeZone, ownTimeZone, readOldHistory } from './inspect-database.js';
import { type AdoptedRow, type HistoryPlan, planHistory, type Warning } from './plan.js';
import { inspectProject, type ProjectHints } from './project.js';

/** What to take over, and how. */
export interface AdoptRequest extends ConfigRequest, ProjectHints {
  /** The schema of db-migrate's table, where the configuration does not say. */
  schema?: string | undefined;
  /** The zone that db-migrate's zone-less times are in; this process's own unless given. */
  timeZone?: string | undefined;
  /** Carry the history over and leave the project's files alone. */
  databaseOnly?: boolean | undefined;
  dryRun?: boolean | undefined;
  /** Asked with the plan before anything is changed; throws to stop. */
  confirm?: (plan: Adoption) => Promise<void>;
  onWaiting?: (holder: LockHolder | null) => void;
}

/** A takeover: what it would do, or what it did. */
export interface Adoption {
  environment: string;
  dryRun: boolean;
  timeZone: string;
  /** The table that the history comes from, or `null` where the database has none. */
  source: string | null;
  history: AdoptedRow[];
  adopted: number;
  alreadyAdopted: number;
  files: FileAction[];
  warnings: Warning[];
  /** Whether the rows were compared one by one with the old ones before they were committed. */
  verified: boolean;
}

/**
 * Takes a project over from db-migrate: inspects folder and database, plans, asks, carries the
 * history over in one transaction, then sets the files. Repeating it does nothing that is done,
 * and picks up rows that came in meanwhile.
 *
 * @throws KnexwardError for anything that is wrong with folder, database or answer; nothing has
 * been changed then.
 */
export async function adopt(request: AdoptRequest): Promise<Adoption> {
  const timeZone = checkTimeZone(request.timeZone ?? ownTimeZone());
  const root = resolve(request.cwd ?? process.cwd());
  const project = await inspectProject(root, request);
  const config = await adoptionConfig(project, { ...request, cwd: root }, request);
  const migrations = await findMigrations(config);
  const session = await openSession(config);
  try {
    const found = await inspect(session, config, migrations, timeZone);
    const files = request.databaseOnly
      ? { actions: [], warnings: [] }
      : planFiles(project, {
          rowsWithoutFiles: found.rowsWithoutFiles,
          schema: config.settings.dbMigrate.schema,
          environment: config.environment,
        });
    const implicit = findImplicitDependencies(migrations, project.packageJson);
    const planned: Adoption = {
      environment: config.environment,
      dryRun: request.dryRun ?? false,
      timeZone,
      source: found.source,
      history: found.plan.rows,
      adopted: 0,
      alreadyAdopted: found.plan.alreadyAdopted,
      files: files.actions,
      warnings: [...found.plan.warnings, ...files.warnings, ...implicit],
      verified: false,
    };
    if (planned.dryRun) return planned;
    const changes = planned.history.length > 0 || files.actions.some(({ apply }) => apply);
    if (changes) await request.confirm?.(planned);
    const done = await carryOver(request, session, config, migrations, planned);
    for (const { apply } of files.actions) await apply?.();
    return done;
  } finally {
    await session.close();
  }
}

/**
 * Carries the history over for a project whose configuration is known, with everything as it is by
 * default, and without asking: what `adopt: "auto"` in a knexfile stands for.
 */
export async function adoptDatabase(config: ResolvedConfig): Promise<HistoryPlan> {
  const session = await openSession(config);
  try {
    return await carryHistoryOver({
      client: session.client,
      config,
      files: await findMigrations(config),
      timeZone: ownTimeZone(),
      runId: randomUUID(),
    });
  } finally {
    await session.close();
  }
}

interface Found {
  plan: HistoryPlan;
  source: string | null;
  rowsWithoutFiles: boolean;
}

async function inspect(
  session: Session,
  config: ResolvedConfig,
  migrations: readonly Migration[],
  timeZone: string,
): Promise<Found> {
  const history = await readHistory(session.client, config);
  const old = await readOldHistory(session.client, history, timeZone);
  const plan = planHistory(old, history, migrations, timeZone);
  const names = new Set(migrations.map(({ name }) => name));
  const applied = [...plan.rows, ...history.rows];
  const { schema, table } = history.tables.dbMigrate;
  return {
    plan,
    source: old === null ? null : `${schema}.${table}`,
    rowsWithoutFiles: applied.some(({ name }) => !names.has(name)),
  };
}

async function carryOver(
  request: AdoptRequest,
  session: Session,
  config: ResolvedConfig,
  migrations: readonly Migration[],
  planned: Adoption,
): Promise<Adoption> {
  if (planned.history.length === 0) return { ...planned, verified: true };
  const plan = await carryHistoryOver({
    client: session.client,
    config,
    files: migrations,
    timeZone: planned.timeZone,
    runId: randomUUID(),
    ...(request.onWaiting && { onWaiting: request.onWaiting }),
  });
  return {
    ...planned,
    history: plan.rows,
    adopted: plan.rows.length,
    alreadyAdopted: plan.alreadyAdopted,
    verified: true,
  };
}
