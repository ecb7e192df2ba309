import { type Driver, KnexwardError } from 'knexward/compat';
import { withCompletion } from '../completion.js';
import { withDriver } from '../driver.js';
import { type Internals } from '../internals.js';
import { log } from '../log.js';
import { callSeed, findSeeds, loadSeed } from '../seed-files.js';
import { appliedSeeds, lockSeeds, recordName } from '../seed-history.js';
import { selectDown } from '../selection.js';

/**
 * Reverts the newest version controlled seed, or as many as the options say.
 *
 * @throws KnexwardError `USAGE` for static seeds
 */
export function undoSeed(internals: Internals): Promise<unknown> {
  const { argv, mode } = internals;
  if (mode === 'static') throw cannotUndo();
  if (argv.count === undefined || argv.count === '') {
    log.info('Defaulting to running 1 down seed.');
    argv.count = 1;
  }
  const destination = argv._.shift();
  if (destination !== undefined) argv.destination = destination;
  return withCompletion(internals, () =>
    withDriver(internals, (driver) => revert(internals, driver)),
  );
}

async function revert(internals: Internals, driver: Driver): Promise<void> {
  const files = await findSeeds(internals);
  await driver.createSeedsTable();
  const applied = await appliedSeeds(internals, driver);
  const selected = selectDown(files, applied, internals.argv);
  if (selected.length === 0) return log.info('No seeds to run');
  for (const { name } of selected) {
    const file = files.find((candidate) => candidate.name === name);
    if (!file) throw fileMissing(name);
    await driver.startMigration();
    await lockSeeds(internals, driver);
    await callSeed(loadSeed(file, internals), 'down', file, driver);
    await driver.deleteSeed(recordName(internals, name));
    await driver.endMigration();
    log.info('Processed seed', name);
  }
}

function cannotUndo(): KnexwardError {
  return new KnexwardError('USAGE', {
    message: "Static seeders can't be undone. Use VC Seeders instead!",
    fix: 'Leave out ":static", or run the static seeds again.',
  });
}

function fileMissing(name: string): KnexwardError {
  return new KnexwardError('MISSING_FILE', {
    message: `The seed ${name} cannot be reverted: there is no such file.`,
    fix: 'Bring the file back (from version control), then run the command again.',
  });
}
