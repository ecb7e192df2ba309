import { dirname } from 'node:path';
import { sourceOf } from '../config/migrations.js';
import { type ProjectConfig } from '../config/resolve.js';
import { folderOf, type Migration } from './find.js';

/** A migration as Knex hands it over: as the migration source gives it, which of Knex's is file and folder. */
export function inKnexForm(migration: Migration, config: ProjectConfig): unknown {
  const { name, path, format, custom } = migration;
  if (custom !== undefined) return custom;
  const given = config.knex.migrations ?? {};
  const { directories, scope } = config.migrations;
  if (sourceOf(given) !== null || path === null) return { name, format, path };
  const position = directories.map((folder) => folderOf(folder, scope)).indexOf(dirname(path));
  return { file: name, directory: [given.directory ?? './migrations'].flat()[position] };
}
