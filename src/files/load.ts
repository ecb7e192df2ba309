import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Knex } from 'knex';
import { type ProjectConfig } from '../config/resolve.js';
import { loadUserModule } from '../config/user-module.js';
import { type MigrationPlace } from '../db-migrate/migration.js';
import { KnexwardError } from '../errors.js';
import { checksumOf } from './checksum.js';
import { type Migration } from './find.js';
import { downFileOf, optsOutOfTransaction, runSqlFile } from './sql.js';

/** One direction of a migration, in Knex's form. */
export type MigrationFunction = (knex: Knex) => PromiseLike<unknown> | void;

/** A migration that is ready to run. */
export interface LoadedMigration extends Migration {
  /** Whether it runs in a transaction; where it does not say, the knexfile does. */
  transaction: boolean;
  up: MigrationFunction;
  /** Absent where the file has no way back. */
  down: MigrationFunction | null;
  /** SHA-256 of the file, in hexadecimal; absent for a custom source. */
  checksum: string | null;
}

/**
 * Loads a migration of any format into Knex's form.
 *
 * @throws KnexwardError `INVALID_MIGRATION` where the file cannot be loaded or has no `up`.
 */
export async function loadMigration(
  migration: Migration,
  config: ProjectConfig,
): Promise<LoadedMigration> {
  const { path } = migration;
  const checksum = path === null ? null : await checksumOf(path);
  const loaded = await loadFunctions(migration, config);
  return { ...migration, checksum, ...loaded };
}

type LoadedFunctions = Pick<LoadedMigration, 'transaction' | 'up' | 'down'>;

async function loadFunctions(
  migration: Migration,
  config: ProjectConfig,
): Promise<LoadedFunctions> {
  const { path } = migration;
  const { source, disableTransactions } = config.migrations;
  const byDefault = !disableTransactions;
  if (source || path === null) {
    const module = await Promise.resolve(source?.getMigration(migration.custom));
    return fromModule(module as unknown as Record<string, unknown>, migration.name, byDefault);
  }
  switch (migration.format) {
    case 'sql':
      return loadSqlPair(path, byDefault);
    case 'db-migrate': {
      const { loadDbMigrateFile } = await import('../db-migrate/load.js');
      const { toKnexMigration } = await import('../db-migrate/migration.js');
      const { down } = await loadDbMigrateFile(path);
      const functions = toKnexMigration(path, placeOf(config));
      return { transaction: true, up: functions.up, down: down ? functions.down : null };
    }
    case 'knex':
      return fromModule(await loadKnexModule(path), path, byDefault);
  }
}

/** Where db-migrate's files work, and under which names they may look into the history. */
function placeOf({ migrations, settings }: ProjectConfig): MigrationPlace {
  const { schemaName, tableName } = migrations;
  const schema = settings.dbMigrate.schema ?? schemaName;
  return {
    ...(schema !== null && { schema }),
    history: {
      dbMigrateTable: settings.dbMigrate.table,
      knexTable: tableName,
      ...(schemaName !== null && { knexSchema: schemaName }),
    },
  };
}

async function loadSqlPair(path: string, byDefault: boolean): Promise<LoadedFunctions> {
  const down = downFileOf(path);
  return {
    transaction: byDefault && !optsOutOfTransaction(await readFile(path, 'utf8')),
    up: (knex) => runSqlFile(knex, path),
    down: existsSync(down) ? (knex) => runSqlFile(knex, down) : null,
  };
}

async function loadKnexModule(path: string): Promise<Record<string, unknown>> {
  try {
    return await loadUserModule(path);
  } catch (error) {
    throw new KnexwardError('INVALID_MIGRATION', {
      message: `The migration ${path} cannot be loaded: ${String(error)}`,
      fix: 'Correct the file. Nothing has been run.',
      cause: error,
    });
  }
}

function fromModule(
  module: Record<string, unknown>,
  where: string,
  byDefault: boolean,
): LoadedFunctions {
  const { up, down, config } = module as {
    up?: unknown;
    down?: unknown;
    config?: { transaction?: unknown };
  };
  if (typeof up !== 'function') {
    throw new KnexwardError('INVALID_MIGRATION', {
      message: `The migration ${where} exports no function "up".`,
      fix: 'Export up(knex) and down(knex). "knexward create" writes a file that has both.',
    });
  }
  return {
    transaction: typeof config?.transaction === 'boolean' ? config.transaction : byDefault,
    up: up as MigrationFunction,
    down: typeof down === 'function' ? (down as MigrationFunction) : null,
  };
}
