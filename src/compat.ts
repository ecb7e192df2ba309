/*
 * What the package knexward-db-migrate stands on. It has the same version as this one and is
 * released with it; for anybody else this is no interface to rely on.
 */
export { adoptDatabase } from './adopt/adopt.js';
export { ownTimeZone, readOldHistory } from './adopt/inspect-database.js';
export { planHistory } from './adopt/plan.js';
export { surviveClosedPipes } from './cli/closed-pipes.js';
export { exitAtOnce, runAsProcess } from './cli/exit.js';
export { stopOnSignals } from './cli/signals.js';
export { calledWith, commandLine } from './command-line.js';
export { readDotenv } from './config/dotenv.js';
export { projectConfig, type ResolvedConfig } from './config/resolve.js';
export { narrowToScope } from './config/scope.js';
export { withRawConnection } from './database/raw-connection.js';
export { openSession, type Session } from './database/session.js';
export {
  type DbMigrateConnection,
  defaultEnvironmentName,
  parseDbMigrateConfig,
  resolveDbMigrateEnvironment,
} from './db-migrate/config.js';
export { readConfigFile } from './db-migrate/config-file.js';
export { readRcFiles } from './db-migrate/rc-file.js';
export { connect, type Driver } from './db-migrate/driver/connect.js';
export { createDriver } from './db-migrate/driver/index.js';
export { type MigrationLog } from './db-migrate/driver/log.js';
export { withSchemaFirst } from './db-migrate/driver/search-path.js';
export { type Direction } from './db-migrate/driver/settle.js';
export { loadDbMigrateFile } from './db-migrate/load.js';
export { runDbMigrateMigration } from './db-migrate/migration.js';
export { DB_MIGRATE } from './db-migrate/require-shim.js';
export { type ErrorCode, KnexwardError } from './errors.js';
export { findAllMigrations, type Migration } from './files/find.js';
export { loadMigration, type MigrationFunction } from './files/load.js';
export { compareNames, hasDbMigrateName, stemOf, timestampOf } from './files/name.js';
export { scopeOf, withoutScope } from './files/scope.js';
export { locateHistory } from './history/locate.js';
export { type History, readHistory } from './history/read.js';
export { type RunEvent } from './run/events.js';
export { type MigrationFailure } from './failure/failure.js';
export { type RunResult } from './run/result.js';
export { run } from './run/run.js';
