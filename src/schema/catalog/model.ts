/** The options of a sequence that are not what PostgreSQL takes by itself. Numbers as text: they are 64 bits wide. */
export interface SequenceOptions {
  type?: string;
  start?: string;
  increment?: string;
  min?: string;
  max?: string;
  cache?: string;
  cycle?: true;
}

/** What a role may do with an object: more than it could by default (`granted`), or less. */
export interface Rights {
  granted?: readonly string[];
  /** Granted together with the right to pass it on. */
  grantable?: readonly string[];
  revoked?: readonly string[];
}

/** Storage parameters and the like, as `name=value`, sorted. */
type Options = readonly string[];

/** When a trigger or rule fires, where that is not what it is by default. */
type Enabled = 'always' | 'replica' | 'disabled';

/**
 * What is said of each kind of object. What has its usual value is left unsaid. Expressions,
 * types and names are SQL, written by the server, with every name qualified.
 */
export interface PartsOf {
  schema: Record<string, never>;
  extension: { schema: string; version: string };
  enum: { labels: readonly string[] };
  'composite type': {
    attributes: readonly { name: string; type: string; collation?: string }[];
  };
  domain: {
    type: string;
    collation?: string;
    default?: string;
    notNull?: true;
    notNullConstraint?: string;
  };
  range: {
    subtype: string;
    operatorClass?: string;
    collation?: string;
    difference?: string;
    multirange: string;
  };
  sequence: SequenceOptions & { ownedBy?: string; identity?: true; unlogged?: boolean };
  table: {
    unlogged?: true;
    accessMethod?: string;
    ofType?: string;
    inherits?: readonly string[];
    partitionBy?: string;
    partitionOf?: string;
    bound?: string;
    /** The order of a partition's columns, where it is not that of the table it is a part of. */
    columnOrder?: readonly string[];
    options?: Options;
    toastOptions?: Options;
    rowSecurity?: 'enabled' | 'forced' | 'forced, not enabled';
    replicaIdentity?: string;
  };
  /** In a table that inherits: only what the parent's column does not say already; `null` takes it back. */
  column: {
    type?: string;
    collation?: string | null;
    default?: string | null;
    generated?: 'stored' | 'virtual' | null;
    expression?: string | null;
    identity?: 'always' | 'by default';
    notNull?: true | null;
    /** The name of the not-null constraint, where PostgreSQL would have chosen another (18). */
    notNullConstraint?: string;
    notNullNoInherit?: true;
    notNullNotValid?: true;
    storage?: string | null;
    compression?: string | null;
    statistics?: number;
    options?: Options;
  };
  constraint: {
    type: 'check' | 'exclude' | 'foreign key' | 'primary key' | 'unique';
    definition: string;
    /** The same, of the index behind it. */
    options?: Options;
    clustered?: true;
    /** The partitioned index that the index behind it is a part of. */
    partOf?: string;
    /** The triggers that enforce it do not fire as usual. */
    triggers?: Enabled | 'mixed';
  };
  index: {
    definition: string;
    clustered?: true;
    invalid?: true;
    partOf?: string;
    /** Statistics targets of its expressions, by their number. */
    statistics?: Readonly<Record<string, number>>;
  };
  statistics: { definition: string; target?: number };
  view: { columns: readonly string[]; options?: Options; definition: string };
  'materialized view': {
    columns: readonly string[];
    accessMethod?: string;
    options?: Options;
    toastOptions?: Options;
    definition: string;
    unpopulated?: true;
  };
  function: { definition: string };
  procedure: { definition: string };
  aggregate: { arguments: string; options: Readonly<Record<string, string>> };
  trigger: { definition?: string; enabled?: Enabled | 'origin' };
  rule: { definition: string; enabled?: Enabled };
  policy: {
    restrictive?: true;
    command: 'ALL' | 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';
    roles: readonly string[];
    using?: string;
    check?: string;
  };
  'event trigger': { event: string; tags?: readonly string[]; function: string; enabled?: Enabled };
  publication: {
    allTables?: true;
    publish: readonly string[];
    viaRoot?: true;
    generatedColumns?: string;
    tables?: Readonly<Record<string, { columns?: readonly string[]; where?: string }>>;
    schemas?: readonly string[];
  };
  'default privileges': Rights & { on: string; schema?: string; role?: string; to: string };
  /** `on`, `column` and `to` where the object is an extension's or the server's, and not described. */
  privileges: Rights & { on?: string; column?: string; to?: string };
  comment: { text: string };
}

/** A kind of object. */
export type ObjectKind = keyof PartsOf;

/** An object's kind and name in one text, such as `table app.rooms`. Unique in a catalog. */
export type ObjectId = string;

interface ObjectOf<K extends ObjectKind> {
  readonly kind: K;
  /** Unique among its kind, as a person would write it: `app.rooms.title`, `seats on app.rooms`. */
  readonly name: string;
  /** What it is called by itself, quoted where SQL asks for it: `title`, `seats`, `app.rooms`. */
  readonly own: string;
  /** What it belongs to, and goes away with: the table of a column, the object of a comment. */
  readonly parent: ObjectId | null;
  readonly parts: PartsOf[K];
}

/** One object of a database, described. */
export type CatalogObject<K extends ObjectKind = ObjectKind> = { [P in K]: ObjectOf<P> }[K];

/** Something that is there and of which the catalog knows no more than that. */
export interface NotDescribed {
  kind: string;
  name: string;
}

/** A database without its data: every object that a migration can make. */
export interface Catalog {
  /** The major version of the server that wrote the definitions. */
  readonly postgres: number;
  /**
   * Parents before what belongs to them, a table's columns in their order, all else by kind and
   * name, so that two databases that hold the same give the same list.
   */
  readonly objects: readonly CatalogObject[];
  readonly notDescribed: readonly NotDescribed[];
  /** What must be there before an object can be made. Empty in a catalog that comes from a file. */
  readonly dependencies: ReadonlyMap<ObjectId, ReadonlySet<ObjectId>>;
}

/** In the order in which a catalog lists them. */
export const OBJECT_KINDS = [
  'schema',
  'extension',
  'enum',
  'composite type',
  'domain',
  'range',
  'sequence',
  'table',
  'view',
  'materialized view',
  'function',
  'procedure',
  'aggregate',
  'publication',
  'event trigger',
  'default privileges',
  'column',
  'constraint',
  'index',
  'statistics',
  'trigger',
  'rule',
  'policy',
  'privileges',
  'comment',
] as const satisfies readonly ObjectKind[];

/** The id of an object, or of one that is known by kind and name only. */
export function idOf({ kind, name }: { kind: ObjectKind; name: string }): ObjectId {
  return `${kind} ${name}`;
}

/** What stands for a column's default where it is told what needs what. */
export function defaultOf(column: ObjectId): ObjectId {
  return `default of ${column}`;
}

/** The role that has privileges. */
export function roleOf({ own, parts }: CatalogObject<'privileges'>): string {
  return parts.to ?? own;
}

/** What an object is called among all of its kind. */
export function nameOf(
  kind: ObjectKind,
  own: string,
  parent: { kind: ObjectKind; name: string } | null,
): string {
  if (parent === null) return own;
  switch (kind) {
    case 'column':
      return `${parent.name}.${own}`;
    case 'comment':
      return own === '' ? idOf(parent) : `${own} of ${idOf(parent)}`;
    case 'privileges':
      return parent.kind === 'extension' ? `${own}, ${idOf(parent)}` : `${own} on ${idOf(parent)}`;
    case 'index':
    case 'statistics':
      return own;
    default:
      return `${own} on ${parent.name}`;
  }
}

/** Puts objects into the order of a catalog. What is equal in rank keeps its order: columns do. */
export function inCatalogOrder(objects: readonly CatalogObject[]): CatalogObject[] {
  const members = new Map<ObjectId | null, CatalogObject[]>();
  for (const object of objects) {
    const siblings = members.get(object.parent);
    if (siblings) siblings.push(object);
    else members.set(object.parent, [object]);
  }
  const ordered: CatalogObject[] = [];
  const add = (parent: ObjectId | null): void => {
    for (const object of (members.get(parent) ?? []).sort(byKindAndName)) {
      ordered.push(object);
      add(idOf(object));
    }
  };
  add(null);
  return ordered;
}

const RANKS = new Map<ObjectKind, number>(OBJECT_KINDS.map((kind, rank) => [kind, rank]));

function byKindAndName(a: CatalogObject, b: CatalogObject): number {
  const byKind = (RANKS.get(a.kind) ?? 0) - (RANKS.get(b.kind) ?? 0);
  if (byKind !== 0 || a.kind === 'column') return byKind;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** An object with its name and its place, from what a row or a file says of it. */
export function objectOf(
  kind: ObjectKind,
  own: string,
  parent: CatalogObject | null,
  parts: object,
): CatalogObject {
  const name = nameOf(kind, own, parent);
  return { kind, name, own, parent: parent && idOf(parent), parts } as CatalogObject;
}
