import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandLinePool } from '../support/command-line/pool.js';
import { type Project } from '../support/project.js';
import { ProtocolProxy } from '../support/protocol-proxy.js';
import { diskFullSql, type Snapshot, TABLES, takeSnapshot } from './effects.js';
import { armFaults, holdTable } from './faults.js';
import { type Lane, type ScheduleDatabase } from './lane.js';
import { statementOf } from './person.js';
import { environmentOf, writeProject } from './project-folder.js';
import { recover, type Recovery } from './recover.js';
import { invocationOf, knexward, type RunnerOutcome, start } from './runners.js';
import { type FaultKind, type PlannedRunner, type Schedule } from './schedule.js';

/** What a schedule is acted out with. */
export interface Stage {
  lane: Lane;
  pool: CommandLinePool;
  /** The build that is tested: a folder with dist/ and bin/. */
  packageFolder: string;
  /** What takes longer hangs. */
  limitMs: number;
}

/** Everything that was seen of a schedule; whether it is right is for the invariants to say. */
export interface Observation {
  schedule: Schedule;
  /** The undisturbed run before it, where there was one. */
  before: RunnerOutcome | null;
  outcomes: RunnerOutcome[];
  /** Sessions at work, and advisory locks, that are there long after their runners have ended. */
  leftSessions: string[];
  after: Snapshot;
  recovery: Recovery;
  end: Snapshot;
  tableHeld: boolean;
}

/** Everything that a step of a schedule needs. */
export interface Scene extends Stage {
  schedule: Schedule;
  project: Project;
  database: ScheduleDatabase;
}

/** Marks what undisturbed runs do, before and after. */
export const CALM_RUNNER = 99;

/** Acts a schedule out, then lets one runner after the other bring it to its end, undisturbed. */
export async function observe(stage: Stage, schedule: Schedule): Promise<Observation> {
  const project = writeProject(schedule);
  const database = await stage.lane.createDatabase(schedule.surroundings);
  const scene = { ...stage, schedule, project, database };
  try {
    const before = await prepare(scene);
    await stage.lane.setRole(schedule.surroundings, false);
    const held = schedule.tableLock
      ? holdTable(stage.lane, database, schedule.tableLock)
      : Promise.resolve(false);
    const first = new FirstFault();
    const outcomes = await Promise.all(
      schedule.runners.map((planned, index) => runPlanned(scene, planned, { index, first })),
    );
    const tableHeld = await held;
    const leftSessions = await settle(database);
    await stage.lane.setRole(schedule.surroundings, true);
    const admin = await database.admin();
    if (schedule.diskFull) {
      const table = `${database.schema}.${TABLES[schedule.diskFull.table]}`;
      await admin.query(`drop trigger if exists disk_full on ${table}`);
    }
    const after = await takeSnapshot(admin, database.schema);
    const recovery = await recover(scene, after, outcomes);
    const end = await takeSnapshot(await database.admin(), database.schema);
    return { schedule, before, outcomes, leftSessions, after, recovery, end, tableHeld };
  } finally {
    project.remove();
    await database.drop();
  }
}

/** Applies what is to be applied before, and sets up the full disk. */
async function prepare(scene: Scene): Promise<RunnerOutcome | null> {
  const { applied, diskFull } = scene.schedule;
  if (applied === 0) return null;
  const outcome = await runCalm(scene, 'up', '--count', String(applied), '--json');
  if (diskFull && outcome.code === 0) {
    const admin = await scene.database.admin();
    await admin.query(diskFullSql(diskFull, scene.database.schema));
  }
  return outcome;
}

/** A command that nothing disturbs, straight to the server. */
export async function runCalm(scene: Scene, ...args: string[]): Promise<RunnerOutcome> {
  const { lane, pool, project, database, schedule, packageFolder, limitMs } = scene;
  const url = database.url(lane.server.address.port, CALM_RUNNER);
  const env = environmentOf(schedule.surroundings, url, true);
  const began = Date.now();
  const invocation = knexward(packageFolder, ...args, '--no-color');
  const outcome = await start(pool, invocation, { cwd: project.root, env }, limitMs).ended;
  const command = { kind: 'up', count: null } as const;
  return {
    ...{ ...outcome, index: CALM_RUNNER, struck: [], resolved: null },
    planned: { command, json: args.includes('--json'), atMs: 0, faults: [] },
    tookMs: Date.now() - began,
  };
}

/** Is over once the first runner was struck, or has ended. */
class FirstFault {
  over!: () => void;
  readonly passed = new Promise<void>((resolve) => (this.over = resolve));
}

async function runPlanned(
  scene: Scene,
  planned: PlannedRunner,
  { index, first }: { index: number; first: FirstFault },
): Promise<RunnerOutcome> {
  const { lane, pool, project, database, schedule, packageFolder, limitMs } = scene;
  const { route } = schedule.surroundings;
  if (planned.afterFault && index > 0) await first.passed;
  await sleep(planned.atMs);
  const statement = await statementOf(scene, planned.command, index);
  const pooler = route === 'pooled' ? lane.pooler : null;
  const proxy = new ProtocolProxy(pooler?.address ?? lane.server.address);
  const port = await proxy.listen();
  const struck: FaultKind[] = [];
  const strikes: Promise<void>[] = [];
  const onStrike = (kind: FaultKind, over: Promise<void>): void => {
    struck.push(kind);
    strikes.push(over);
    if (index === 0) first.over();
  };
  const env = environmentOf(schedule.surroundings, database.url(port, index), false);
  const invocation = invocationOf(planned, packageFolder, statement);
  const began = Date.now();
  const running = start(pool, invocation, { cwd: project.root, env }, limitMs);
  let over = false;
  const victim = { lane, database, route, proxy, process: () => running, isOver: () => over };
  armFaults({ ...victim, onStrike }, planned.faults);
  try {
    const outcome = await running.ended;
    over = true;
    const tookMs = Date.now() - began;
    const stale = (await statement?.end(outcome)) ?? false;
    const resolved = statement && { name: statement.name, verdict: statement.verdict, stale };
    return { ...outcome, index, planned, struck, resolved, tookMs };
  } finally {
    if (index === 0) first.over();
    // The server may still be on its way back.
    await Promise.all(strikes);
    await proxy.close();
  }
}

/** The server may need a moment to notice that a client is gone; its statement may go on meanwhile. */
const SETTLE_MS = 10_000;

async function settle(database: ScheduleDatabase): Promise<string[]> {
  let left: string[] = [];
  for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline; await sleep(15)) {
    left = await sessionsAtWork(database).catch(() => ['the server does not answer']);
    if (left.length === 0) return [];
  }
  return left;
}

async function sessionsAtWork(database: ScheduleDatabase): Promise<string[]> {
  const admin = await database.admin();
  const { rows } = await admin.query<{ what: string }>(
    `select format('%s, %s: %s', application_name, state, left(query, 80)) as what
       from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'
     union all
     select 'an advisory lock of pid ' || pid from pg_locks
      where locktype = 'advisory' and granted
        and database = (select oid from pg_database where datname = current_database())`,
  );
  return rows.map(({ what }) => what);
}
