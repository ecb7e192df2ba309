import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ProjectConfig } from '../config/resolve.js';
import { type Migration } from './find.js';
import { compareNames } from './name.js';

/** What `db-migrate create --sql-file` writes into the folder `sqls`: a migration's name, and which way it leads. */
const OLD_SQL = /^(\d{14}-.*)-(?:up|down)\.sql$/;

/** The names of the migrations that db-migrate's SQL files beside a folder's modules are for. */
export function namesInSqls(directory: string): string[] {
  const folder = join(directory, 'sqls');
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).flatMap((file) => OLD_SQL.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort(compareNames);
}

/**
 * The names in the folders `sqls` that no migration mentions, so that nothing loads their SQL. A
 * loader names its files, also where it was renamed itself.
 */
export function sqlsWithoutLoader(
  { migrations: { directories, source } }: ProjectConfig,
  migrations: readonly Migration[],
): string[] {
  if (source) return [];
  const paths = migrations.flatMap(({ path }) => path ?? []);
  const folders = new Set([...directories, ...paths.map((path) => dirname(path))]);
  return [...folders].flatMap((folder) => {
    const names = namesInSqls(folder);
    if (names.length === 0) return [];
    const own = paths.filter((path) => dirname(path) === folder);
    return names.filter((name) => !isMentioned(name, own));
  });
}

function isMentioned(name: string, paths: readonly string[]): boolean {
  if (paths.some((path) => path.includes(`${name}.`))) return true;
  return paths.some((path) => readFileSync(path, 'utf8').includes(name));
}
