import { join } from 'node:path';
import {
  createDriver,
  type Direction,
  loadDbMigrateFile,
  loadMigration,
  type MigrationFunction,
  type ResolvedConfig,
  runDbMigrateMigration,
  withRawConnection,
  withSchemaFirst,
} from 'knexward/compat';
import { migrationLog } from './log.js';
import { isDbMigrates, type MigrationFile } from './migration-files.js';

/** How db-migrate's files are to be run. */
export interface FileOptions {
  /** The schema that db-migrate puts in front of the search path. */
  schema: string;
  ignoreOnInit: boolean;
  transaction: boolean;
  /** Told of the very error that a migration ended with. */
  onError: (historyName: string, error: unknown) => void;
}

type MigrationSource = NonNullable<ResolvedConfig['migrations']['source']>;

/** A migration source for these files: db-migrate's as the options say, Knex's as they are. */
export function createSource(
  files: readonly MigrationFile[],
  config: ResolvedConfig,
  options: FileOptions,
): MigrationSource {
  return {
    getMigrations: () => Promise.resolve([...files]),
    getMigrationName: (file) => (file as MigrationFile).historyName,
    getMigration: (file) => load(file as MigrationFile, config, options),
  };
}

async function load(file: MigrationFile, config: ResolvedConfig, options: FileOptions) {
  const path = join(file.directory, file.file);
  const { up, down, transaction } = isDbMigrates(file)
    ? await loadOld(path, config, options)
    : await loadMigration(
        { name: file.historyName, format: path.endsWith('.sql') ? 'sql' : 'knex', path },
        config,
      );
  const watched = (work: MigrationFunction) => async (knex: Parameters<MigrationFunction>[0]) => {
    try {
      await work(knex);
    } catch (error) {
      options.onError(file.historyName, error);
      throw error;
    }
  };
  // The types of Knex want a way back; knexward says so where there is none.
  const back = down === null ? (undefined as never) : watched(down);
  return { up: watched(up), down: back, config: { transaction } };
}

async function loadOld(path: string, config: ResolvedConfig, options: FileOptions) {
  const { down } = await loadDbMigrateFile(path);
  const { transaction } = options;
  const inDirection = (direction: Direction) => runnerFor(path, direction, config, options);
  return { transaction, up: inDirection('up'), down: down ? inDirection('down') : null };
}

function runnerFor(
  path: string,
  direction: Direction,
  config: ResolvedConfig,
  { schema, ignoreOnInit }: FileOptions,
): MigrationFunction {
  const { schemaName, tableName } = config.migrations;
  const history = {
    dbMigrateTable: config.settings.dbMigrate.table,
    knexTable: tableName,
    ...(schemaName !== null && { knexSchema: schemaName }),
  };
  return (knex) =>
    withRawConnection(knex, async (connection) => {
      const file = await loadDbMigrateFile(path);
      const driver = createDriver({ connection, schema, log: migrationLog, history });
      const work = () => runDbMigrateMigration(file, direction, driver, { ignoreOnInit });
      await (schema === 'public' ? work() : withSchemaFirst(connection, schema, work));
    });
}
