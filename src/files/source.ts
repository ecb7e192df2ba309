import { type Knex } from 'knex';
import { MIGRATION_EXTENSIONS, MIGRATION_SOURCE } from '../config/migrations.js';
import { projectConfig } from '../config/resolve.js';
import { OWN_EXTENSIONS } from './file-set.js';
import { findMigrations, type Migration } from './find.js';

/** Where a migration source looks. */
export interface MigrationSourceOptions {
  /** The folder, or folders, with the migrations. Relative to the working directory. */
  directory: string | readonly string[];
  /** The extensions that count, such as `['.js', '.sql']` where TypeScript is compiled in place; else all that knexward reads. */
  loadExtensions?: readonly string[];
  /** As `knexward.transactions` in the knexfile, of which Knex's own command line knows nothing. */
  transactions?: Readonly<Record<string, boolean>>;
}

/** A migration source of knexward's: Knex's interface, and the folder that it looks in. */
export interface KnexwardMigrationSource extends Knex.MigrationSource<Migration> {
  readonly [MIGRATION_SOURCE]: string | readonly string[];
  readonly [MIGRATION_EXTENSIONS]: readonly string[];
}

/**
 * A migration source for a knexfile: finds and loads every format that knexward knows (Knex's,
 * pairs of SQL files, db-migrate's), so that Knex's own `knex migrate:*` works on them too.
 *
 * @example
 * import { migrationSource } from 'knexward';
 *
 * export default {
 *   client: 'pg',
 *   migrations: { migrationSource: migrationSource({ directory: './migrations' }) },
 * };
 */
export function migrationSource(options: MigrationSourceOptions): KnexwardMigrationSource {
  const { directory, loadExtensions = OWN_EXTENSIONS, transactions = {} } = options;
  const config = () =>
    projectConfig(
      process.cwd(),
      'development',
      {
        migrations: { directory: [directory].flat(), loadExtensions },
        knexward: { transactions },
      },
      null,
    );
  return {
    [MIGRATION_SOURCE]: directory,
    [MIGRATION_EXTENSIONS]: loadExtensions,
    getMigrations: () => findMigrations(config()),
    getMigrationName: ({ name }) => name,
    getMigration: async (migration) => {
      // Only now: a knexfile makes a source in every process, also where nothing migrates.
      const { loadMigration } = await import('./load.js');
      const { up, down, transaction } = await loadMigration(migration, config());
      return {
        up: async (knex) => up(knex),
        down: async (knex) => down?.(knex),
        config: { transaction },
      };
    },
  };
}
