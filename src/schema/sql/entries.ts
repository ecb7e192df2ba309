import { type CatalogLookup } from '../catalog/lookup.js';
import {
  type CatalogObject,
  defaultOf,
  idOf,
  type ObjectId,
  type ObjectKind,
} from '../catalog/model.js';
import { create, createDomain, createLater, createDummyView } from './create.js';
import { Refreshes } from './refresh.js';
import { canBeInline, createTable, setDefault } from './table.js';

/** Statements that go together, and what must come before them. */
export interface Entry {
  id: string;
  priority: number;
  dependencies: Set<string>;
  statements: string[];
}

/** What comes when, as far as nothing needs something else: the order of a person's schema file. */
const STAGES = [
  'schema',
  'extension',
  'type',
  'sequence',
  'table',
  'routine',
  'piece of a table',
  'key',
  'index',
  'view',
  'materialized view',
  'later',
  'constraint',
  'statistics',
  'trigger',
  'trigger of a partition',
  'rule',
  'policy',
  'data of a materialized view',
  'publication',
  'privileges',
  'default privileges',
  'event trigger',
] as const;
export type Priority = (typeof STAGES)[number];

const STAGE_OF: Readonly<Record<Exclude<ObjectKind, 'column' | 'comment'>, Priority>> = {
  schema: 'schema',
  extension: 'extension',
  enum: 'type',
  'composite type': 'type',
  domain: 'type',
  range: 'type',
  sequence: 'sequence',
  table: 'table',
  view: 'view',
  'materialized view': 'materialized view',
  function: 'routine',
  procedure: 'routine',
  aggregate: 'routine',
  publication: 'publication',
  'event trigger': 'event trigger',
  'default privileges': 'default privileges',
  constraint: 'constraint',
  index: 'index',
  statistics: 'statistics',
  trigger: 'trigger',
  rule: 'rule',
  policy: 'policy',
  privileges: 'privileges',
};

/**
 * Cuts a catalog into entries. In general an object is one; a table holds its columns with their
 * defaults, and its checks.
 *
 * @param split Objects that are to be split apart, because they depend on each other in a circle:
 * a table's defaults and checks, a domain's checks and a view's query then come by themselves.
 */
export function entriesOf(lookup: CatalogLookup, split: ReadonlySet<ObjectId>): Entry[] {
  const entries = new EntryBuilder(lookup, split);
  for (const object of lookup.catalog.objects) entries.add(object);
  return entries.finished();
}

/** Cuts objects into entries, one after the other: what belongs to another comes after it. */
export class EntryBuilder {
  private readonly entries = new Map<string, Entry>();
  /** In which entry an object is made. */
  private readonly placeOf = new Map<ObjectId, string>();
  /** Tables and domains that are made here, with the checks that can be made with them. */
  private readonly withChecks = new Set<ObjectId>();

  private readonly refreshes: Refreshes;

  constructor(
    private readonly lookup: CatalogLookup,
    private readonly split: ReadonlySet<ObjectId>,
  ) {
    this.refreshes = new Refreshes(lookup);
  }

  add(object: CatalogObject): void {
    const id = idOf(object);
    switch (object.kind) {
      case 'table':
        this.entry(id, 'table', createTable(this.lookup, object, this.split.has(id)), object);
        if (!this.split.has(id)) this.withChecks.add(id);
        break;
      case 'domain':
        this.addDomain(object);
        break;
      case 'column':
        this.addColumn(object);
        break;
      case 'comment':
        this.addComment(object);
        break;
      case 'view':
        this.addView(object);
        break;
      case 'constraint':
        this.addConstraint(object);
        break;
      default:
        this.entry(id, this.stageOf(object), create(this.lookup, object), object);
    }
    const later = createLater(this.lookup, object);
    if (later.length > 0) this.addLater(object, later);
  }

  /** With what needs what filled in. */
  finished(): Entry[] {
    for (const [id, place] of this.placeOf) {
      const entry = this.entries.get(queryOf(id)) ?? this.entries.get(place);
      const needed = this.lookup.catalog.dependencies.get(id) ?? [];
      for (const other of needed) entry?.dependencies.add(this.placeOf.get(other) ?? other);
    }
    for (const entry of this.entries.values()) {
      for (const other of entry.dependencies) {
        if (other === entry.id || !this.entries.has(other)) entry.dependencies.delete(other);
      }
    }
    return [...this.entries.values()];
  }

  /** Says that an object's entry makes its checks too. */
  holdsChecks(id: ObjectId): void {
    this.withChecks.add(id);
  }

  /** Puts in a entry that stands for an object which is there, and is changed. */
  put(
    id: ObjectId,
    priority: Priority | number,
    statements: string[],
    stands: ObjectId[] = [id],
  ): Entry {
    const at = typeof priority === 'number' ? priority : STAGES.indexOf(priority);
    const entry: Entry = { id, priority: at, dependencies: new Set(), statements };
    this.entries.set(id, entry);
    for (const other of stands) this.placeOf.set(other, id);
    return entry;
  }

  /** When an object of a kind is made, as far as nothing needs something else. */
  priority(object: CatalogObject): number {
    if (object.kind === 'column') return STAGES.indexOf('table');
    if (object.kind === 'comment') return STAGES.indexOf('privileges');
    return STAGES.indexOf(this.stageOf(object));
  }

  entryOf(id: ObjectId): Entry | undefined {
    return this.place(id);
  }

  private entry(
    id: string,
    priority: Priority,
    statements: string[],
    object: CatalogObject,
  ): Entry {
    const entry: Entry = {
      id,
      priority: STAGES.indexOf(priority),
      dependencies: new Set(),
      statements,
    };
    this.entries.set(id, entry);
    this.placeOf.set(id, id);
    if (object.parent !== null)
      entry.dependencies.add(this.placeOf.get(object.parent) ?? object.parent);
    if (object.kind === 'table') {
      for (const parent of parentsOf(object))
        entry.dependencies.add(idOf({ kind: 'table', name: parent }));
    }
    return entry;
  }

  /** A column is made with its table; its default too, unless the table is split apart. */
  private addColumn(column: CatalogObject<'column'>): void {
    const table = column.parent ?? '';
    this.placeOf.set(idOf(column), table);
    const value = defaultOf(idOf(column));
    const apart = this.split.has(table) && column.parts.default && !column.parts.generated;
    this.placeOf.set(value, apart ? value : table);
    const owner = this.lookup.get(table);
    if (apart && owner) this.entry(value, 'piece of a table', [setDefault(owner, column)], column);
  }

  /** With what it is about; by itself where that is there already. */
  private addComment(comment: CatalogObject<'comment'>): void {
    const statements = create(this.lookup, comment);
    const place = this.place(comment.parent);
    if (place) place.statements.push(...statements);
    else this.entry(idOf(comment), 'privileges', statements, comment);
  }

  /** A check cannot be added any more where a column is an array of the domain, or a row with it. */
  private addDomain(domain: CatalogObject<'domain'>): void {
    const id = idOf(domain);
    const checks = this.lookup
      .membersOf(domain, 'constraint')
      .filter(({ parts }) => canBeInline(parts) && !this.split.has(id));
    this.entry(id, 'type', [createDomain(domain, checks)], domain);
    if (!this.split.has(id)) this.withChecks.add(id);
  }

  private addView(view: CatalogObject<'view'>): void {
    const id = idOf(view);
    if (!this.split.has(id)) {
      this.entry(id, 'view', create(this.lookup, view), view);
      return;
    }
    // Others need the view's shape only; what the view itself needs, its query needs.
    this.entry(id, 'view', [createDummyView(view)], view);
    this.entry(queryOf(id), 'view', create(this.lookup, view), view).dependencies.add(id);
    this.placeOf.set(id, id);
  }

  private addConstraint(constraint: CatalogObject<'constraint'>): void {
    const { parent, parts } = constraint;
    const id = idOf(constraint);
    if (canBeInline(parts) && this.withChecks.has(parent ?? '')) {
      this.placeOf.set(id, parent ?? '');
      return;
    }
    this.entry(id, this.stageOf(constraint), create(this.lookup, constraint), constraint);
  }

  private addLater(object: CatalogObject, statements: string[]): void {
    const isRefresh = object.kind === 'materialized view';
    const priority = isRefresh ? 'data of a materialized view' : 'later';
    const entry = this.entry(laterOf(idOf(object)), priority, statements, object);
    entry.dependencies.add(idOf(object));
    if (!isRefresh) return;
    for (const other of this.refreshes.before(object)) entry.dependencies.add(laterOf(other));
  }

  private place(id: ObjectId | null): Entry | undefined {
    return this.entries.get(this.placeOf.get(id ?? '') ?? '');
  }

  private stageOf(object: Exclude<CatalogObject, { kind: 'column' | 'comment' }>): Priority {
    if (object.kind === 'constraint') {
      if (/^(PRIMARY|UNIQUE|EXCLUDE)/.test(object.parts.definition)) return 'key';
      if (this.lookup.get(object.parent)?.kind === 'domain') return 'type';
      if (object.parts.definition.startsWith('CHECK')) return 'piece of a table';
    }
    if (object.kind === 'trigger' && object.parts.definition === undefined) {
      return 'trigger of a partition';
    }
    return STAGE_OF[object.kind];
  }
}

/** What is said of an object when others are there. */
function laterOf(id: ObjectId): string {
  return `later, ${id}`;
}

/** What the query of a view is called that is split apart. */
function queryOf(view: ObjectId): string {
  return `query of ${view}`;
}

function parentsOf({ parts }: CatalogObject<'table'>): readonly string[] {
  return parts.partitionOf === undefined ? (parts.inherits ?? []) : [parts.partitionOf];
}
