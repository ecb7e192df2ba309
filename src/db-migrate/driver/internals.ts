import { DATA_TYPE } from '../data-type.js';
import { type MigrationLog } from './log.js';

/**
 * What the parts of db-migrate tell one another. The driver looks at it anew with each call,
 * because whoever made it may change it at any time.
 */
export interface Internals {
  mod: { log: MigrationLog; type: typeof DATA_TYPE };
  migrationTable: string;
  seedTable: string;
  /** Only log statements, except those that only read. */
  dryRun: boolean;
  /** Neither begin nor commit. */
  notransactions?: boolean;
}

/** Fills in, in the object itself, what db-migrate's own command line would have put there. */
export function completeInternals(given: Partial<Internals>, log: MigrationLog): Internals {
  const defaults = { migrationTable: 'migrations', seedTable: 'seeds', dryRun: false };
  return Object.assign(given, {
    ...defaults,
    ...given,
    mod: { log, type: DATA_TYPE, ...given.mod },
  });
}
