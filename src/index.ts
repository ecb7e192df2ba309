/*
 * The public API. A knexfile loads it for `migrationSource`, in every process that only wants to
 * query, so it is cheap: what does the work (knex, pg, the embedded server) is loaded when it is
 * called for.
 */
import { type AdoptRequest, type Adoption } from './adopt/adopt.js';
import { type EmbeddedOptions, type EmbeddedServer } from './embedded/index.js';

export { type AdoptRequest, type Adoption } from './adopt/adopt.js';
export { type AdoptedRow, type Warning } from './adopt/plan.js';
export {
  type Config,
  type Duration,
  type EnvironmentConfig,
  type KnexwardKey,
  type MigrationFormat,
} from './config/settings.js';
export { type EmbeddedOptions, type EmbeddedServer } from './embedded/index.js';
export { type ErrorCode, KnexwardError, type ProblemCode } from './errors.js';
export { type Migration } from './files/find.js';
export {
  type KnexwardMigrationSource,
  migrationSource,
  type MigrationSourceOptions,
} from './files/source.js';
export { knexMigrate, type KnexMigrate, type KnexMigrateOptions } from './migrator/knex-migrate.js';
export { createMigrator, type Migrator } from './migrator/migrator.js';
export {
  type BaselineCallOptions,
  type DownOptions,
  type MigratorOptions,
  type PlanOptions,
  type UpOptions,
  type WaitForOthersOptions,
} from './migrator/options.js';
export { type Plan } from './plan/plan.js';
export { type Problem } from './plan/problems.js';
export { type Status } from './plan/status.js';
export { type LockHolder, type RunEvent, type RunListener } from './run/events.js';
export { type MigrationFailure } from './run/failure.js';
export { type RunResult } from './run/result.js';
export { type WrittenBaseline } from './verify/baseline/write.js';
export { errorOf } from './run/thrown.js';

/**
 * Takes a project over from db-migrate, as `knexward adopt` does. Repeating it is harmless.
 *
 * @throws KnexwardError for anything that is wrong with folder, database or answer; nothing has
 * been changed then.
 *
 * @example
 * import { adopt } from 'knexward';
 *
 * const { adopted } = await adopt({ databaseOnly: true, timeZone: 'Europe/Berlin' });
 * console.log(`${adopted} rows carried over`);
 */
export async function adopt(request: AdoptRequest): Promise<Adoption> {
  const { adopt: carryOut } = await import('./adopt/adopt.js');
  return carryOut(request);
}

/**
 * Starts the embedded PostgreSQL, for a test or a demonstration.
 *
 * @throws KnexwardError `NO_EMBEDDED_SERVER` where its package is not installed.
 *
 * @example
 * import { startEmbedded } from 'knexward';
 *
 * const server = await startEmbedded({ folder: './.knexward' });
 * console.log(server.port);
 * await server.stop();
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { startEmbedded: start } = await import('./embedded/index.js');
  return start(options);
}
