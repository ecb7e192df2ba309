import { KnexwardError } from 'knexward/compat';
import { withDriver } from '../driver.js';
import { type Internals } from '../internals.js';
import { log } from '../log.js';

/**
 * Creates or drops a database, on the server and through the database that the configuration names.
 *
 * @throws KnexwardError `USAGE`, or the server's own error
 */
export async function database(internals: Internals): Promise<void> {
  const { argv, mode } = internals;
  const name = argv._.shift();
  if (mode !== 'create' && mode !== 'drop') throw usage('Please enter a valid command.');
  if (name === undefined) throw usage('You must enter a database name!');
  argv['dbname'] = name;
  await withDriver(internals, async (driver) => {
    try {
      if (mode === 'create') await driver.createDatabase(name);
      else await driver.dropDatabase(name, { ifExists: true });
    } catch (error) {
      log.error(`Error: Failed to ${mode} database!`, error);
      throw error;
    }
  });
  log.info(`${mode === 'create' ? 'Created' : 'Deleted'} database "${name}"`);
}

function usage(message: string): KnexwardError {
  return new KnexwardError('USAGE', {
    message: `Error: ${message}`,
    fix: 'db-migrate db:create <name> or db-migrate db:drop <name>',
  });
}
