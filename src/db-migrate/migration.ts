import { type EventEmitter } from 'node:events';
import { type Knex } from 'knex';
import { type ClientBase } from 'pg';
import { watchForDeadEnd } from '../database/event-loop.js';
import { type RawConnection, withRawConnection } from '../database/raw-connection.js';
import { createDriver, type MigrationDriver, operationsOf } from './driver/index.js';
import { type HistoryNames } from './driver/history-table.js';
import { isDriversOwn, withSchemaFirst } from './driver/search-path.js';
import { type Direction, neverCalledBack, settle } from './driver/settle.js';
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
 *   never say that it is done, or has nothing left to do in this process and did not say it.
 */
export async function runDbMigrateMigration(
  file: DbMigrateFile,
  direction: Direction,
  driver: MigrationDriver,
  options: RunOptions = {},
): Promise<void> {
  const operations = operationsOf(driver);
  const dead = watch(file, direction, driver);
  const run = async (): Promise<void> => {
    await file.setup?.(setupOptions(options.ignoreOnInit ?? false), seedLink());
    await settle(file, direction, driver, (error) => operations.fail(error));
    await operations.drain();
  };
  try {
    await Promise.race([run(), operations.fault, dead.end]);
  } catch (error) {
    throw operations.explain(error);
  } finally {
    dead.unwatch();
    await operations.close();
  }
}

/** `end` rejects when the migration can never say that it is done, because nothing is left to do. */
function watch(
  file: DbMigrateFile,
  direction: Direction,
  { connection }: MigrationDriver,
): { end: Promise<never>; unwatch: () => void } {
  let unwatch = () => {};
  const end = new Promise<never>((_, reject) => {
    unwatch = watchForDeadEnd(connection, () => {
      unwatch();
      reject(neverCalledBack(file, direction));
    });
  });
  return { end, unwatch };
}

/** Where a migration works, and where history is kept. */
export interface MigrationPlace {
  /** Names that the migration does not qualify mean this schema first, as in db-migrate. */
  schema?: string;
  /** For migrations that look into the history. */
  history?: HistoryNames;
}

/** A migration in Knex's form. */
export interface KnexMigration {
  up: (knex: Knex) => Promise<void>;
  down: (knex: Knex) => Promise<void>;
}

/**
 * Makes a db-migrate file a migration that Knex can run. One that is given by its path is loaded
 * when it runs.
 *
 * @example
 * const { up } = toKnexMigration('/app/migrations/20150101000000-users.js', { schema: 'app' });
 * await knex.transaction((trx) => up(trx));
 */
export function toKnexMigration(
  file: string | DbMigrateFile,
  place: MigrationPlace = {},
): KnexMigration {
  const inTransaction = (direction: Direction) => async (knex: Knex) =>
    knex.isTransaction
      ? run(file, direction, knex, place)
      : knex.transaction((trx) => run(file, direction, trx, place));
  return { up: inTransaction('up'), down: inTransaction('down') };
}

async function run(
  given: string | DbMigrateFile,
  direction: Direction,
  trx: Knex,
  place: MigrationPlace,
): Promise<void> {
  const file = typeof given === 'string' ? await loadDbMigrateFile(given) : given;
  // A transaction's client hands out the transaction's own connection, which nobody has to release.
  const client = trx.client as { acquireConnection: () => Promise<ClientBase> };
  await runOn(await client.acquireConnection(), file, direction, place);
}

/**
 * Runs one direction of a db-migrate file on one connection of Knex's pool, each statement by itself, as
 * `db-migrate --non-transactional` did. Knex's listeners are told of each.
 */
export async function runWithoutTransaction(
  knex: Knex,
  file: DbMigrateFile,
  direction: Direction,
  place: MigrationPlace,
): Promise<void> {
  await withRawConnection(knex, async (connection) => {
    const send = connection.query.bind(connection) as (...args: unknown[]) => unknown;
    const tell = (...args: unknown[]): unknown => {
      const [first] = args as [string | { text?: string }];
      const sql = typeof first === 'string' ? first : (first.text ?? '');
      if (!isDriversOwn(sql)) (knex.client as EventEmitter).emit('query', { sql, bindings: [] });
      return send(...args);
    };
    connection.query = tell as typeof connection.query;
    try {
      await runOn(connection, file, direction, place);
    } finally {
      // The method of its class is in its place again.
      delete (connection as Partial<RawConnection>).query;
    }
  });
}

/** Runs one direction of a db-migrate file on the connection of an open transaction. */
export async function runOn(
  connection: ClientBase,
  file: DbMigrateFile,
  direction: Direction,
  place: MigrationPlace,
): Promise<void> {
  const runIt = () =>
    runDbMigrateMigration(file, direction, createDriver({ connection, ...place }));
  const { schema = 'public' } = place;
  await (schema === 'public' ? runIt() : withSchemaFirst(connection, schema, runIt));
}
