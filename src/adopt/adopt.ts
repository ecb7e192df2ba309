import { commandLine } from '../command-line.js';
import { randomUUID } from 'node:crypto';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession, type Session } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { findAllMigrations, type Migration } from '../files/find.js';
import { readPhase } from '../history/phase.js';
import { readHistory } from '../history/read.js';
import { carryHistoryOver } from './carry-over.js';
import {
  applyActions,
  type FileAction,
  type FilePlan,
  refuseEdited,
  refuseOtherPlan,
} from './file-plan.js';
import { planFiles } from './files.js';
import { type FoundHistory, inspectHistories } from './histories.js';
import { findImplicitDependencies } from './implicit-dependencies.js';
import { checkTimeZone } from './inspect-database.js';
import { type AdoptedRow, type HistoryPlan, type Warning, withoutSecrets } from './plan.js';
import { type ReplayOptions } from '../replay/replay.js';
import { proveSchema, type Proof, warningsOfProof } from './prove.js';
import { findTakeover, type Takeover, type TakeoverRequest } from './takeover.js';
import {
  decideTimeZone,
  type TimeZoneDecision,
  timeZoneRequired,
  type TimeZoneRequest,
} from './time-zone/decide.js';

/** What to take over, and how. */
export interface AdoptRequest extends TakeoverRequest {
  /** The zone that db-migrate's zone-less times are in. */
  timeZone?: string | undefined;
  /**
   * Asked where the zone is not given and matters; without it, that is an error
   * (`TIME_ZONE_REQUIRED`).
   */
  chooseTimeZone?: TimeZoneRequest['choose'];
  /** Prove first, in a shadow database, that the files give the schema that the database has. */
  verify?: ReplayOptions | undefined;
  /** Rewrite callers outside of the project's folder too, in the repository around it. */
  rewriteCallers?: boolean | undefined;
  /** Asked with the plan before anything is changed; throws to stop. */
  confirm?: (plan: Adoption) => Promise<void>;
}

/** A takeover: what it would do, or what it did. */
export interface Adoption {
  environment: string;
  dryRun: boolean;
  /** The further environments of db-migrate's configuration. */
  otherEnvironments: string[];
  timeZone: string;
  /** Who says that it is that zone. */
  timeZoneOrigin: TimeZoneDecision['origin'];
  /** The table, or tables, that the history comes from, or `null` where the database has none. */
  source: string | null;
  /** The takeover is finished: db-migrate's table is set aside. */
  finished: boolean;
  history: AdoptedRow[];
  /** What db-migrate has reverted since it was copied, and Knex's history loses as well. */
  reverted: string[];
  adopted: number;
  alreadyAdopted: number;
  files: FileAction[];
  warnings: Warning[];
  /** What was proven of the schema; `null` where that was not asked for. */
  proof: Proof | null;
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
  if (request.timeZone !== undefined) checkTimeZone(request.timeZone);
  const takeover = await findTakeover(request);
  const { config, all, project } = takeover;
  const session = await openSession(config);
  try {
    const zone = await decideTimeZone(session.client, {
      ...{ config, files: all, root: project.root },
      ...{ given: request.timeZone, choose: request.chooseTimeZone },
    });
    const found = await inspectHistories(session.client, config, all, zone.timeZone);
    const planNow = (): FilePlan => planProject(request, takeover, found[0], zone);
    const files = planNow();
    const proof = request.verify
      ? await proveSchema(session.client, found, all, request.verify)
      : null;
    const planned = adoptionOf(request, takeover, { zone, found, files, proof });
    if (planned.dryRun) return planned;
    const changes =
      planned.history.length + planned.reverted.length > 0 ||
      files.actions.some(({ apply }) => apply);
    if (changes) await request.confirm?.(planned);
    refuseEdited(files.actions);
    refuseOtherPlan(files, planNow());
    const done = await carryOver(request, session, found, all, planned);
    await applyActions(files.actions);
    return done;
  } finally {
    await session.close();
  }
}

/** What becomes of the project's files, as they are at this moment. */
function planProject(
  request: AdoptRequest,
  { project, config, migrations, all }: Takeover,
  { names }: FoundHistory,
  { timeZone, origin }: TimeZoneDecision,
): FilePlan {
  if (request.databaseOnly) return { actions: [], warnings: [] };
  const found = new Set(migrations.map(({ name }) => name));
  const facts = {
    migrations: all.map(({ name }) => name),
    // A migration of a scope is one too: plain Knex does not look into sub-folders.
    rowsWithoutFiles: names.some((name) => !found.has(name)),
    schema: request.schema,
    environment: config.environment,
    timeZone: origin === 'given' || origin === 'answered' ? timeZone : null,
  };
  return planFiles(project, facts, request.rewriteCallers);
}

/** What a takeover is planned by. */
interface Planned {
  zone: TimeZoneDecision;
  found: readonly FoundHistory[];
  files: FilePlan;
  proof: Proof | null;
}

function adoptionOf(
  request: AdoptRequest,
  { project, config, all }: Takeover,
  { zone, found, files, proof }: Planned,
): Adoption {
  return {
    environment: config.environment,
    dryRun: request.dryRun ?? false,
    otherEnvironments: Object.keys(project.config?.environments ?? {}).filter(
      (name) => name !== config.environment,
    ),
    timeZone: zone.timeZone,
    timeZoneOrigin: zone.origin,
    source: found.flatMap(({ source }) => source ?? []).join(' and ') || null,
    finished: found.some(({ finished }) => finished),
    ...sumUp(found.map(({ plan }) => plan)),
    adopted: 0,
    files: files.actions,
    warnings: withoutSecrets([
      ...found.flatMap(({ plan }) => plan.warnings),
      ...(proof ? warningsOfProof(proof) : []),
      ...files.warnings,
      ...findImplicitDependencies(all, project.packageJson),
    ]),
    proof,
    verified: false,
  };
}

/**
 * Carries the history over for a project whose configuration is known, with everything as it is by
 * default, and without asking: what `adopt: "auto"` in a knexfile stands for. A takeover that a
 * person has undone is not begun again by itself.
 *
 * @throws KnexwardError `NOT_ADOPTED` where it was undone.
 */
export async function adoptDatabase(
  config: ResolvedConfig,
  runId: string = randomUUID(),
): Promise<HistoryPlan & { timeZone: string }> {
  const session = await openSession(config);
  try {
    const { tables } = await readHistory(session.client, config);
    if ((await readPhase(session.client, tables)).undone) throw undone();
    const files = await findAllMigrations(config);
    const { timeZone } = await decideTimeZone(session.client, {
      ...{ config, files, root: config.projectRoot, given: undefined },
      choose: (question) => Promise.reject(timeZoneRequired(question, '--database-only', '--yes')),
    });
    return { ...(await carryHistoryOver({ session, config, files, timeZone, runId })), timeZone };
  } finally {
    await session.close();
  }
}

function undone(): KnexwardError {
  return new KnexwardError('NOT_ADOPTED', {
    message: 'The takeover of this database was undone; adopt: "auto" does not begin it again.',
    fix: `To take it over again: ${commandLine('adopt', '--database-only')}`,
  });
}

/** The rows of all histories, one history after the other. */
function sumUp(
  plans: readonly HistoryPlan[],
): Pick<Adoption, 'history' | 'reverted' | 'alreadyAdopted'> {
  return {
    history: plans.flatMap(({ rows }) => rows),
    reverted: plans.flatMap(({ reverted }) => reverted),
    alreadyAdopted: plans.reduce((sum, plan) => sum + plan.alreadyAdopted, 0),
  };
}

async function carryOver(
  request: AdoptRequest,
  session: Session,
  found: readonly FoundHistory[],
  files: readonly Migration[],
  planned: Adoption,
): Promise<Adoption> {
  const { timeZone } = planned;
  const { onWaiting, runId = randomUUID() } = request;
  const plans: HistoryPlan[] = [];
  for (const { config, plan } of found) {
    const work = {
      ...{ session, config, files, timeZone, runId },
      ...(onWaiting && { onWaiting }),
      // What was not proven is not copied either.
      ...(planned.proof && { expected: plan.rows.map(({ name }) => name) }),
    };
    plans.push(plan.rows.length + plan.reverted.length === 0 ? plan : await carryHistoryOver(work));
  }
  const carried = sumUp(plans);
  return { ...planned, ...carried, adopted: carried.history.length, verified: true };
}
