import { type Resolution, type Verdict } from '../maintain/resolve.js';
import { type Plan } from '../plan/plan.js';
import { type Status } from '../plan/status.js';
import { type RunResult } from '../run/result.js';
import { type WrittenBaseline } from '../squash/write.js';
import {
  type BaselineCallOptions,
  checkExtent,
  checkKnown,
  checkMigratorOptions,
  checkResolve,
  type DownOptions,
  type MigratorOptions,
  type PlanOptions,
  type ResolveOptions,
  type UpOptions,
  type WaitForOthersOptions,
} from './options.js';

/** Runs migrations from a program. Results are values; what stops a call before any work is thrown. */
export interface Migrator {
  /**
   * Applies what is pending. Any number of processes may call it at once: one runs, the others wait
   * (`waitForLock`, 60 s) and then find nothing to do.
   *
   * A migration that fails is no exception but `result.failed`; those before it stay applied.
   *
   * @throws KnexwardError for what stops it before any work: no connection, `LOCKED`,
   * `NOT_ADOPTED`, `UNFINISHED`, `INTERRUPTED`, …
   *
   * @example
   * import { createMigrator } from 'knexward';
   *
   * const { done, failed } = await createMigrator().up();
   * console.log(`${done.length} applied`);
   * if (failed) throw new Error(`${failed.name}: ${failed.message}`);
   */
  up(options?: UpOptions): Promise<RunResult>;

  /**
   * Reverts the last batch, or as far as the options say. It does not ask, not in production
   * either, unless `confirm` does.
   *
   * @throws KnexwardError as `up`; `MISSING_FILE` where a file that is needed is not there.
   *
   * @example
   * import { createMigrator } from 'knexward';
   *
   * await createMigrator().down({ count: 1 });
   */
  down(options?: DownOptions): Promise<RunResult>;

  /**
   * What is applied, what is pending, and what is wrong. Reads only.
   *
   * @example
   * import { createMigrator } from 'knexward';
   *
   * const { upToDate, pending } = await createMigrator().status();
   * if (!upToDate) console.log(pending.map(({ name }) => name));
   */
  status(): Promise<Status>;

  /**
   * What `up` would do at this moment, or `down`. Reads only.
   *
   * @throws KnexwardError as `up` and `down` do before any work
   *
   * @example
   * import { createMigrator } from 'knexward';
   *
   * const { steps } = await createMigrator().plan({ direction: 'down', count: 2 });
   * console.log(steps.map(({ name }) => name));
   */
  plan(options?: PlanOptions): Promise<Plan>;

  /**
   * Writes the project's baseline: what the migrations make in an empty database, rows included, as
   * one file with which `up` begins where the database is empty. It is compared with a replay first.
   *
   * @throws KnexwardError `BASELINE_DIFFERS`, `BASELINE_FILE`, `NO_SHADOW`, `REPLAY_FAILED`,
   * `SERVER_WIDE_CHANGE`;
   * `CONFIRMATION_REQUIRED` where values differ from replay to replay that no default gives anew,
   * unless `freeze`.
   *
   * @example
   * import { createMigrator } from 'knexward';
   *
   * const { file, migrations } = await createMigrator().baseline();
   * console.log(`${file} stands for ${migrations} migrations`);
   */
  baseline(options?: BaselineCallOptions): Promise<WrittenBaseline>;

  /**
   * Waits until all migrations are applied, nothing stops `up`, and nobody is running: for a process
   * that must not migrate, and must not start before another one has. Reads only.
   *
   * @throws KnexwardError `STILL_PENDING` at the end of the time, `UNFINISHED` and `NOT_ADOPTED`
   * where it takes a person, `INTERRUPTED`.
   *
   * @example
   * import { createMigrator } from 'knexward';
   *
   * await createMigrator().wait({ timeoutMs: 120_000 });
   */
  wait(options?: WaitForOthersOptions): Promise<void>;

  /**
   * Records what a person has found out about a migration: that it is `applied`, or `reverted`, or that
   * its edited file is right as it is (`checksum`). The schema is not touched.
   *
   * @throws KnexwardError `UNKNOWN_MIGRATION`, `AMBIGUOUS_MIGRATION`, `LOCKED`, `NOT_ADOPTED`
   *
   * @example
   * import { createMigrator } from 'knexward';
   *
   * await createMigrator().resolve({ name: '20260101000000_add_index', verdict: 'applied' });
   */
  resolve(options: ResolveOptions): Promise<Resolution<Verdict | 'checksum'>>;
}

/**
 * Makes a migrator. Nothing is read or connected to before its first call, and nothing stays open
 * after one: each opens connections of its own and closes them, so a process can end by itself.
 *
 * That is so with an application's `knex` too. Its configuration is used (connection, search path,
 * `pool.afterCreate`, migrations, the listeners of its queries), its pool is not: a run needs a
 * connection that holds the lock and others beside it, which a small pool does not have, and sets
 * timeouts, which must not stay behind in connections that serve requests.
 *
 * @throws KnexwardError `USAGE` for options that contradict each other or that it does not know.
 *
 * @example
 * import createKnex from 'knex';
 * import { createMigrator } from 'knexward';
 *
 * const knex = createKnex({ client: 'pg', connection: process.env['DATABASE_URL'] ?? '' });
 * const migrator = createMigrator({
 *   knex,
 *   settings: { waitForLock: '10min' },
 *   listener: (event) => {
 *     if (event.type === 'done') console.log(`${event.name}: ${event.durationMs} ms`);
 *   },
 * });
 * const { failed } = await migrator.up();
 * if (failed) process.exitCode = 1;
 */
export function createMigrator(options: MigratorOptions = {}): Migrator {
  checkMigratorOptions(options);
  // What does the work is loaded by the first call: a knexfile, too, loads this package.
  const calls = () => import('./calls.js');
  return {
    up: async (given = {}) => {
      checkExtent(given, [...CALL, ...UP, 'confirm', 'baseline'], 'up');
      return (await calls()).runMigrations(options, 'up', given);
    },
    down: async (given = {}) => {
      checkExtent(given, [...CALL, ...UP, 'confirm', 'all'], 'down');
      return (await calls()).runMigrations(options, 'down', given);
    },
    status: async () => (await calls()).tellStatus(options),
    plan: async ({ direction = 'up', ...extent } = {}) => {
      checkExtent(extent, direction === 'up' ? UP : [...UP, 'all'], direction);
      return (await calls()).tellPlan(options, { direction, extent });
    },
    baseline: async (given = {}) => {
      checkKnown(given, [...CALL, 'name', 'freeze'], 'baseline');
      return (await calls()).writeBaseline(options, given);
    },
    wait: async (given = {}) => {
      checkKnown(given, [...CALL, 'timeoutMs'], 'wait');
      return (await calls()).waitForOthers(options, given);
    },
    resolve: async (given) => {
      checkResolve(given);
      return (await calls()).resolveByHand(options, given);
    },
  };
}

const CALL = ['listener', 'signal'];
const UP = ['name', 'count'];
