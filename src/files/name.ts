import { extname } from 'node:path';

const DB_MIGRATE_NAME = /^\d{14}-/;
const TIMESTAMP = /^\d{14}/;

/**
 * Whether a file is named as db-migrate names its own: `YYYYMMDDHHMMSS-…`, with a hyphen. A name in
 * a history table may have a scope in front (`scope/2019…-x.js`).
 */
export function hasDbMigrateName(name: string): boolean {
  return DB_MIGRATE_NAME.test(name.slice(name.lastIndexOf('/') + 1));
}

/** The name without its extension; `.up.sql` counts as one. */
export function stemOf(name: string): string {
  if (name.endsWith('.up.sql')) return name.slice(0, -'.up.sql'.length);
  return name.slice(0, name.length - extname(name).length);
}

/** The fourteen digits that a name starts with, or `undefined`. */
export function timestampOf(name: string): string | undefined {
  return TIMESTAMP.exec(name)?.[0];
}

/** Orders names as Knex and db-migrate do: by their characters' codes, in every locale the same. */
export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
