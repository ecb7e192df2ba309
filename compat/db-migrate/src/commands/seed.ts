import { type Driver } from 'knexward/compat';
import { withCompletion } from '../completion.js';
import { withDriver } from '../driver.js';
import { type Internals } from '../internals.js';
import { log } from '../log.js';
import { type MigrationFile } from '../migration-files.js';
import { callSeed, findSeeds, loadSeed } from '../seed-files.js';
import { appliedSeeds, lockSeeds, recordName } from '../seed-history.js';
import { selectUp } from '../selection.js';

/** Runs the version controlled seeds that have not run, or, in the mode `static`, the static ones. */
export function seed(internals: Internals): Promise<unknown> {
  const { argv, mode } = internals;
  const destination = argv._.shift();
  if (destination !== undefined) argv.destination = destination;
  return withCompletion(internals, async () => {
    const seeds = await findSeeds(internals);
    return withDriver(internals, (driver) =>
      mode === 'static'
        ? runStatic(internals, driver, seeds)
        : runVersionControlled(internals, driver, seeds),
    );
  });
}

/** All of them in one transaction, each after it has removed what an earlier run left. */
async function runStatic(
  internals: Internals,
  driver: Driver,
  seeds: readonly MigrationFile[],
): Promise<void> {
  const { destination } = internals.argv;
  const selected = selectUp(seeds, [], { destination });
  if (selected.length === 0) return log.info('No seeds to run');
  await driver.startMigration();
  for (const file of selected) {
    const loaded = loadSeed(file, internals);
    await callSeed(loaded, 'truncate', file, driver);
    await callSeed(loaded, 'seed', file, driver);
    log.info('Processed seed', file.name);
  }
  await driver.endMigration();
}

/** Each in a transaction with its row in db-migrate's own history of seeds; Knex has none. */
async function runVersionControlled(
  internals: Internals,
  driver: Driver,
  seeds: readonly MigrationFile[],
): Promise<void> {
  await driver.createSeedsTable();
  const selected = selectUp(seeds, await appliedSeeds(internals, driver), internals.argv);
  if (selected.length === 0) return log.info('No seeds to run');
  for (const file of selected) {
    await driver.startMigration();
    await lockSeeds(internals, driver);
    const applied = await appliedSeeds(internals, driver);
    if (!applied.some(({ name }) => name === file.name)) {
      await callSeed(loadSeed(file, internals), 'up', file, driver);
      await driver.addSeedRecord(recordName(internals, file.name));
      log.info('Processed seed', file.name);
    }
    await driver.endMigration();
  }
}
