import { type CatalogObject, idOf, type ObjectId } from '../schema/catalog/model.js';
import { type Change } from './change.js';
import { type RowUser, rowUsersOf } from './row-type.js';

export const VIEWS: ReadonlySet<string> = new Set(['view', 'materialized view']);

/** A column of a table that stays and is of the row type of a view. */
export function rowHolderOf(change: Change, view: CatalogObject | undefined): RowUser | undefined {
  if (view === undefined || !VIEWS.has(view.kind)) return undefined;
  return rowUsersOf(change.actual, view).find(
    ({ owner, name }) =>
      owner.kind === 'table' &&
      change.expected.column(owner.name, name.slice(owner.name.length + 1)) &&
      !change.gone.has(idOf({ kind: 'column', name })) &&
      !change.gone.has(idOf(owner)),
  );
}

/** The same for the views that read something, and those that read them. */
export function rowHolderAbove(
  change: Change,
  id: ObjectId,
  seen = new Set<ObjectId>(),
): RowUser | undefined {
  for (const dependent of change.actual.dependentsOf(id)) {
    if (seen.has(dependent)) continue;
    seen.add(dependent);
    const view = change.actual.get(dependent);
    if (view === undefined || !VIEWS.has(view.kind)) continue;
    const holder = rowHolderOf(change, view) ?? rowHolderAbove(change, dependent, seen);
    if (holder) return holder;
  }
  return undefined;
}
