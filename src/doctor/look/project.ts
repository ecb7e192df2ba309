import { type ProjectConfig } from '../../config/resolve.js';
import { KnexwardError } from '../../errors.js';
import { findAllMigrations, type Migration } from '../../files/find.js';

/** What the project's own configuration and folders say. */
export interface ProjectFacts {
  knexfile: string | null;
  folders: string[];
  /** How many migrations there are, or why they cannot be told. */
  files: number | { error: string; fix: string };
  /** Knex's pool and how long it waits for a connection, as far as the knexfile says. */
  pool: { max: number | null; acquireTimeoutMs: number | null };
  disableTransactions: boolean;
}

/** Looks at the configuration and the migrations folders. */
export async function lookAtProject(config: ProjectConfig): Promise<ProjectFacts> {
  const { migrations, knex, knexfile } = config;
  const { pool, acquireConnectionTimeout } = knex;
  return {
    knexfile,
    folders: migrations.source === null ? migrations.directories : [],
    files: await countFiles(findAllMigrations(config)),
    pool: { max: pool?.max ?? null, acquireTimeoutMs: acquireConnectionTimeout ?? null },
    disableTransactions: migrations.disableTransactions,
  };
}

async function countFiles(finding: Promise<Migration[]>): Promise<ProjectFacts['files']> {
  try {
    return (await finding).length;
  } catch (error) {
    const fix = error instanceof KnexwardError ? error.fix : 'Correct the migration source.';
    return { error: error instanceof Error ? error.message : String(error), fix };
  }
}
