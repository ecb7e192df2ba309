import { type ClientBase } from 'pg';
import { DATA_TYPE } from '../data-type.js';
import { columnMethods } from './columns.js';
import { databaseMethods } from './databases.js';
import { definitionMethods } from './definitions.js';
import { escapeMethods } from './escape.js';
import { foreignKeyMethods } from './foreign-keys.js';
import { indexMethods } from './indexes.js';
import { type MigrationLog, STANDARD_ERROR_LOG } from './log.js';
import { Operations } from './operations.js';
import { rowMethods } from './rows.js';
import { statementMethods } from './statements.js';
import { tableMethods } from './tables.js';
import { transactionMethods, unavailableMethods } from './unavailable.js';

/** What a driver works on. */
export interface DriverOptions {
  /** The `pg` client inside the open transaction. The driver never begins, commits or closes. */
  connection: ClientBase;
  /** The schema that the project's migrations work in; `public` where it names none. */
  schema?: string;
  /** Where the migration's own messages go; by default to standard error. */
  log?: MigrationLog;
}

/** What a db-migrate migration receives as `db`. */
export type MigrationDriver = ReturnType<typeof driverOver>;

const operationsByDriver = new WeakMap<MigrationDriver, Operations>();

/**
 * The interface that db-migrate's migrations are written for, on one open PostgreSQL transaction.
 * It serves one run of one migration.
 *
 * Every method takes an optional Node-style callback and returns a Bluebird promise. None uses
 * `this`, so each can be passed around, bound or not.
 */
export function createDriver(options: DriverOptions): MigrationDriver {
  const operations = new Operations(options.connection, options.log ?? STANDARD_ERROR_LOG);
  const driver = driverOver(options, operations);
  operationsByDriver.set(driver, operations);
  return driver;
}

/** What a driver has under way. It is kept from the migration, which sees all else of its driver. */
export function operationsOf(driver: MigrationDriver): Operations {
  const operations = operationsByDriver.get(driver);
  if (!operations) throw new TypeError('This driver was not made by createDriver.');
  return operations;
}

function driverOver(options: DriverOptions, operations: Operations) {
  const { connection, schema = 'public', log = STANDARD_ERROR_LOG } = options;
  const foreignKeys = foreignKeyMethods(operations);
  return {
    connection,
    schema,
    log,
    type: DATA_TYPE,
    internals: { dryRun: false, mod: { log, type: DATA_TYPE } },
    _escapeDDL: '"',
    _escapeString: "'",
    ...escapeMethods,
    ...statementMethods(operations),
    ...tableMethods(operations),
    ...columnMethods(operations),
    ...indexMethods(operations),
    ...foreignKeys,
    ...rowMethods(operations),
    ...databaseMethods(operations),
    ...definitionMethods(operations, foreignKeys),
    ...transactionMethods(operations),
    ...unavailableMethods,
  };
}
