import { type Migration } from '../files/find.js';
import { scopeOf } from '../files/scope.js';

/** The scope that the files of a run are of: all of them are of one, or of none (an empty text). */
export function scopeOfRun(files: readonly Migration[]): string {
  return scopeOf(files[0]?.name ?? '');
}

/**
 * The rows of the history that a run with these files is about. `down` reverts no other scope's
 * migrations, as with db-migrate.
 */
export function inScopeOfRun<Row extends { name: string }>(
  files: readonly Migration[],
  rows: readonly Row[],
): Row[] {
  // A migration source of the knexfile's own has no scopes, whatever its names look like.
  if (files[0]?.custom !== undefined) return [...rows];
  const scope = scopeOfRun(files);
  return rows.filter(({ name }) => scopeOf(name) === scope);
}
