import { log } from 'db-migrate-shared';
import { type MigrationLog } from 'knexward/compat';

/*
 * db-migrate-shared's log itself, not one like it: programs set its level, or silence it, and mean
 * db-migrate with it.
 */
export { log };

/** The same log, as a migration finds it. */
export const migrationLog: MigrationLog = {
  info: (...parts) => log.info(...parts),
  warn: (...parts) => log.warn(...parts),
  error: (...parts) => log.error(...parts),
  verbose: (...parts) => log.verbose(...parts),
  sql: (...parts) => log.sql(...parts, undefined),
};

/** What db-migrate-shared's log looks at to know how much to tell. */
export function setVerbosity(verbose: boolean, dryRun: boolean): void {
  Object.assign(globalThis, { verbose, dryRun });
}
