import { type CatalogLookup } from '../catalog/lookup.js';
import { type CatalogObject, defaultOf, idOf, type ObjectId } from '../catalog/model.js';
import { waitForBodies } from './bodies.js';
import {
  create,
  createDomain,
  createDummyView,
  createLater,
  type CreateOptions,
} from './create.js';
import { hasIndex } from './constraint.js';
import { inheritDefaults } from './inherited-defaults.js';
import { names } from './mention.js';
import { Refreshes } from './refresh.js';
import { withoutBody } from './routine.js';
import { PRIORITY_OF, type Priority, priorityOf, statementsAbout } from './priority.js';
import { type Statement } from './statement.js';
import { canBeInline, createPostData, createTable, isNotValid, setDefault } from './table.js';

/** What is put into order as one: statements that go together, and what must come before them. */
export interface Entry {
  id: string;
  priority: number;
  dependencies: Set<string>;
  statements: Statement[];
}

/**
 * The entries of a catalog. In general an object is one; a table holds its columns with their
 * defaults, and its checks.
 *
 * @param split Objects that depend on each other in a cycle: a table's defaults and checks, a
 * domain's checks, a view's query and a routine's body then come by themselves.
 */
export function entriesOf(
  lookup: CatalogLookup,
  split: ReadonlySet<ObjectId>,
  options?: CreateOptions,
): Entry[] {
  const builder = new EntryBuilder(lookup, split, options);
  for (const object of lookup.catalog.objects) builder.add(object);
  const entries = builder.finished();
  waitForBodies(entries, lookup);
  return entries;
}

/** Makes entries of objects, one after the other: what belongs to another comes after it. */
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
    private readonly options?: CreateOptions,
  ) {
    this.refreshes = new Refreshes(lookup);
  }

  add(object: CatalogObject): void {
    const id = idOf(object);
    switch (object.kind) {
      case 'table':
        this.addTable(object);
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
      case 'function':
      case 'procedure':
        this.addRoutine(object);
        break;
      case 'constraint':
        this.addConstraint(object);
        break;
      default: {
        const texts = create(this.lookup, object, this.options);
        this.entry(id, this.nameOfPriority(object), texts, object);
      }
    }
    // A type may have the name of a sequence that is there, and not the other way round.
    if (PRIORITY_OF[object.kind as keyof typeof PRIORITY_OF] === 'type')
      this.entries.get(id)?.dependencies.add(idOf({ kind: 'sequence', name: object.name }));
    const later = createLater(this.lookup, object);
    if (later.length > 0) this.addLater(object, later);
  }

  /** With all dependencies filled in. */
  finished(): Entry[] {
    inheritDefaults(this.lookup, this.entries);
    for (const [id, place] of this.placeOf) {
      const entry = this.entries.get(queryOf(id)) ?? this.entries.get(place);
      const needed = this.lookup.catalog.dependencies.get(id) ?? [];
      const shape = entry?.id === queryOf(id) ? this.entries.get(id) : undefined;
      for (const other of needed) {
        const otherPlace = this.placeOf.get(other) ?? other;
        entry?.dependencies.add(otherPlace);
        if (shape && this.isNamedIn(shape, other)) shape.dependencies.add(otherPlace);
      }
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

  /**
   * Puts in an entry of its own: for an object that is there, and is changed or dropped.
   *
   * @param provides What is there once it is carried out.
   */
  put(
    id: string,
    priority: number,
    statements: Statement[],
    provides: readonly ObjectId[] = [id],
  ): Entry {
    const entry: Entry = { id, priority, dependencies: new Set(), statements };
    this.entries.set(id, entry);
    for (const other of provides) this.placeOf.set(other, id);
    return entry;
  }

  /** When an object is made, as far as no dependency says otherwise. */
  priority(object: CatalogObject): number {
    if (object.kind === 'column') return priorityOf('table');
    if (object.kind === 'comment') return priorityOf('privileges');
    return priorityOf(this.nameOfPriority(object));
  }

  /** The entry in which an object is made. */
  entryOf(id: ObjectId | null): Entry | undefined {
    return this.entries.get(this.placeOf.get(id ?? '') ?? '');
  }

  /** What is said of a table in its entry, and has to wait for rows where there are any. */
  postDataOf(table: CatalogObject<'table'>): Statement[] {
    const texts = createPostData(this.lookup, table);
    return statementsAbout(idOf(table), priorityOf('check of new rows'), texts);
  }

  private entry(
    id: string,
    name: Priority,
    texts: readonly string[],
    { kind, name: own, parent }: CatalogObject,
  ): Entry {
    const priority = priorityOf(name);
    const entry = this.put(
      id,
      priority,
      statementsAbout(idOf({ kind, name: own }), priority, texts),
    );
    if (parent !== null) entry.dependencies.add(this.placeOf.get(parent) ?? parent);
    return entry;
  }

  private addTable(table: CatalogObject<'table'>): void {
    const id = idOf(table);
    const isSplit = this.split.has(id);
    const entry = this.entry(id, 'table', createTable(this.lookup, table, isSplit), table);
    entry.statements.push(...this.postDataOf(table));
    for (const name of parentsOf(table)) entry.dependencies.add(idOf({ kind: 'table', name }));
    if (!isSplit) this.withChecks.add(id);
  }

  /** A column is made with its table; its default too, unless the table is split. */
  private addColumn(column: CatalogObject<'column'>): void {
    const table = column.parent ?? '';
    this.placeOf.set(idOf(column), table);
    const value = defaultOf(idOf(column));
    const apart = this.split.has(table) && column.parts.default && !column.parts.generated;
    this.placeOf.set(value, apart ? value : table);
    const owner = this.lookup.get(table);
    if (apart && owner) this.entry(value, 'default', [setDefault(owner, column)], column);
  }

  /** With what it is about; by itself where that is there already. */
  private addComment(comment: CatalogObject<'comment'>): void {
    const texts = create(this.lookup, comment);
    const place = this.entryOf(comment.parent);
    if (!place) return void this.entry(idOf(comment), 'privileges', texts, comment);
    const on = this.lookup.get(comment.parent);
    const isLate = comment.own === 'not null' && on?.kind === 'column' && on.parts.notNullNotValid;
    const priority = isLate ? priorityOf('check of new rows') : place.priority;
    place.statements.push(...statementsAbout(idOf(comment), priority, texts));
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

  /** Of routines that need each other, what others call comes first, and does nothing. */
  private addRoutine(routine: CatalogObject<'function' | 'procedure'>): void {
    const id = idOf(routine);
    const dummy = this.split.has(id) ? withoutBody(routine.parts.definition) : undefined;
    const texts = create(this.lookup, routine);
    this.entry(id, 'routine', dummy === undefined ? texts : [dummy], routine);
    if (dummy === undefined) return;
    this.entry(queryOf(id), 'routine', texts, routine).dependencies.add(id);
    this.placeOf.set(id, id);
  }

  /** Whether what stands in for an object until it is made itself needs another object. */
  private isNamedIn(shape: Entry, id: ObjectId): boolean {
    const other = this.lookup.get(id);
    const isRoutine = this.lookup.get(shape.id)?.kind !== 'view';
    return (
      isRoutine && other !== undefined && shape.statements.some(({ sql }) => names(sql, other))
    );
  }

  private addConstraint(constraint: CatalogObject<'constraint'>): void {
    const { parent, parts } = constraint;
    const id = idOf(constraint);
    if (canBeInline(parts) && this.withChecks.has(parent ?? '')) {
      this.placeOf.set(id, parent ?? '');
      return;
    }
    this.entry(id, this.nameOfPriority(constraint), create(this.lookup, constraint), constraint);
  }

  private addLater(object: CatalogObject, statements: string[]): void {
    const isRefresh = object.kind === 'materialized view';
    const name = isRefresh ? 'data of a materialized view' : 'later';
    const entry = this.entry(laterOf(idOf(object)), name, statements, object);
    entry.dependencies.add(idOf(object));
    if (!isRefresh) return;
    for (const other of this.refreshes.before(object)) entry.dependencies.add(laterOf(other));
  }

  private nameOfPriority(object: Exclude<CatalogObject, { kind: 'column' | 'comment' }>): Priority {
    if (object.kind === 'constraint') {
      if (hasIndex(object.parts)) return 'key';
      const isOfDomain = this.lookup.get(object.parent)?.kind === 'domain';
      if (isOfDomain) return isNotValid(object.parts) ? 'check of new values' : 'type';
      if (object.parts.type === 'check' && isNotValid(object.parts)) return 'check of new rows';
    }
    if (object.kind === 'trigger' && object.parts.definition === undefined) {
      return 'trigger of a partition';
    }
    return PRIORITY_OF[object.kind];
  }
}

/** What is said of an object when others are there. */
export function laterOf(id: ObjectId): string {
  return `later, ${id}`;
}

/** What the query of a view, or the body of a routine, is called that is split. */
function queryOf(view: ObjectId): string {
  return `query of ${view}`;
}

function parentsOf({ parts }: CatalogObject<'table'>): readonly string[] {
  return parts.partitionOf === undefined ? (parts.inherits ?? []) : [parts.partitionOf];
}
