import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, sep } from 'node:path';
import { type Knex } from 'knex';
import { type ProjectConfig } from '../config/resolve.js';
import { type RawConnection } from '../database/raw-connection.js';
import { type MigrationPlace } from '../db-migrate/migration.js';
import { KnexwardError } from '../errors.js';
import { sha256 } from './checksum.js';
import { type Migration } from './find.js';
import { loadCustom } from './custom-source.js';
import { configuredFormat, entryFor, formatsEntry } from './format.js';
import { loadKnexModule } from './module.js';
import { hasDbMigrateName } from './name.js';
import { fitsInPipeline } from '../sql/fits-in-pipeline.js';
import {
  downFileOf,
  optsOutOfTransaction,
  runSqlFile,
  sendSqlFile,
  type SqlFile,
  sqlOf,
} from './sql.js';

/** One direction of a migration, in Knex's form. */
export type MigrationFunction = (knex: Knex) => PromiseLike<unknown> | void;

/** One direction of a migration that needs no Knex, on the connection of an open transaction. */
export type DirectFunction = (connection: RawConnection) => PromiseLike<unknown>;

/** A SQL file that is ready to be sent. */
interface SqlText extends SqlFile {
  fitsInPipeline: boolean;
}

/** A migration that is ready to run. */
export interface LoadedMigration extends Migration {
  /** Whether it runs in a transaction; where it does not say, the knexfile does. */
  transaction: boolean;
  up: MigrationFunction;
  /** Absent where the file has no way back. */
  down: MigrationFunction | null;
  /** SHA-256 of the file, in hexadecimal; absent for a custom source. */
  checksum: string | null;
  /** The folder in the project of a file of which nothing but its project tells the format. */
  guessedIn?: string | undefined;
  /** The same without Knex, where the migration is not written for it; else `null`. */
  direct: { up: DirectFunction; down: DirectFunction | null } | null;
  /** What a pair of SQL files sends. */
  sql?: { up: SqlText; down: SqlText | null };
}

/** What loads a migration for a run. */
export type LoadMigration = (
  migration: Migration,
  config: ProjectConfig,
) => Promise<LoadedMigration>;

/**
 * Loads each migration once, for the runs of one project on many databases: all of them run what was
 * read first, and nothing is compiled twice. db-migrate's files are told where they work, which each
 * database says for itself.
 */
export function loadOnce(): LoadMigration {
  const loaded = new Map<string, Promise<LoadedMigration>>();
  return async (migration, config) => {
    if (migration.format === 'db-migrate') return loadMigration(migration, config);
    const key = JSON.stringify([migration.name, migration.path]);
    const loading = loaded.get(key) ?? loadMigration(migration, config);
    loaded.set(key, loading);
    return loading;
  };
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
  // At once and not by the thread pool: of hundreds of small files, waiting would be the most of it.
  const content = path === null ? null : readFileSync(path);
  const guessedIn = guessedFolder(migration, config);
  const transaction = configuredTransaction(migration, config);
  const loaded = await loadFunctions({ ...migration, guessedIn, transaction }, content, config);
  return {
    ...{ ...migration, guessedIn, checksum: content && sha256(content), ...loaded },
    transaction: transaction ?? loaded.transaction,
  };
}

/** What `knexward.transactions` says: of the migration's name first, then of its file and its folders. */
function configuredTransaction(
  { name, path }: Migration,
  { projectRoot, settings: { transactions } }: ProjectConfig,
): boolean | undefined {
  if (Object.hasOwn(transactions, name)) return transactions[name];
  return path === null ? undefined : entryFor(path, projectRoot, transactions);
}

/** The folder of a file whose format was guessed from its name and its project; else `undefined`. */
function guessedFolder(
  { name, path, format }: Migration,
  { projectRoot, settings }: ProjectConfig,
): string | undefined {
  if (path === null || format === 'sql' || !hasDbMigrateName(name)) return undefined;
  if (configuredFormat(path, projectRoot, settings)) return undefined;
  return relative(projectRoot, dirname(path)).split(sep).join('/') || '.';
}

type LoadedFunctions = Pick<LoadedMigration, 'transaction' | 'up' | 'down' | 'direct' | 'sql'>;

async function loadFunctions(
  migration: Migration & Pick<LoadedMigration, 'guessedIn'> & { transaction: boolean | undefined },
  content: Buffer | null,
  config: ProjectConfig,
): Promise<LoadedFunctions> {
  const { path } = migration;
  const { source, disableTransactions } = config.migrations;
  const byDefault = !disableTransactions;
  if (source || path === null || content === null) {
    if (!source) throw new Error(`The migration ${migration.name} has no file.`);
    const module = await loadCustom(source, migration.custom, migration.name);
    return fromModule(module, migration.name, byDefault);
  }
  switch (migration.format) {
    case 'sql':
      return loadSqlPair(path, sqlOf(content), byDefault);
    case 'db-migrate':
      return loadOldFile(path, config, migration.transaction ?? true);
    case 'knex': {
      const module = await loadKnexModule(path);
      if (migration.guessedIn !== undefined) refuseOldFile(module, path, migration.guessedIn);
      return fromModule(module, path, byDefault);
    }
  }
}

/**
 * Knex, too, has a method "insert": given Knex in the place of db-migrate's driver, a file may end
 * without an error and without having done anything.
 */
function refuseOldFile(module: Record<string, unknown>, path: string, folder: string): void {
  if (typeof module['setup'] !== 'function') return;
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `The migration ${path} exports a function "setup", as db-migrate's files do, in a project that otherwise uses Knex. Nothing was run.`,
    fix: `Say in the knexfile what it is: ${formatsEntry(folder, 'db-migrate')}, or 'knex' where that is right.`,
  });
}

async function loadOldFile(
  path: string,
  config: ProjectConfig,
  transaction: boolean,
): Promise<LoadedFunctions> {
  const { loadDbMigrateFile } = await import('../db-migrate/load.js');
  const { runOn, runWithoutTransaction, toKnexMigration } =
    await import('../db-migrate/migration.js');
  const file = await loadDbMigrateFile(path);
  const place = placeOf(config);
  if (!transaction) {
    const run = (direction: 'up' | 'down') => (knex: Knex) =>
      runWithoutTransaction(knex, file, direction, place);
    return { transaction, up: run('up'), down: file.down ? run('down') : null, direct: null };
  }
  const { up, down } = toKnexMigration(file, place);
  return {
    ...{ transaction: true, up, down: file.down ? down : null },
    direct: {
      up: (connection) => runOn(connection, file, 'up', place),
      down: file.down ? (connection) => runOn(connection, file, 'down', place) : null,
    },
  };
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

function loadSqlPair(path: string, sql: string, byDefault: boolean): LoadedFunctions {
  const up = sqlText(path, sql);
  const downPath = downFileOf(path);
  // Both at once: what was confirmed is what runs, whatever happens to the file meanwhile.
  const down = existsSync(downPath) ? sqlText(downPath, sqlOf(readFileSync(downPath))) : null;
  return {
    transaction: byDefault && !optsOutOfTransaction(sql),
    up: (knex) => runSqlFile(knex, up),
    down: down && ((knex) => runSqlFile(knex, down)),
    direct: {
      up: (connection) => sendSqlFile(connection, up),
      down: down && ((connection) => sendSqlFile(connection, down)),
    },
    sql: { up, down },
  };
}

function sqlText(path: string, sql: string): SqlText {
  return { path, sql, fitsInPipeline: fitsInPipeline(sql) };
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
      fix: 'Export up(knex) and down(knex), as the files do that the command "create" writes.',
    });
  }
  return {
    transaction: typeof config?.transaction === 'boolean' ? config.transaction : byDefault,
    // As Knex calls them: `this` is the migration.
    up: (knex) => Reflect.apply(up, module, [knex]) as ReturnType<MigrationFunction>,
    down:
      typeof down === 'function'
        ? (knex) => Reflect.apply(down, module, [knex]) as ReturnType<MigrationFunction>
        : null,
    direct: null,
  };
}
