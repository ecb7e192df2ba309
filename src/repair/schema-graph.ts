import { CatalogLookup } from '../schema/catalog/lookup.js';
import {
  type Catalog,
  type CatalogObject,
  defaultOf,
  idOf,
  type ObjectId,
} from '../schema/catalog/model.js';
import { schemaOf } from '../schema/catalog/names.js';
import { hasIndex } from '../schema/sql/constraint.js';
import { fullColumns } from '../schema/sql/inherited.js';
import { notNullName } from '../schema/sql/text.js';
import { elementOf, type RowUser } from './row-type.js';

type Table = CatalogObject<'table'>;
type Column = CatalogObject<'column'>;

const DEFAULT = defaultOf('');

/** One of the two databases, with all that has to be asked of it when it is changed. */
export class SchemaGraph {
  readonly lookup: CatalogLookup;
  readonly defaultPrivileges: CatalogObject<'default privileges'>[] = [];
  private readonly publications: CatalogObject<'publication'>[] = [];
  private readonly dependents = new Map<ObjectId, ObjectId[]>();
  private readonly children = new Map<string, Table[]>();
  private readonly parts = new Map<string, CatalogObject[]>();
  private readonly owned = new Map<ObjectId, CatalogObject<'sequence'>[]>();
  private readonly names = new Map<string, ObjectId>();
  private readonly places = new Map<ObjectId, number>();
  private readonly columns = new Map<string, Map<string, Column>>();
  private typeUsers: Map<string, RowUser[]> | undefined;

  /** @param before What is to become this one. */
  constructor(
    readonly catalog: Catalog,
    before?: SchemaGraph,
  ) {
    this.lookup = new CatalogLookup(catalog, before?.lookup);
    for (const [id, needed] of catalog.dependencies) {
      for (const other of needed) addTo(this.dependents, other, id);
    }
    catalog.objects.forEach((object, place) => this.note(object, place));
  }

  get(id: ObjectId | null): CatalogObject | undefined {
    return this.lookup.get(id);
  }

  /** What cannot be without an object; a column's default by `defaultOf`. */
  dependentsOf(id: ObjectId): readonly ObjectId[] {
    return this.dependents.get(id) ?? [];
  }

  /** What goes away with an object, and comes with it. */
  belongingTo(id: ObjectId): CatalogObject[] {
    return [...this.lookup.allMembersOf(id), ...(this.owned.get(id) ?? [])];
  }

  /** The indexes that are parts of a partitioned one, and the constraints that such stand behind. */
  partsOf(object: CatalogObject): CatalogObject[] {
    const name = relationOf(this.lookup, object);
    return name === undefined ? [] : (this.parts.get(name) ?? []);
  }

  /** A table with all that inherit from it, in any generation. */
  familyOf(table: Table): Table[] {
    const below = this.children.get(table.name) ?? [];
    return [table, ...below.flatMap((child) => this.familyOf(child))];
  }

  /** The tables that a table has columns from. */
  parentsOf({ parts }: Table): Table[] {
    const names = parts.partitionOf === undefined ? (parts.inherits ?? []) : [parts.partitionOf];
    return names.flatMap((name) => this.lookup.table(name) ?? []);
  }

  /** A table with all that it inherits from, in any generation. */
  withAncestors(table: Table): Table[] {
    return [table, ...this.parentsOf(table).flatMap((parent) => this.withAncestors(parent))];
  }

  /** A column with all that it has from the table's parents. */
  column(table: string, own: string): Column | undefined {
    const column = this.columnsOf(table).get(own);
    const parent = idOf({ kind: 'table', name: table });
    return column && { ...column, name: `${table}.${own}`, parent };
  }

  /** Whether a column is defined in its table itself, and not only in the table's parents. */
  definesColumn(table: string, own: string): boolean {
    const column = this.get(idOf({ kind: 'column', name: `${table}.${own}` }));
    return column?.kind === 'column' && column.parts.type !== undefined;
  }

  /** The name of a column's not-null constraint: where it is inherited only, as in the parent. */
  notNullName(table: string, own: string): string {
    const told = this.get(idOf({ kind: 'column', name: `${table}.${own}` }));
    const name = told?.kind === 'column' ? told.parts.notNullConstraint : undefined;
    if (name !== undefined) return name;
    const child = this.definesColumn(table, own) ? undefined : this.lookup.table(table);
    const parent = child && this.parentsOf(child).find((one) => this.column(one.name, own));
    return parent ? this.notNullName(parent.name, own) : notNullName(table, own);
  }

  /** The names of a table's columns. */
  columnNames(table: string): string[] {
    return [...this.columnsOf(table).keys()];
  }

  private columnsOf(name: string): Map<string, Column> {
    const known = this.columns.get(name);
    if (known) return known;
    const table = this.lookup.table(name);
    const all = table ? fullColumns(this.lookup, table) : [];
    const columns = new Map(all.map((column) => [column.own, column]));
    this.columns.set(name, columns);
    return columns;
  }

  /** The publications that name a table. */
  publicationsOf({ name }: Table): ObjectId[] {
    return this.publications.filter(({ parts }) => parts.tables?.[name]).map(idOf);
  }

  /** What has columns or attributes of a type, or is made of it; arrays of it too. */
  usersOfType(type: string): readonly RowUser[] {
    this.typeUsers ??= this.findTypeUsers();
    return this.typeUsers.get(type) ?? [];
  }

  private findTypeUsers(): Map<string, RowUser[]> {
    const users = new Map<string, RowUser[]>();
    const note = (type: string, owner: CatalogObject, name = owner.name): void =>
      addTo(users, elementOf(type), { owner, name });
    for (const object of this.catalog.objects) {
      if (object.kind === 'table') {
        for (const { own, parts } of this.columnsOf(object.name).values())
          note(parts.type ?? '', object, `${object.name}.${own}`);
      } else if (object.kind === 'materialized view') {
        for (const column of object.parts.columns)
          note(column.replace(/^("(?:[^"]|"")+"|\S+) /, ''), object);
      } else if (object.kind === 'composite type') {
        for (const { type } of object.parts.attributes) note(type, object);
      } else if (object.kind === 'domain') note(object.parts.type, object);
      else if (object.kind === 'range') note(object.parts.subtype, object);
    }
    return users;
  }

  /** What has the name that an object is to have. */
  occupantOf(object: CatalogObject, lookup: CatalogLookup): ObjectId | undefined {
    const name = relationOf(lookup, object);
    return name === undefined ? undefined : this.occupied(name);
  }

  /** What has a name among relations and types, or among routines. */
  occupied(name: string): ObjectId | undefined {
    return this.names.get(name);
  }

  /** The objects of some ids, in the order of the catalog. */
  inOrder(ids: Iterable<ObjectId>): CatalogObject[] {
    const placed = [...ids].flatMap((id) => this.lookup.get(id) ?? []);
    const place = (object: CatalogObject): number => this.places.get(idOf(object)) ?? 0;
    return placed.sort((a, b) => place(a) - place(b));
  }

  private note(object: CatalogObject, place: number): void {
    const id = idOf(object);
    this.places.set(id, place);
    if (object.kind === 'publication') this.publications.push(object);
    if (object.kind === 'default privileges') this.defaultPrivileges.push(object);
    if (object.kind === 'table') {
      for (const parent of this.parentsOf(object)) addTo(this.children, parent.name, object);
    }
    if (object.kind === 'index' || object.kind === 'constraint') {
      if (object.parts.partOf) addTo(this.parts, object.parts.partOf, object);
    }
    if (object.kind === 'sequence' && object.parts.ownedBy) {
      addTo(this.owned, idOf({ kind: 'column', name: object.parts.ownedBy }), object);
    }
    const name = relationOf(this.lookup, object);
    if (name !== undefined) this.names.set(name, id);
  }
}

/** The column that a default is of. */
export function columnOfDefault(id: ObjectId): ObjectId | undefined {
  return id.startsWith(DEFAULT) ? id.slice(DEFAULT.length) : undefined;
}

/** The name under which an object stands among relations and types, or among routines. */
function relationOf(lookup: CatalogLookup, object: CatalogObject): string | undefined {
  switch (object.kind) {
    case 'constraint': {
      if (!hasIndex(object.parts)) return undefined;
      return `${schemaOf(lookup.get(object.parent)?.name ?? '')}.${object.own}`;
    }
    case 'table':
    case 'view':
    case 'materialized view':
    case 'sequence':
    case 'index':
    case 'enum':
    case 'composite type':
    case 'domain':
    case 'range':
    case 'function':
    case 'procedure':
    case 'aggregate':
      return object.name;
    default:
      return undefined;
  }
}

function addTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
