import Bluebird from 'bluebird';
import { connect, DB_MIGRATE, type Driver } from 'knexward/compat';
import { type Internals } from './internals.js';
import { migrationLog } from './log.js';

/** Lends db-migrate's whole driver, on a connection of its own, for the time of one call. */
export async function withDriver<Result>(
  internals: Internals,
  work: (driver: Driver) => Promise<Result>,
): Promise<Result> {
  const { environment, migrationTable, seedTable, dryRun, notransactions } = internals;
  const { connection, schema } = environment;
  const intern = { migrationTable, seedTable, dryRun, notransactions };
  const driver = await Bluebird.fromCallback<Driver>((callback) =>
    connect(
      { ...connection, schema },
      { ...intern, mod: { log: migrationLog, type: DB_MIGRATE.dataType } },
      callback,
    ),
  );
  try {
    return await work(driver);
  } finally {
    await driver.close();
  }
}
