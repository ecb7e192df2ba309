import { type ResolvedConfig } from '../config/resolve.js';
import { harmless } from './listener.js';
import { checkKnown, checkMigratorOptions, type MigratorOptions } from './options.js';
import { type FleetListener } from '../fleet/events.js';
import { type FleetResult, type FleetStatus } from '../fleet/result.js';

/** What `createFleet` takes: as `createMigrator`, with `settings: { fleet }` for what the configuration does not say. */
export type FleetOptions = Omit<MigratorOptions, 'listener' | 'scope'>;

/** What `up` of a fleet takes. */
export interface FleetUpOptions {
  /** The ids of the targets; all of them unless given. */
  targets?: readonly string[] | undefined;
  /** `true`: goes on with the last run, its targets that are not up to date. */
  resume?: boolean | undefined;
  /** `true`: says in which waves the targets would come; changes nothing. */
  dryRun?: boolean | undefined;
  /** Hears what happens, as it happens. What it throws becomes a warning of the process. */
  listener?: FleetListener | undefined;
  /** No further target begins once it is aborted; those that have begun finish. */
  drain?: AbortSignal | undefined;
  /** The same, and those that have begun are stopped: the statement is cancelled and rolled back. */
  signal?: AbortSignal | undefined;
}

/** Runs migrations on many databases or schemas from a program. */
export interface Fleet {
  /**
   * Brings every target up to date, in waves. A target that fails is in `result.failed`, and holds no
   * other one up.
   *
   * @throws KnexwardError for what stops it before any work, such as `FLEET_TARGETS`
   *
   * @example
   * import { createFleet } from 'knexward';
   *
   * // A tenant has signed up: its schema is there, and empty.
   * const { failed } = await createFleet().up({ targets: ['acme'] });
   * if (failed.length > 0) throw new Error(failed[0]?.message);
   */
  up(options?: FleetUpOptions): Promise<FleetResult>;

  /**
   * What is applied and pending in each target, and what is wrong. Reads only.
   *
   * @example
   * import { createFleet } from 'knexward';
   *
   * const { targets } = await createFleet().status();
   * console.log(targets.filter(({ pending }) => pending !== 0));
   */
  status(options?: Pick<FleetUpOptions, 'targets'>): Promise<FleetStatus>;
}

/**
 * Makes a fleet: the databases or schemas that `knexward.fleet` of the configuration names. Nothing is
 * read or connected to before its first call, and nothing stays open after one.
 *
 * @throws KnexwardError `USAGE` for options that contradict each other or that it does not know.
 *
 * @example
 * import { createFleet } from 'knexward';
 *
 * const fleet = createFleet({ env: 'production' });
 * const { done, failed } = await fleet.up({
 *   listener: (event) => {
 *     if (event.type === 'migrated') console.log(event.target);
 *   },
 * });
 * console.log(`${done} migrated, ${failed.length} failed`);
 */
export function createFleet(options: FleetOptions = {}): Fleet {
  checkMigratorOptions(options as MigratorOptions, 'createFleet', ['listener', 'scope']);
  // What does the work is loaded by the first call: a knexfile, too, loads this package.
  const resolve = async (): Promise<ResolvedConfig> => {
    const { resolveFor } = await import('./configuration.js');
    return resolveFor(options as MigratorOptions);
  };
  return {
    up: async (given = {}) => {
      checkKnown(given, UP, 'up');
      const config = await resolve();
      const { fleetUp } = await import('../fleet/up.js');
      return fleetUp(config, { ...given, listener: harmless(given.listener) });
    },
    status: async (given = {}) => {
      checkKnown(given, ['targets'], 'status');
      const config = await resolve();
      const { fleetStatus } = await import('../fleet/status.js');
      return fleetStatus(config, given.targets ? { targets: given.targets } : {});
    },
  };
}

const UP = ['targets', 'resume', 'dryRun', 'listener', 'drain', 'signal'];
