import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { compareCatalogs, readCatalog } from './catalog';
import { type TestDatabase } from './database';
import { createProject, type Outcome, type Project, REPOSITORY, runCommandLine } from './project';

/** A project that has knexward-db-migrate in the place of db-migrate, and no trace of the real one. */
export function createAliasProject(files: Record<string, string>): Project {
  const project = createProject(files, ['async', 'bluebird', 'knex', 'pg']);
  const alias = join(REPOSITORY, 'compat/db-migrate');
  symlinkSync(alias, join(project.root, 'node_modules/db-migrate'), 'dir');
  return project;
}

/** Runs the alias's command line in such a project. */
export function runAlias(
  project: Project,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Outcome> {
  return runCommandLine('compat/db-migrate/bin/db-migrate.js', args, project.root, env);
}

const BOOKKEEPING = ['migrations', 'other_history', 'knex_migrations', 'knex_migrations_lock'];

/** What a database holds, except the tables that the two tools keep their history in. */
export function schemaOf(database: TestDatabase, ...schemas: string[]): Promise<string[]> {
  const exclude = ['public', ...schemas].flatMap((schema) =>
    [...BOOKKEEPING, 'knexward_journal'].map((table) => `${schema}.${table}`),
  );
  return readCatalog(async (sql, params) => ({ rows: await database.query(sql, params) }), {
    exclude,
  });
}

/** How the schemas of two databases differ, beside that history. */
export async function differences(
  expected: TestDatabase,
  actual: TestDatabase,
  ...schemas: string[]
): Promise<string[]> {
  return compareCatalogs(await schemaOf(expected, ...schemas), await schemaOf(actual, ...schemas));
}

/** The names in a history table, in the order in which they came; none where there is no table. */
export async function namesIn(database: TestDatabase, table: string): Promise<string[]> {
  const [found] = await database.query<{ exists: boolean }>(
    'select to_regclass($1) is not null as exists',
    [table],
  );
  if (!found?.exists) return [];
  const rows = await database.query<{ name: string }>(`select name from ${table} order by id`);
  return rows.map(({ name }) => name);
}

/** Names of Knex's history as db-migrate would have written them. */
export function asDbMigrateWrites(names: readonly string[]): string[] {
  return names.map((name) => {
    const [, scope = '', file = name] = /^(?:(.*)\/)?([^/]*)$/.exec(name) ?? [];
    return `${scope}/${/\d{14}-[^.]+/.exec(file)?.[0] ?? file}`;
  });
}
