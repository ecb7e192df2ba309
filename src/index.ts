/*
 * The public API. A knexfile loads it for `migrationSource`, in every process that only wants to
 * query, so it is cheap: what does the work (knex, pg, the embedded server) is loaded when it is
 * called for.
 */
import { type AdoptRequest, type Adoption } from './adopt/adopt.js';
import { type ConfigRequest } from './config/resolve.js';
import { type Diagnosis } from './doctor/diagnose.js';
import { type EmbeddedOptions, type EmbeddedServer } from './embedded/index.js';
import {
  type PreparedTestDatabases,
  type TestDatabase,
  type TestDatabaseOptions,
} from './testing/options.js';

export { type AdoptRequest, type Adoption } from './adopt/adopt.js';
export { type AdoptedRow, type Warning } from './adopt/plan.js';
export { defineConfig, type DefinedEnvironment, type DefinedMigrations } from './config/define.js';
export { readDotenv } from './config/dotenv.js';
export { type Duration } from './config/duration.js';
export {
  type FleetKey,
  type FleetSize,
  type FleetTarget,
  type FleetTargets,
} from './config/fleet.js';
export {
  type Config,
  type EnvironmentConfig,
  type KnexwardKey,
  type MigrationFormat,
} from './config/settings.js';
export {
  dbMigrateConnection,
  dbMigrateEnvironments,
  type DbMigrateSettings,
  type KnexfileConnection,
} from './db-migrate/knexfile-settings.js';
export { type Check } from './doctor/check.js';
export { type Diagnosis } from './doctor/diagnose.js';
export { type EmbeddedOptions, type EmbeddedServer } from './embedded/index.js';
export { type ErrorCode, KnexwardError, type ProblemCode } from './errors.js';
export { type Migration } from './files/find.js';
export { type FleetEvent, type FleetFailure, type FleetListener } from './fleet/events.js';
export {
  createFleet,
  type Fleet,
  type FleetOptions,
  type FleetUpOptions,
} from './migrator/fleet.js';
export { type FleetResult, type FleetStatus, type TargetStatus } from './fleet/result.js';
export {
  type KnexwardMigrationSource,
  migrationSource,
  type MigrationSourceOptions,
} from './files/source.js';
export { sqlMigration, type SqlMigration } from './files/sql-migration.js';
export { knexMigrate, type KnexMigrate, type KnexMigrateOptions } from './migrator/knex-migrate.js';
export { type Resolution, type Verdict } from './maintain/resolve.js';
export { createMigrator, type Migrator } from './migrator/migrator.js';
export {
  type BaselineCallOptions,
  type DownOptions,
  type MigratorOptions,
  type PlanOptions,
  type ResolveOptions,
  type UpOptions,
  type WaitForOthersOptions,
} from './migrator/options.js';
export { type Plan } from './plan/plan.js';
export { type Problem } from './plan/problems.js';
export { type Status } from './plan/status.js';
export { type RunEvent, type RunListener } from './run/events.js';
export { type LockHolder } from './transaction/runners-lock.js';
export { type MigrationFailure } from './failure/failure.js';
export { type RunResult } from './run/result.js';
export { type WrittenBaseline } from './squash/write.js';
export { errorOf } from './failure/thrown.js';
export {
  type PreparedTestDatabases,
  type TestDatabase,
  type TestDatabaseOptions,
} from './testing/options.js';

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
 * console.log(`${adopted} rows copied`);
 */
export async function adopt(request: AdoptRequest): Promise<Adoption> {
  const { adopt: carryOut } = await import('./adopt/adopt.js');
  return carryOut(request);
}

/** Which project `diagnose` looks at, as the options of the command line say it. */
export type DiagnoseRequest = Pick<ConfigRequest, 'cwd' | 'env' | 'knexfile' | 'url'>;

/**
 * Looks at everything that `up` stands on, as `knexward doctor` does. It reads only.
 *
 * @throws KnexwardError `USAGE` where the folder does not exist. Anything else that is wrong is a check
 * that is red.
 *
 * @example
 * import { diagnose } from 'knexward';
 *
 * const { healthy, checks } = await diagnose({ env: 'production' });
 * if (!healthy) console.log(checks.filter(({ status }) => status === 'red'));
 */
export async function diagnose(request: DiagnoseRequest = {}): Promise<Diagnosis> {
  const { diagnose: look } = await import('./doctor/diagnose.js');
  return look(request);
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

/**
 * Makes a database for a test, with everything in it that the project's migrations make: a copy of a
 * template, which takes some tens of milliseconds. The first call builds the template, by running the
 * migrations once; it is built anew where a migration changes. Any number of processes may call this
 * at once. A database whose process is gone is dropped by a later call.
 *
 * The database that the configuration names is not touched; only its server is used. Where it names
 * none, the embedded PostgreSQL is.
 *
 * @throws KnexwardError `USAGE` in production, or in an environment that is not one for tests;
 * `PERMISSION_DENIED` where the role may not create databases; `MIGRATION_FAILED`; and what opening
 * the database or reading the files may throw.
 *
 * @example
 * import createKnex from 'knex';
 * import { createTestDatabase } from 'knexward';
 *
 * const database = await createTestDatabase();
 * const knex = createKnex(database.knexConfig);
 * console.log(await knex('users').select());
 * await knex.destroy();
 * await database.drop();
 */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { makeTestDatabase } = await import('./testing/test-database.js');
  return makeTestDatabase(options);
}

/**
 * Builds the template of the test databases where it is not there yet, before the first test wants
 * one: for the global setup of a test runner. With the embedded PostgreSQL, it also keeps the server
 * running until `close`.
 *
 * @throws KnexwardError as `createTestDatabase`
 *
 * @example
 * import { prepareTestDatabases } from 'knexward';
 *
 * const prepared = await prepareTestDatabases();
 * console.log(prepared.built ? 'built' : 'found', prepared.template);
 * // when all tests are done:
 * await prepared.close();
 */
export async function prepareTestDatabases(
  options: TestDatabaseOptions = {},
): Promise<PreparedTestDatabases> {
  const { prepare } = await import('./testing/test-database.js');
  return prepare(options);
}
