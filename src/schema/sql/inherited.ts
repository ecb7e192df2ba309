import { inOrderOfParents, withParent } from '../catalog/inheritance.js';
import { type CatalogLookup } from '../catalog/lookup.js';
import { type CatalogObject, type PartsOf } from '../catalog/model.js';

type Table = CatalogObject<'table'>;
type Column = CatalogObject<'column'>;
type ColumnParts = PartsOf['column'];

/** All columns of a table with all that is true of them, those from its parents included. */
export function fullColumns(lookup: CatalogLookup, table: Table): Column[] {
  const { partitionOf, inherits = [], columnOrder } = table.parts;
  const parents = partitionOf === undefined ? inherits : [partitionOf];
  const columns = new Map<string, Column>();
  for (const parent of parentsOf(lookup, parents)) {
    for (const column of fullColumns(lookup, parent)) {
      if (!columns.has(column.own))
        columns.set(column.own, { ...column, parts: takenOver(column.parts) });
    }
  }
  for (const column of lookup.membersOf(table, 'column')) {
    const parts = withParent(column.parts, columns.get(column.own)?.parts);
    columns.set(column.own, { ...column, parts: column.parts.type ? column.parts : parts });
  }
  const order = columnOrder ?? [...columns.keys()];
  return order.flatMap((own) => columns.get(own) ?? []);
}

/** Without the name of the parent's not-null constraint: a table that is attached has one of its own. */
function takenOver(parts: ColumnParts): ColumnParts {
  return withParent({}, parts);
}

/** The checks that a table has from its parents, and must have when it is attached to them. */
export function inheritedChecks(
  lookup: CatalogLookup,
  { parts }: Table,
): CatalogObject<'constraint'>[] {
  const names = parts.partitionOf === undefined ? (parts.inherits ?? []) : [parts.partitionOf];
  return parentsOf(lookup, names).flatMap((parent) => heritableChecks(lookup, parent));
}

/** The checks that a table gives to those that inherit from it. */
export function heritableChecks(
  lookup: CatalogLookup,
  table: Table,
): CatalogObject<'constraint'>[] {
  const own = lookup
    .membersOf(table, 'constraint')
    .filter(
      ({ parts: { type, definition } }) => type === 'check' && !/ NO INHERIT\b/.test(definition),
    );
  return [
    ...inheritedChecks(lookup, table),
    ...own.map((check) => {
      const definition = check.parts.definition.replace(/ NOT VALID$/, '');
      return { ...check, parts: { ...check.parts, definition } };
    }),
  ];
}

/** Whether a table is made by itself and attached: made of its parents, its columns would not come out so. */
export function isAttached(
  lookup: CatalogLookup,
  { parts }: Table,
  own: readonly Column[],
): boolean {
  const { partitionOf, inherits = [], columnOrder } = parts;
  if (partitionOf !== undefined) {
    return columnOrder !== undefined || own.some((column) => 'expression' in column.parts);
  }
  const local = own.filter((column) => column.parts.type).map((column) => column.own);
  const above = parentsOf(lookup, inherits).flatMap((parent) => fullColumns(lookup, parent));
  const names = [...new Set(above.map((column) => column.own))];
  return inOrderOfParents(local, names).join() !== local.join();
}

export function parentsOf(lookup: CatalogLookup, names: readonly string[]): Table[] {
  return names.flatMap((name) => lookup.table(name) ?? []);
}
