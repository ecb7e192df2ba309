import { type CatalogObject, idOf, type ObjectId, type PartsOf } from './model.js';

type Table = CatalogObject<'table'>;
type Column = CatalogObject<'column'>;
type ColumnParts = PartsOf['column'];

/** What a column takes over from the parent table's column of the same name. */
const TAKEN_OVER = [
  'type',
  'collation',
  'default',
  'generated',
  'expression',
  'notNull',
  'storage',
  'compression',
] as const satisfies readonly (keyof ColumnParts)[];

/**
 * Leaves out of the columns that a table has from its parents what the parents say already, so
 * that one change is one difference, and a column that says nothing of its own altogether. For a
 * partition, the order of its columns is told where it is another.
 */
export function withoutInherited(
  objects: readonly CatalogObject[],
  inherited: ReadonlySet<ObjectId>,
): CatalogObject[] {
  if (inherited.size === 0) return [...objects];
  const full = new TableColumns(objects, inherited);
  const spokenOf = new Set(objects.map(({ parent }) => parent));
  return full.inPlainOrder(objects).flatMap((object): CatalogObject[] => {
    if (object.kind === 'table') return [full.withOrder(object)];
    if (object.kind !== 'column' || !inherited.has(idOf(object))) return [object];
    const parts = ownParts(object, full.inParent(object));
    const saysNothing = Object.keys(parts).length === 0 && !spokenOf.has(idOf(object));
    return saysNothing ? [] : [{ ...object, parts }];
  });
}

/**
 * The order that the columns get in a table that inherits: those that a parent has too come first,
 * in its order.
 */
export function inOrderOfParents(own: readonly string[], above: readonly string[]): string[] {
  const shared = above.filter((name) => own.includes(name));
  return [...shared, ...own.filter((name) => !shared.includes(name))];
}

/** A column's parts with what it takes over from the parent's column. */
export function withParent(own: ColumnParts, parent: ColumnParts | undefined): ColumnParts {
  const taken = TAKEN_OVER.map((name) => [name, name in own ? own[name] : parent?.[name]]);
  const parts = { ...own, ...Object.fromEntries(taken) } as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(parts).filter(([, value]) => value !== null && value !== undefined),
  );
}

function ownParts({ parts }: Column, parent: Column | undefined): ColumnParts {
  if (parent === undefined) return parts;
  const own: Record<string, unknown> = { ...parts };
  for (const name of TAKEN_OVER) {
    if (parts[name] === parent.parts[name]) delete own[name];
    else if (parts[name] === undefined) own[name] = null;
  }
  return own;
}

/** The columns of each table, complete, as the server lists them. */
class TableColumns {
  private readonly tables = new Map<ObjectId, Table>();
  private readonly columns = new Map<ObjectId, Map<string, Column>>();

  constructor(
    objects: readonly CatalogObject[],
    private readonly inherited: ReadonlySet<ObjectId>,
  ) {
    for (const object of objects) {
      if (object.kind === 'table') this.tables.set(idOf(object), object);
      if (object.kind !== 'column' || object.parent === null) continue;
      const siblings = this.columns.get(object.parent) ?? new Map<string, Column>();
      this.columns.set(object.parent, siblings.set(object.own, object));
    }
  }

  /** The column that this one comes from: of several parents, the first that has it. */
  inParent({ parent, own }: Column): Column | undefined {
    const table = parent === null ? undefined : this.tables.get(parent);
    const { partitionOf, inherits = [] } = table?.parts ?? {};
    const parents = partitionOf === undefined ? inherits : [partitionOf];
    return parents.map((name) => this.of(name)?.get(own)).find((found) => found !== undefined);
  }

  /**
   * Where a table that inherits got columns from its parents later on, they stand after its own.
   * No statement makes such an order again, so it is not told.
   */
  inPlainOrder(objects: readonly CatalogObject[]): CatalogObject[] {
    const mixed = new Set<ObjectId | null>();
    for (const object of objects) {
      if (object.kind !== 'column' || !this.inherited.has(idOf(object))) continue;
      if (this.tables.get(object.parent ?? '')?.parts.inherits) mixed.add(object.parent);
    }
    const others = objects.filter(({ kind, parent }) => kind !== 'column' || !mixed.has(parent));
    return [...others, ...[...mixed].flatMap((table) => this.columnsInOrderOfParents(table))];
  }

  private columnsInOrderOfParents(id: ObjectId | null): Column[] {
    const columns = this.columns.get(id ?? '') ?? new Map<string, Column>();
    const parents = this.tables.get(id ?? '')?.parts.inherits ?? [];
    const above = parents.flatMap((name) => [...(this.of(name)?.keys() ?? [])]);
    const names = inOrderOfParents([...columns.keys()], [...new Set(above)]);
    return names.flatMap((name) => columns.get(name) ?? []);
  }

  withOrder(table: Table): Table {
    const { partitionOf } = table.parts;
    if (partitionOf === undefined) return table;
    const order = [...(this.of(table.name)?.keys() ?? [])];
    const usual = [...(this.of(partitionOf)?.keys() ?? [])];
    if (order.join() === usual.join()) return table;
    return { ...table, parts: { ...table.parts, columnOrder: order } };
  }

  private of(table: string): Map<string, Column> | undefined {
    return this.columns.get(idOf({ kind: 'table', name: table }));
  }
}
