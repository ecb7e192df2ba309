import { type Knex } from 'knex';
import { type ClientBase } from 'pg';
import { createDriver, type MigrationDriver, operationsOf } from './driver/index.js';
import { withSchemaFirst } from './driver/search-path.js';
import { type Direction, settle } from './driver/settle.js';
import { seedLink, setupOptions } from './driver/setup.js';
import { type DbMigrateFile, loadDbMigrateFile } from './load.js';

/** What a run of a migration can be told. */
export interface RunOptions {
  /** What the migration's `setup` receives under this name; db-migrate's `--ignore-on-init`. */
  ignoreOnInit?: boolean;
}

/**
 * Runs one direction of a db-migrate migration on a driver made for this run.
 *
 * It resolves when the migration has said that it is done and none of its statements is under way
 * any more. It rejects, also only when no statement is under way, with whatever the migration threw
 * or was told by the server; for a statement that failed, `statementOf` knows which.
 *
 * @throws KnexwardError `INVALID_MIGRATION` where the file has no such direction, or one that can
 *   never say that it is done.
 */
export async function runDbMigrateMigration(
  file: DbMigrateFile,
  direction: Direction,
  driver: MigrationDriver,
  options: RunOptions = {},
): Promise<void> {
  const operations = operationsOf(driver);
  const run = async (): Promise<void> => {
    await file.setup?.(setupOptions(options.ignoreOnInit ?? false), seedLink());
    await settle(file, direction, driver, (error) => operations.fail(error));
    await operations.drain();
  };
  try {
    await Promise.race([run(), operations.fault]);
  } catch (error) {
    throw operations.explain(error);
  } finally {
    await operations.close();
  }
}

/** A migration in Knex's form. */
export interface KnexMigration {
  up: (knex: Knex) => Promise<void>;
  down: (knex: Knex) => Promise<void>;
}

/**
 * Makes a db-migrate file a migration that Knex can run. The file is loaded when it runs.
 *
 * With a `schema`, names that the migration does not qualify mean that schema first, as in
 * db-migrate.
 *
 * @example
 * const { up } = toKnexMigration('/app/migrations/20150101000000-users.js', { schema: 'app' });
 * await knex.transaction((trx) => up(trx));
 */
export function toKnexMigration(path: string, options: { schema?: string } = {}): KnexMigration {
  const inTransaction = (direction: Direction) => async (knex: Knex) =>
    knex.isTransaction
      ? run(path, direction, knex, options)
      : knex.transaction((trx) => run(path, direction, trx, options));
  return { up: inTransaction('up'), down: inTransaction('down') };
}

async function run(
  path: string,
  direction: Direction,
  trx: Knex,
  options: { schema?: string },
): Promise<void> {
  const file = await loadDbMigrateFile(path);
  // A transaction's client hands out the transaction's own connection, which nobody has to release.
  const client = trx.client as { acquireConnection: () => Promise<ClientBase> };
  const connection = await client.acquireConnection();
  const runIt = () =>
    runDbMigrateMigration(file, direction, createDriver({ connection, ...options }));
  const { schema = 'public' } = options;
  await (schema === 'public' ? runIt() : withSchemaFirst(connection, schema, runIt));
}
