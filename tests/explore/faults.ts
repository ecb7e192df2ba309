import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { type ProtocolProxy } from '../support/protocol-proxy.js';
import { waitFor } from '../support/wait-for.js';
import { TABLES } from './effects.js';
import { type Lane, type ScheduleDatabase } from './lane.js';
import { type RunningProcess } from './runners.js';
import {
  type CountedFrom,
  type FaultKind,
  type PlannedFault,
  type Surroundings,
  type TableLock,
} from './schedule.js';

/** What a fault can reach. */
export interface Victim {
  lane: Lane;
  database: ScheduleDatabase;
  route: Surroundings['route'];
  proxy: ProtocolProxy;
  process(): RunningProcess | undefined;
  /** Whether it has ended: what strikes at its last message would strike what comes after it. */
  isOver(): boolean;
  /** Hears that one has struck, and is given what is kept when it is over. */
  onStrike(kind: FaultKind, over: Promise<void>): void;
}

/** After these the message that was held is of no use to anybody. */
const ENDS_CONNECTION = new Set<FaultKind>(['kill', 'cut', 'cut all']);

/** Arms the faults one after the other, each at its message counted from the start. */
export function armFaults(victim: Victim, faults: readonly PlannedFault[]): void {
  const inOrder = [...faults].sort(
    (a, b) => ORDER.indexOf(a.from) - ORDER.indexOf(b.from) || a.message - b.message,
  );
  armNext(victim, inOrder, { from: 'start', passed: 0 });
}

/** What the first of the messages holds from which is counted. */
const MARKS: Partial<Record<CountedFrom, string>> = {
  look: '"lockedBy"',
  change: 'explorer.effect(',
  commit: '; commit',
};
const ORDER: readonly CountedFrom[] = ['start', 'look', 'change', 'commit'];

/** @param before from where was counted last, and how many messages have passed since */
function armNext(
  victim: Victim,
  faults: readonly PlannedFault[],
  before: { from: CountedFrom; passed: number },
): void {
  const [fault, ...rest] = faults;
  if (!fault) return;
  const { kind, from, when } = fault;
  const passed = from === before.from ? before.passed : 0;
  const mark = from === before.from ? undefined : MARKS[from];
  const point = {
    message: Math.max(fault.message - passed, 1),
    ...(mark !== undefined && { from: mark }),
    ...{ when, goesOn: !ENDS_CONNECTION.has(kind) },
  };
  void victim.proxy.arm(point, async (cut) => {
    if (victim.isOver()) return;
    armNext(victim, rest, { from, passed: Math.max(fault.message, passed + 1) });
    // It strikes while the server, or the runner, goes away: then there is nobody to ask.
    const over = strike(victim, fault, cut).catch(() => undefined);
    victim.onStrike(kind, over);
    await over;
  });
}

/** Is kept when the message may go on: one that a frozen runner was to send, it sends afterwards. */
async function strike(
  victim: Victim,
  { kind, ms, when }: PlannedFault,
  cut: () => void,
): Promise<void> {
  const runner = victim.process();
  switch (kind) {
    case 'kill':
      return runner?.signal('SIGKILL');
    case 'interrupt':
      return runner?.signal('SIGINT');
    case 'terminate':
      return runner?.signal('SIGTERM');
    case 'freeze':
      return freeze(runner, ms, when);
    case 'cut':
      return cut();
    case 'cut all':
      return victim.proxy.cutAll();
    case 'cut lock':
      return void victim.proxy.connections[0]?.destroy();
    case 'lose lock':
      return victim.proxy.part(0);
    case 'suspend':
      victim.proxy.part(0);
      return freeze(runner, ms, when);
    case 'end lock session':
      return onSessions(victim, 'pg_terminate_backend', 'lock');
    case 'end change session':
      return onSessions(victim, 'pg_terminate_backend', 'change');
    case 'cancel change':
      return onSessions(victim, 'pg_cancel_backend', 'change');
    case 'restart server':
      return victim.lane.restart();
    case 'hold history':
      return hold(victim, 'history', ms);
    case 'hold journal':
      return hold(victim, 'journal', ms);
    case 'stall':
      return stall(victim, ms);
  }
}

async function freeze(
  runner: RunningProcess | undefined,
  ms: number,
  when: PlannedFault['when'],
): Promise<void> {
  runner?.signal('SIGSTOP');
  const over = sleep(ms).then(() => runner?.signal('SIGCONT'));
  if (when === 'before') await over;
}

/**
 * A runner's first connection holds its lock, the others are for its changes. Each is known to the
 * server by the port that the proxy has connected from; behind a pooler, only what it does tells.
 */
async function onSessions(
  { database, proxy, route }: Victim,
  act: 'pg_terminate_backend' | 'pg_cancel_backend',
  which: 'lock' | 'change',
): Promise<void> {
  const admin = await database.admin();
  const [lock, ...changes] = proxy.connections.map(({ localPort }) => localPort ?? 0);
  if (route === 'direct') {
    const ports = which === 'lock' ? [lock] : changes;
    await admin.query(
      `select ${act}(pid) from pg_stat_activity
        where datname = current_database() and client_port = any($1)`,
      [ports],
    );
    return;
  }
  await admin.query(
    `select ${act}(pid) from (
       select pid, row_number() over (order by xact_start) as place from pg_stat_activity
        where datname = current_database() and application_name like 'knexward%'
          and xact_start is not null) session
      where (place = 1) = $1`,
    [which === 'lock'],
  );
}

/** Another session asks for a table, and holds it for a while. Is kept once it stands in the line for it. */
async function hold(
  { lane, database }: Victim,
  table: TableLock['table'],
  ms: number,
): Promise<void> {
  const name = `${database.schema}.${TABLES[table]}`;
  const client = new Client({ ...lane.server.address, database: database.name });
  client.on('error', () => undefined);
  await client.connect();
  // The table may not be there yet.
  let isOver = false;
  void client
    .query(`set lock_timeout = '2s'; begin; lock table ${name} in access exclusive mode`)
    .then(() => sleep(ms))
    .then(() => client.query('commit'))
    .catch(() => undefined)
    .finally(() => {
      isOver = true;
      void client.end().catch(() => undefined);
    });
  await waitFor(async () => {
    if (isOver) return true;
    const { rowCount } = await database.ask((admin) =>
      admin.query(
        `select from pg_locks where mode = 'AccessExclusiveLock' and relation = $1::regclass`,
        [name],
      ),
    );
    return rowCount !== 0;
  });
}

/** In which a statement of the migration's is on its way to a process that stands still. */
const ON_ITS_WAY_MS = 20;

/**
 * Has the processes stand still that a migration's own statements have reached, not those that keep the run in order, and
 * stops the runner. Behind a pooler nobody can tell which those are.
 */
async function stall(victim: Victim, ms: number): Promise<void> {
  const { database, proxy, route } = victim;
  if (route !== 'direct') return;
  const ports = proxy.connections.map(({ localPort }) => localPort ?? 0);
  const admin = await database.admin();
  const { rows } = await admin.query<{ pid: number }>(
    `select pid from pg_stat_activity
      where datname = current_database() and client_port = any($1)
        and query like 'select explorer.effect(%'`,
    [ports],
  );
  const signal = (name: NodeJS.Signals): void => {
    for (const { pid } of rows) {
      try {
        process.kill(pid, name);
      } catch {
        // It has ended.
      }
    }
  };
  signal('SIGSTOP');
  void sleep(ms).then(() => signal('SIGCONT'));
  void sleep(ON_ITS_WAY_MS).then(() => victim.process()?.signal('SIGTERM'));
}

/** Another session holds a table for a while. Returns whether it got it. */
export async function holdTable(
  lane: Lane,
  { name, schema }: ScheduleDatabase,
  { table, atMs, forMs, ended }: TableLock,
): Promise<boolean> {
  await sleep(atMs);
  const client = new Client({ ...lane.server.address, database: name });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(`set lock_timeout = '2s'; begin;
      lock table ${schema}.${TABLES[table]} in access exclusive mode`);
    await sleep(forMs);
    await client.query(ended ? 'select pg_terminate_backend(pg_backend_pid())' : 'commit');
    return true;
  } catch {
    // The table is not there yet, the server is away, or it ended itself.
    return ended;
  } finally {
    await client.end().catch(() => undefined);
  }
}
