import { type CatalogLookup } from '../catalog/lookup.js';
import { type CatalogObject, defaultOf, idOf } from '../catalog/model.js';
import { type Entry } from './entries.js';
import { fullColumns, parentsOf } from './inherited.js';
import { statementsAbout } from './priority.js';
import { setDefault } from './table.js';

type Table = CatalogObject<'table'>;
type Entries = ReadonlyMap<string, Entry>;

/**
 * Where a table is split, its columns get their defaults later, and tables that inherit from it were
 * made without: they get theirs together with it.
 */
export function inheritDefaults(lookup: CatalogLookup, entries: Entries): void {
  for (const table of lookup.catalog.objects) {
    if (table.kind !== 'table' || !entries.has(idOf(table))) continue;
    for (const column of above(lookup, table).length > 0 ? fullColumns(lookup, table) : []) {
      const own = lookup.get(idOf({ kind: 'column', name: `${table.name}.${column.own}` }));
      const says = own?.kind === 'column' && (own.parts.type ?? own.parts.default) !== undefined;
      const entry = says ? undefined : defaultAbove(lookup, entries, table, column.own);
      if (!entry || !column.parts.default) continue;
      const texts = [setDefault(table, column)];
      entry.statements.push(...statementsAbout(idOf(table), entry.priority, texts));
      entry.dependencies.add(idOf(table));
    }
  }
}

/** The entry that gives a column of a parent its default. */
function defaultAbove(
  lookup: CatalogLookup,
  entries: Entries,
  table: Table,
  own: string,
): Entry | undefined {
  for (const parent of above(lookup, table)) {
    const column = idOf({ kind: 'column', name: `${parent.name}.${own}` });
    const entry = entries.get(defaultOf(column)) ?? defaultAbove(lookup, entries, parent, own);
    if (entry) return entry;
  }
  return undefined;
}

function above(lookup: CatalogLookup, { parts }: Table): Table[] {
  const { partitionOf, inherits = [] } = parts;
  return parentsOf(lookup, partitionOf === undefined ? inherits : [partitionOf]);
}
