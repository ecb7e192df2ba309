import { join } from 'node:path';
import { type MigrationFile } from './migration-files.js';
import { dateOf, titleOf } from './names.js';

/** A migration as db-migrate's API hands it over. */
export interface Described {
  name: string;
  path: string;
  title: string;
  date: Date;
}

/** Describes a migration's file. */
export function describe({ directory, file, name }: MigrationFile): Described {
  return { name, path: join(directory, file), title: titleOf(name), date: dateOf(name) };
}
