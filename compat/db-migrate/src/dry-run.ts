import { join } from 'node:path';
import {
  commandLine,
  createDriver,
  type Direction,
  loadDbMigrateFile,
  openSession,
  runDbMigrateMigration,
} from 'knexward/compat';
import { type Internals } from './internals.js';
import { log, migrationLog } from './log.js';
import { isDbMigrates, type MigrationFile } from './migration-files.js';
import { type Target } from './target.js';

/**
 * Runs migrations on a driver that prints their statements in the place of sending them; only what
 * they read through `db.all` is read. Nothing is changed, nothing recorded.
 */
export async function dryRun(
  { environment, migrationOptions }: Internals,
  { config }: Target,
  direction: Direction,
  files: readonly MigrationFile[],
): Promise<void> {
  const session = await openSession(config);
  try {
    // Knex's connection has the search path that unqualified names are read along.
    const connections = await session.forChanges(true);
    const connection = await connections.acquire();
    try {
      for (const file of files) {
        if (!isDbMigrates(file)) {
          log.warn(`${file.name} is written for Knex: "${commandLine('plan')}" prints its SQL.`);
          continue;
        }
        const { schema } = environment;
        const migration = await loadDbMigrateFile(join(file.directory, file.file));
        const driver = createDriver({ connection, schema, log: migrationLog, dryRun: true });
        await runDbMigrateMigration(migration, direction, driver, migrationOptions);
        log.info('Processed migration', file.name);
      }
    } finally {
      await connections.release(connection);
    }
  } finally {
    await session.close();
  }
}
