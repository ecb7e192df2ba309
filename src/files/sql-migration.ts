import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Knex } from 'knex';
import { KnexwardError } from '../errors.js';
import { stemOf } from './name.js';
import { optsOutOfTransaction, runSqlFile, sqlOf } from './sql.js';

/** A migration that runs a pair of SQL files, in the form that Knex's own command line takes. */
export interface SqlMigration {
  up(knex: Knex): Promise<void>;
  down(knex: Knex): Promise<void>;
  config: { transaction?: boolean };
}

/**
 * What a migration exports that does nothing but run the SQL files of its name: `x.js` runs
 * `x.up.sql`, and `x.down.sql` to go back. `knexward create --sql` writes such files, so that Knex's
 * own command line finds the migration; knexward itself reads the SQL without them.
 *
 * @param file the migration's own `__filename`, or `import.meta.url`
 *
 * @example
 * import { sqlMigration } from 'knexward';
 *
 * export const { up, down, config } = sqlMigration(__filename);
 */
export function sqlMigration(file: string): SqlMigration {
  const stem = stemOf(file.startsWith('file:') ? fileURLToPath(file) : file);
  const read = (direction: 'up' | 'down') => {
    const path = `${stem}.${direction}.sql`;
    return existsSync(path) ? { path, sql: sqlOf(readFileSync(path)) } : missing(path);
  };
  // Both at once: what was confirmed is what runs, whatever happens to the files meanwhile.
  const [up, down] = [read('up'), read('down')];
  if (up instanceof KnexwardError) throw up;
  return {
    up: async (knex) => runSqlFile(knex, up),
    down: async (knex) => {
      if (down instanceof KnexwardError) throw down;
      return runSqlFile(knex, down);
    },
    // Where it opts in to nothing, the knexfile's disableTransactions decides.
    config: optsOutOfTransaction(up.sql) ? { transaction: false } : {},
  };
}

function missing(path: string): KnexwardError {
  return new KnexwardError('INVALID_MIGRATION', {
    message: `There is no file ${path}.`,
    fix: 'Add the file, or bring it to where the migration is, if a build left it behind.',
  });
}
