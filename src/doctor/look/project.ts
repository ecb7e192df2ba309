import { type ProjectConfig } from '../../config/resolve.js';
import { KnexwardError } from '../../errors.js';
import { fileSetOf } from '../../files/file-set.js';
import { findAllMigrations, type Migration } from '../../files/find.js';
import { sqlsWithoutLoader } from '../../files/sqls.js';

/** What the project's own configuration and folders say. */
export interface ProjectFacts {
  knexfile: string | null;
  folders: string[];
  /** How many migrations there are, or why they cannot be told. */
  files: number | { error: string; fix: string };
  /** Migrations that Knex's own command line does not find: SQL files that no module loads. */
  unknownToKnex: string[];
  /** Names in db-migrate's folders `sqls` whose SQL no migration loads. */
  sqlWithoutLoader: string[];
  /** Knex's pool and how long it waits for a connection, as far as the knexfile says. */
  pool: { max: number | null; acquireTimeoutMs: number | null };
  disableTransactions: boolean;
}

/** Looks at the configuration and the migrations folders. */
export async function lookAtProject(config: ProjectConfig): Promise<ProjectFacts> {
  const { migrations, knex, knexfile } = config;
  const { pool, acquireConnectionTimeout } = knex;
  const found = await findFiles(config);
  return {
    knexfile,
    folders: migrations.source === null ? migrations.directories : [],
    files: Array.isArray(found) ? found.length : found,
    unknownToKnex: Array.isArray(found) ? unknownToKnex(config, found) : [],
    sqlWithoutLoader: Array.isArray(found) ? sqlsWithoutLoader(config, found) : [],
    pool: { max: pool?.max ?? null, acquireTimeoutMs: acquireConnectionTimeout ?? null },
    disableTransactions: migrations.disableTransactions,
  };
}

function unknownToKnex(config: ProjectConfig, files: readonly Migration[]): string[] {
  if (config.knexfile === null || fileSetOf(config).ownSource) return [];
  return files.map(({ name }) => name).filter((name) => name.endsWith('.up.sql'));
}

async function findFiles(
  config: ProjectConfig,
): Promise<Migration[] | { error: string; fix: string }> {
  try {
    return await findAllMigrations(config);
  } catch (error) {
    const fix = error instanceof KnexwardError ? error.fix : 'Correct the migration source.';
    return { error: error instanceof Error ? error.message : String(error), fix };
  }
}
