import { scopeOf, withoutScope } from './scope.js';

/** db-migrate looks for this anywhere in a file's name, and cuts it at the first dot after it. */
const DB_MIGRATE_STEM = /\d{14}-[^.]+/;

/**
 * What db-migrate calls a file, without the slash in front: `2019…-a` for `2019…-a.v2.js`,
 * `tenant/2019…-a` in a scope. `undefined` where it would not know it for a migration.
 */
export function oldStemOf(name: string): string | undefined {
  const own = DB_MIGRATE_STEM.exec(withoutScope(name))?.[0];
  if (own === undefined) return undefined;
  return [scopeOf(name), own].filter((part) => part !== '').join('/');
}

/** What db-migrate writes into its table for a file: a slash stands in front outside of scopes. */
export function oldNameOf(name: string): string | undefined {
  const stem = oldStemOf(name);
  return stem === undefined || scopeOf(name) !== '' ? stem : `/${stem}`;
}
