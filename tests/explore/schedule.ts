/*
 * What is drawn: a plan of migrations, a server to run them on, runners, and what disturbs them. All
 * of it is plain data, so that it can be printed, shrunk, and acted out again.
 */

/**
 * How a migration treats what it sends: one that does all `together` goes on after a part has failed; one that `retries`
 * works in small batches, and goes on with the next where one fails, as a backfill does that is to outlive a restart.
 */
export type Style = 'await' | 'callback' | 'together' | 'swallow' | 'retries';

/** How a migration's `up` ends: `commits` and `rolls back` stand in its own SQL. */
export type Ending = 'well' | 'fails' | 'commits' | 'rolls back';

/** One migration, from which its file is written (migration-files.ts). */
export interface PlannedMigration {
  format: 'knex' | 'sql' | 'db-migrate';
  transaction: boolean;
  style: Style;
  /** How long it sleeps, and where: on the server in a statement, or in JavaScript between two. */
  sleepMs: number;
  sleepIn: 'server' | 'client';
  ending: Ending;
  /** What it sets for its session, as careless migrations do. */
  session: 'search_path' | 'timezone' | null;
  /** Builds an index concurrently. */
  index: boolean;
  /** Makes a table, which keeps a second run of it waiting; else nothing on the server does. */
  table: boolean;
}

export type Command =
  | { kind: 'up'; count: number | null }
  | { kind: 'down'; extent: 'last' | 'batch' | 'all' }
  | { kind: 'redo' }
  | { kind: 'resolve'; migration: number }
  /** A person makes the next change, or takes the last back, in psql, and says so with `resolve`. */
  | { kind: 'by hand'; verdict: 'applied' | 'reverted' }
  | { kind: 'wait' }
  | { kind: 'library'; call: 'up' | 'latest' | 'down' }
  | { kind: 'knex' };

/**
 * Every way to disturb a runner. `cut` ends the connection that sends the message, `cut all` every one. `lose lock` ends the session that holds its lock without its knowing,
 * as a network does that drops what nobody has used for long; `suspend` freezes it at the same time.
 */
export const FAULT_KINDS = [
  'kill',
  'interrupt',
  'terminate',
  'freeze',
  'cut',
  'cut all',
  'cut lock',
  'lose lock',
  'suspend',
  'end lock session',
  'end change session',
  'cancel change',
  'restart server',
] as const;

/**
 * What only scenes draw, for it matters at one moment alone. `hold history` and `hold journal`: another session locks that
 * table. `stall`: the server's processes that serve a change stand still, as on a busy machine, while the runner is stopped
 * by SIGTERM.
 */
export const SCENE_FAULT_KINDS = ['hold history', 'hold journal', 'stall'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number] | (typeof SCENE_FAULT_KINDS)[number];

/** What keeps a table from every runner, and not only from the one that it strikes. */
export const HOLDS_TABLE: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'hold history',
  'hold journal',
]);

/** What may end the session that holds a runner's lock. */
export const TAKES_LOCK: ReadonlySet<FaultKind> = new Set<FaultKind>([
  ...(['cut', 'cut all', 'cut lock', 'lose lock', 'suspend', 'end lock session'] as const),
  'restart server',
]);

/**
 * From where a runner's messages are counted: the first of all, the first that looks whether a change is still to be
 * done, the first that is a change's own, or the first that commits.
 */
export type CountedFrom = 'start' | 'look' | 'change' | 'commit';

/** Strikes a runner at the n-th protocol message that it sends. */
export interface PlannedFault {
  kind: FaultKind;
  from: CountedFrom;
  message: number;
  when: 'before' | 'after';
  /** For how long, where it freezes. */
  ms: number;
}

export interface PlannedRunner {
  command: Command;
  json: boolean;
  /** When it starts; with `afterFault`, counted from where the first runner is struck, or has ended. */
  atMs: number;
  afterFault?: boolean;
  faults: PlannedFault[];
}

/** Settings of the role, as a careful or careless administrator made them. */
export type RoleSetting =
  | 'default_transaction_isolation=serializable'
  | 'default_transaction_isolation=repeatable read'
  | 'lock_timeout=100ms'
  | 'statement_timeout=200ms'
  | 'idle_in_transaction_session_timeout=300ms'
  | 'idle_session_timeout=300ms'
  | 'transaction_timeout=400ms';

/** What the runners work with. */
export interface Surroundings {
  /** `few`: may not read pg_stat_activity, and owns one schema and no more. */
  role: 'owner' | 'few';
  route: 'direct' | 'pooled';
  roleSettings: RoleSetting[];
  poolMax: 1 | 2 | 10;
  /** The connection's `query_timeout`. */
  queryTimeoutMs: number | null;
  lockTimeout: string | null;
  retries: number | null;
  waitForLock: string;
}

/** Another session that holds a table for a while. */
export interface TableLock {
  table: 'history' | 'lock' | 'journal';
  atMs: number;
  forMs: number;
  /** Its session is ended by the server, instead of by itself. */
  ended: boolean;
}

/** A full disk, once: at the n-th row that is written to a table. */
export interface DiskFull {
  table: 'history' | 'journal';
  row: number;
}

export interface Schedule {
  migrations: PlannedMigration[];
  /** How many are applied, undisturbed, before it begins. */
  applied: number;
  surroundings: Surroundings;
  runners: PlannedRunner[];
  tableLock: TableLock | null;
  diskFull: DiskFull | null;
}

/** Whether an undisturbed `up` can record it. */
export function canBeApplied({ ending }: PlannedMigration): boolean {
  return ending === 'well' || ending === 'commits';
}

/** The name in the history, which is the file's. */
export function nameOf({ format }: PlannedMigration, index: number): string {
  const stamp = `202601010000${String(index + 1).padStart(2, '0')}`;
  if (format === 'db-migrate') return `${stamp}-m${index + 1}.js`;
  return `${stamp}_m${index + 1}.${format === 'sql' ? 'up.sql' : 'js'}`;
}
