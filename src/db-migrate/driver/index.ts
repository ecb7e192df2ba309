import { type ClientBase } from 'pg';
import { callbackIn } from './callback.js';
import { historyMethods } from './history.js';
import { type HistoryNames, historyStandIn } from './history-table.js';
import { completeInternals } from './internals.js';
import { type MigrationLog, STANDARD_ERROR_LOG } from './log.js';
import { schemaMethods } from './methods.js';
import { Operations } from './operations.js';
import { heldTransactionMethods } from './transactions.js';
import { unavailableToMigrations } from './unavailable.js';

/** What a driver works on. */
export interface DriverOptions {
  /** The `pg` client inside the open transaction. The driver never begins, commits or closes. */
  connection: ClientBase;
  /** The schema that the project's migrations work in; `public` where it names none. */
  schema?: string;
  /** Where the migration's own messages go; by default to standard error. */
  log?: MigrationLog;
  /** Only log statements, except those that only read; db-migrate's `--dry-run`. */
  dryRun?: boolean;
  /** Where history is kept, for migrations that look into it. */
  history?: HistoryNames;
}

/** What a db-migrate migration receives as `db`. */
export type MigrationDriver = ReturnType<typeof driverOver>;

const operationsByDriver = new WeakMap<MigrationDriver, Operations>();

/**
 * The interface that db-migrate's migrations are written for, on one open PostgreSQL transaction.
 * It serves one run of one migration.
 *
 * Every method that does something takes an optional Node-style callback and returns a Bluebird
 * promise; both tell of every error. None uses `this`, so each can be passed around, bound or not.
 */
export function createDriver(options: DriverOptions): MigrationDriver {
  const { connection, log = STANDARD_ERROR_LOG, history, dryRun = false } = options;
  const standIn = historyStandIn(history);
  const operations = new Operations(connection, {
    log,
    isDryRun: () => dryRun,
    prepare: (statement) => (standIn.isUsedBy(statement) ? standIn.sql : undefined),
  });
  const driver = driverOver(options, operations, standIn.sql);
  operationsByDriver.set(driver, operations);
  return driver;
}

/** What a driver has under way. It is kept from the migration, which sees all else of its driver. */
export function operationsOf(driver: MigrationDriver): Operations {
  const operations = operationsByDriver.get(driver);
  if (!operations) throw new TypeError('This driver was not made by createDriver.');
  return operations;
}

function driverOver(options: DriverOptions, operations: Operations, standInSql: string) {
  const { connection, schema = 'public', log = STANDARD_ERROR_LOG, history = {} } = options;
  const { dbMigrateTable } = history;
  const { dryRun = false } = options;
  const given = { dryRun, ...(dbMigrateTable !== undefined && { migrationTable: dbMigrateTable }) };
  const internals = completeInternals(given, log);
  // As in db-migrate, `schema` is a plain entry, which switchDatabase changes. An accessor of each
  // driver's own, or one literal of spreads, costs V8 ten times as much: it shares no hidden class.
  const base = { connection, log, type: internals.mod.type, internals, schema };
  const schemaAndHistory = Object.assign(
    base,
    schemaMethods(operations, base),
    historyMethods(operations, internals, base),
  );
  const own = {
    /** A migration needs no other history than the one that answers to the old name. */
    createMigrationsTable: (...trailing: readonly unknown[]) =>
      operations.perform(callbackIn(trailing), (send) => send(standInSql)),
  };
  const transactions = heldTransactionMethods(operations);
  return Object.assign(schemaAndHistory, own, transactions, unavailableToMigrations(operations));
}
