import { type Catalog, type CatalogObject, idOf, type ObjectId } from '../schema/catalog/model.js';
import { schemaOf, unquoted, withoutSchema } from '../schema/catalog/names.js';
import { compareCatalogs } from '../schema/compare.js';
import { isSignificant, tokensOf } from '../sql/tokens.js';

/** What the pending migrations do to a table, a column or a foreign key. */
export type Change = 'created' | 'changed' | 'dropped';

/** A column that the diagram shows: a key, or one that changes. */
export interface ShownColumn {
  name: string;
  primary: boolean;
  foreign: boolean;
  change: Change | null;
}

/** A table as the report shows it. */
export interface ShownTable {
  /** The quoted name with its schema. Unique. */
  id: string;
  /** The name for people. It has the schema if the tables are in several. */
  title: string;
  columns: ShownColumn[];
  /** How many other columns the table has. */
  others: number;
  change: Change | null;
}

/** A foreign key between two tables. */
export interface ForeignKey {
  name: string;
  from: string;
  to: string;
  /** The referencing columns, and the columns that they reference. */
  columns: string[];
  referenced: string[];
  change: Change | null;
}

/** The tables of a database and their foreign keys. */
export interface SchemaTables {
  tables: ShownTable[];
  foreignKeys: ForeignKey[];
  /** How many partitions there are. Each is shown as the table that it is a part of. */
  partitions: number;
  /** Whether changes are marked. They are if the pending migrations were rehearsed. */
  marked: boolean;
}

/** The catalog of the shadow before and after the pending migrations. */
export interface BeforeAndAfter {
  before: Catalog;
  after: Catalog;
}

/** Finds the tables of a database, and what the pending migrations will do to them. Pure. */
export function tablesOf(real: Catalog, pending: BeforeAndAfter | null): SchemaTables {
  const now = new Tables(real);
  const later = pending ? new Tables(pending.after) : null;
  const changes = pending ? changesIn(pending) : new Map<ObjectId, Change>();
  const created = later ? [...later.tables].filter(([id]) => !now.tables.has(id)) : [];
  const all = [...now.tables.values(), ...created.map(([, table]) => table)].filter(
    ({ name }) => now.tables.has(name) || changes.get(`table ${name}`) === 'created',
  );
  const schemas = new Set(all.map(({ name }) => schemaOf(name)));
  const shown = all.filter(({ parts }) => parts.partitionOf === undefined);
  const foreignKeys = foreignKeysOf(now, later, changes);
  return {
    tables: shown.map((table) => shownTable(table, { now, later, changes, foreignKeys }, schemas)),
    foreignKeys,
    partitions: all.length - shown.length,
    marked: pending !== null,
  };
}

/** The tables of one catalog, with what belongs to each. */
class Tables {
  readonly tables = new Map<string, CatalogObject<'table'>>();
  readonly columns = new Map<ObjectId, string[]>();
  readonly constraints: CatalogObject<'constraint'>[] = [];
  private readonly parents = new Map<ObjectId, ObjectId | null>();

  constructor({ objects }: Catalog) {
    for (const object of objects) {
      this.parents.set(idOf(object), object.parent);
      if (object.kind === 'table') this.tables.set(object.name, object);
      if (object.kind === 'constraint') this.constraints.push(object);
      if (object.kind !== 'column' || object.parent === null) continue;
      const siblings = this.columns.get(object.parent);
      if (siblings) siblings.push(object.own);
      else this.columns.set(object.parent, [object.own]);
    }
  }

  /** The table that an object is, or belongs to. */
  tableOf(id: ObjectId): ObjectId | null {
    for (let at: ObjectId | null = id; at !== null; at = this.parents.get(at) ?? null) {
      if (at.startsWith('table ')) return at;
    }
    return null;
  }

  /** The table that a partition belongs to, at any depth; otherwise the table itself. */
  rootOf(name: string): string {
    const parent = this.tables.get(name)?.parts.partitionOf;
    return parent === undefined ? name : this.rootOf(parent);
  }

  primaryKeyOf(table: ObjectId): string[] {
    const key = this.constraints.find(
      ({ parent, parts }) => parent === table && parts.type === 'primary key',
    );
    return key ? (listsIn(key.parts.definition)[0]?.columns ?? []) : [];
  }
}

/** What changes, by object. A table also changes if an object that belongs to it does. */
function changesIn({ before, after }: BeforeAndAfter): Map<ObjectId, Change> {
  const changes = new Map<ObjectId, Change>();
  const sides = [new Tables(after), new Tables(before)];
  for (const { kind, object, expected, actual } of compareCatalogs(before, after)) {
    const id = `${kind} ${object}`;
    const change = expected === null ? 'created' : actual === null ? 'dropped' : 'changed';
    changes.set(id, change);
    const table = sides.map((side) => side.tableOf(id)).find((found) => found !== null);
    if (table && !changes.has(table)) changes.set(table, 'changed');
  }
  return changes;
}

interface Known {
  now: Tables;
  later: Tables | null;
  changes: ReadonlyMap<ObjectId, Change>;
  foreignKeys: readonly ForeignKey[];
}

function shownTable(
  table: CatalogObject<'table'>,
  { now, later, changes, foreignKeys }: Known,
  schemas: ReadonlySet<string>,
): ShownTable {
  const id = idOf(table);
  const change = changes.get(id) ?? null;
  const present = now.columns.get(id) ?? [];
  const future = later?.columns.get(id) ?? [];
  const added = future.filter((own) => changes.get(`column ${table.name}.${own}`) === 'created');
  const names = [...new Set([...present, ...(change === 'created' ? future : added)])];
  const primary = new Set([...now.primaryKeyOf(id), ...(later?.primaryKeyOf(id) ?? [])]);
  const foreign = new Set(
    foreignKeys.filter(({ from }) => from === table.name).flatMap(({ columns }) => columns),
  );
  const columns = names.map((own) => ({
    name: unquoted(own),
    primary: primary.has(own),
    foreign: foreign.has(unquoted(own)),
    change: change === 'created' ? null : (changes.get(`column ${table.name}.${own}`) ?? null),
  }));
  const shown = columns.filter((column) => column.primary || column.foreign || column.change);
  return {
    id: table.name,
    title: titleOf(table.name, schemas),
    columns: shown,
    others: columns.length - shown.length,
    change,
  };
}

function titleOf(name: string, schemas: ReadonlySet<string>): string {
  const own = unquoted(withoutSchema(name));
  return schemas.size > 1 ? `${unquoted(schemaOf(name))}.${own}` : own;
}

function foreignKeysOf(
  now: Tables,
  later: Tables | null,
  changes: ReadonlyMap<ObjectId, Change>,
): ForeignKey[] {
  const present = now.constraints.flatMap((each) => foreignKeyOf(each, now, changes));
  const isNew = (parent: ObjectId | null): boolean =>
    parent !== null && changes.get(parent) === 'created';
  const added = (later?.constraints ?? []).filter(
    (each) => changes.get(idOf(each)) === 'created' || isNew(each.parent),
  );
  const future = later ? added.flatMap((each) => foreignKeyOf(each, later, changes)) : [];
  return [...present, ...future.map((key): ForeignKey => ({ ...key, change: 'created' }))];
}

function foreignKeyOf(
  constraint: CatalogObject<'constraint'>,
  tables: Tables,
  changes: ReadonlyMap<ObjectId, Change>,
): ForeignKey[] {
  const { own, parent, parts } = constraint;
  if (parts.type !== 'foreign key' || !parent?.startsWith('table ')) return [];
  const name = parent.slice('table '.length);
  // A partition has the foreign keys of its table.
  if (tables.rootOf(name) !== name) return [];
  const [referring, referred] = listsIn(parts.definition);
  if (!referring || !referred) return [];
  return [
    {
      name: unquoted(own),
      from: name,
      to: tables.rootOf(referred.before),
      columns: referring.columns.map(unquoted),
      referenced: referred.columns.map(unquoted),
      change:
        changes.get(idOf(constraint)) ?? (changes.get(parent) === 'dropped' ? 'dropped' : null),
    },
  ];
}

/** The lists of columns in a key's definition, each with the name in front of it: `room (id)`. */
function listsIn(definition: string): { before: string; columns: string[] }[] {
  const lists: { before: string; columns: string[] }[] = [];
  let before: string[] = [];
  let item: string[] | null = null;
  let columns: string[] = [];
  for (const { kind, text } of tokensOf(definition).filter(isSignificant)) {
    if (kind === 'symbol' && text === '(') [item, columns] = [[], []];
    else if (item === null)
      before = kind === 'word' && /^[A-Z]+$/.test(text) ? [] : [...before, text];
    else if (kind === 'symbol' && (text === ',' || text === ')')) {
      // "valid WITHOUT OVERLAPS" and "PERIOD valid"
      const column = item.find((word) => !/^(?:PERIOD|WITHOUT|OVERLAPS)$/.test(word));
      if (column !== undefined) columns.push(column);
      item = [];
      if (text === ',') continue;
      lists.push({ before: before.join(''), columns });
      [item, before] = [null, []];
    } else item.push(text);
  }
  return lists;
}
