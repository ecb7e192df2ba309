import { type CatalogObject, defaultOf, idOf, type ObjectId } from '../schema/catalog/model.js';
import { waitForBodies } from '../schema/sql/bodies.js';
import { breakCycles } from '../schema/sql/order.js';
import { type Entry, EntryBuilder } from '../schema/sql/entries.js';
import { priorityOf, statementsAbout } from '../schema/sql/priority.js';
import { hasTextInSql } from '../schema/sql/routine.js';
import { type Statement } from '../schema/sql/statement.js';
import { note } from '../schema/sql/alter/alteration.js';
import { goOnFrom } from '../schema/sql/alter/column.js';
import { replicaIdentity } from '../schema/sql/alter/table.js';
import { createDummyView } from '../schema/sql/create.js';
import { drop } from '../schema/sql/drop.js';
import { withoutDefaults } from '../schema/sql/privileges.js';
import { addColumn, attach, createTable, overrides } from '../schema/sql/table.js';
import { type Change } from './change.js';
import { addColumnBeside, type RowUser, rowUsersOf } from './row-type.js';
import { renamingOf, type Renaming, renamings } from './renamings.js';
import { type SchemaGraph } from './schema-graph.js';
import { attachOf, Carriers, dropOf, firstOf, lastOf, nameOf, Waits } from './waits.js';

/** The statements of a change, each after what it needs. */
export function statementsOf(change: Change): Statement[] {
  const entries = breakCycles((split) => new Statements(change, split).entries());
  const bySql = new Map(
    entries.flatMap(({ statements }) => statements).map((one) => [one.sql, one] as const),
  );
  return [...bySql.values()].flatMap((one) => withoutBodyCheck(change.expected, one));
}

/** So early that all that is made comes after it. */
const DROPS = -100;
const LATER = priorityOf('later');

class Statements {
  private readonly builder: EntryBuilder;
  private readonly carriers: Carriers;

  constructor(
    private readonly change: Change,
    private readonly split: ReadonlySet<string>,
  ) {
    this.builder = new EntryBuilder(change.expected.lookup, split);
    this.carriers = new Carriers(change, split);
  }

  entries(): Entry[] {
    const { actual, expected, gone, made, altered } = this.change;
    for (const object of actual.inOrder(gone)) this.drop(object);
    const ids = new Set([...made, ...altered.keys()]);
    for (const object of expected.inOrder(ids)) {
      if (made.has(idOf(object))) this.make(object);
      else this.alter(idOf(object), this.builder.priority(object));
    }
    // What only one graph describes: a column that says no more than its parent's does.
    for (const id of ids) {
      if (!this.builder.entryOf(id))
        this.alter(id, this.builder.priority(actual.get(id) ?? columnAt(id)));
    }
    for (const one of renamings(this.change, this.carriers)) this.rename(one);
    const entries = this.builder.finished();
    new Waits(this.change, this.builder, this.carriers, this.split).connect(entries);
    waitForBodies(entries, expected.lookup);
    return entries;
  }

  private drop(object: CatalogObject): void {
    const { actual, expected, gone } = this.change;
    const id = idOf(object);
    const priority = DROPS - this.builder.priority(object);
    const isApart = this.carriers.of(id) === id;
    const renamed = renamingOf(this.change, this.carriers, object)?.renamed ?? object;
    if (isApart) this.put(dropOf(id), priority, id, drop(actual.lookup, renamed));
    if (this.carriers.isSplit(id)) this.emptyFirst(object);
    if (object.kind !== 'privileges' || expected.get(id)) return;
    // What is revoked on a table is revoked on each of its columns as well.
    for (const column of expected.lookup.allMembersOf(object.parent ?? '')) {
      const granted = expected.get(`privileges ${object.own} on ${idOf(column)}`);
      if (column.kind === 'column' && granted && !gone.has(idOf(granted))) this.make(granted);
    }
  }

  private rename({ id, statement, takers }: Renaming): void {
    this.put(nameOf(id), 2 * DROPS, id, [statement]);
    for (const one of [dropOf(id), ...takers])
      this.builder.entryOf(one)?.dependencies.add(nameOf(id));
  }

  /** Takes out of a view or a column what it needs, where each needs the other. */
  private emptyFirst(object: CatalogObject): void {
    const id = idOf(object);
    const table = this.change.actual.get(object.parent);
    if (object.kind === 'view') {
      this.put(firstOf(id), DROPS, id, [createDummyView(object, true)]);
    } else if (object.kind === 'column' && object.parts.default && table?.kind === 'table') {
      const dropDefault = `ALTER TABLE ONLY ${table.name} ALTER COLUMN ${object.own} DROP DEFAULT`;
      this.put(firstOf(id), DROPS, id, [dropDefault]);
    }
  }

  private make(object: CatalogObject): void {
    const id = idOf(object);
    if (object.kind === 'sequence' && object.parts.identity) return this.makeIdentity(object);
    if (object.kind === 'column' && this.isThere(object.parent)) this.makeColumn(object);
    else if (
      object.kind === 'table' &&
      object.parts.partitionOf &&
      this.isThere(parentOf(object))
    ) {
      this.makePartition(object);
    } else if (id === 'schema public')
      this.put(id, priorityOf('schema'), id, ['CREATE SCHEMA public']);
    else this.builder.add(object);
    const priority = priorityOf('privileges');
    const rights = statementsAbout(id, priority, this.withoutDefaultRights(object));
    this.builder.entryOf(id)?.statements.push(...rights);
    if (object.kind === 'sequence') this.goOn(object);
    if (object.kind === 'index' || object.kind === 'constraint') this.identifyAgain(object);
  }

  /** Whether a table is there, and stays. */
  private isThere(id: ObjectId | null): boolean {
    const { expected, made } = this.change;
    return id !== null && expected.get(id)?.kind === 'table' && !made.has(id);
  }

  private makeColumn(column: CatalogObject<'column'>): void {
    const { expected } = this.change;
    const id = idOf(column);
    const table = expected.get(column.parent);
    if (table?.kind !== 'table') return;
    if (!expected.definesColumn(table.name, column.own)) return this.setInherited(table, column);
    const user = this.rowUserOf(table);
    const statements = user
      ? addColumnBeside(expected.lookup, table, column, user)
      : addColumn(expected.lookup, column);
    const isLast = expected.columnNames(table.name).at(-1) === column.own;
    if (!isLast) {
      statements.push(
        note(`${column.name} comes last in its table now: no statement moves a column.`),
      );
    }
    this.put(id, this.builder.priority(column), id, statements, [id, defaultOf(id)]);
  }

  /** A column that comes with a parent's, and says something of its own. */
  private setInherited(table: CatalogObject<'table'>, column: CatalogObject<'column'>): void {
    const { expected } = this.change;
    const id = idOf(column);
    const statements = overrides(expected.lookup, table, column, false);
    const entry = this.put(id, this.builder.priority(column), id, statements, [id, defaultOf(id)]);
    for (const { name } of expected.parentsOf(table))
      entry.dependencies.add(idOf({ kind: 'column', name: `${name}.${column.own}` }));
  }

  /** A column that is of the row type of a table, now or in the end. */
  private rowUserOf(table: CatalogObject<'table'>): RowUser | undefined {
    const { actual, expected, gone } = this.change;
    const before = rowUsersOf(actual, table).find(({ owner }) => !gone.has(idOf(owner)));
    return before ?? rowUsersOf(expected, table)[0];
  }

  /** Its indexes are made under their names first; attached, they become parts of the parent's. */
  private makePartition(table: CatalogObject<'table'>): void {
    const id = idOf(table);
    const statements = createTable(this.change.expected.lookup, table, false, true);
    const entry = this.put(id, priorityOf('table'), id, statements);
    entry.statements.push(...this.builder.postDataOf(table));
    this.builder.holdsChecks(id);
    this.put(attachOf(id), LATER, id, attach(table)).dependencies.add(id);
  }

  /** It comes with its column; what is said of it comes after that. */
  private makeIdentity(sequence: CatalogObject<'sequence'>): void {
    const id = idOf(sequence);
    const entry = this.put(id, LATER, id, this.withoutDefaultRights(sequence));
    const column = idOf({ kind: 'column', name: sequence.parts.ownedBy ?? '' });
    entry.dependencies.add(column);
    const table = this.change.expected.get(column)?.parent;
    if (table != null) entry.dependencies.add(table);
  }

  /** A sequence that is made for a column that is there. */
  private goOn(sequence: CatalogObject<'sequence'>): void {
    const { actual, gone } = this.change;
    const id = idOf({ kind: 'column', name: sequence.parts.ownedBy ?? '' });
    const column = gone.has(id) ? undefined : actual.get(id);
    const table = actual.get(column?.parent ?? null);
    if (!column || !table) return;
    const type = actual.column(table.name, column.own)?.parts.type;
    const texts = goOnFrom(sequence, table.name, column.own, type);
    this.put(`count of ${idOf(sequence)}`, LATER, idOf(sequence), texts);
  }

  /** What default privileges give to whatever is made is not what is expected of it. */
  private withoutDefaultRights(object: CatalogObject): string[] {
    const { actual, gone } = this.change;
    const defaults = actual.defaultPrivileges.filter((one) => !gone.has(idOf(one)));
    return defaults.length === 0 ? [] : withoutDefaults(object, defaults);
  }

  /** An index by which rows are told is that again when it was made anew. */
  private identifyAgain({ kind, own, name, parent }: CatalogObject): void {
    const table = this.change.expected.get(parent);
    if (table?.kind !== 'table' || this.change.made.has(idOf(table))) return;
    const index =
      kind === 'index'
        ? name
            .slice(name.length - own.length)
            .split('.')
            .pop()
        : own;
    if (table.parts.replicaIdentity !== `index ${index ?? ''}`) return;
    const statement = replicaIdentity(`ALTER TABLE ONLY ${table.name}`, table.parts);
    this.put(lastOf(idOf(table)), LATER, idOf(table), [statement]);
  }

  private alter(id: ObjectId, priority: number): void {
    const alteration = this.change.altered.get(id);
    if (alteration === undefined) return;
    const { first = [], statements, last = [], transactional = true } = alteration;
    const object = alteration.makesChecks && this.change.expected.get(id);
    const texts = object ? [...statements, ...this.withoutDefaultRights(object)] : statements;
    const entry = this.put(id, priority, id, texts, [id, defaultOf(id)]);
    for (const statement of entry.statements) statement.transactional = transactional;
    if (alteration.makesChecks) this.builder.holdsChecks(id);
    if (first.length > 0) {
      this.put(firstOf(id), DROPS, id, first);
      entry.dependencies.add(firstOf(id));
    }
    if (last.length > 0) this.put(lastOf(id), LATER, id, last);
    if (alteration.attaches?.length) this.put(attachOf(id), priority, id, alteration.attaches);
  }

  private put(
    entry: string,
    priority: number,
    object: ObjectId,
    texts: readonly string[],
    provides?: readonly ObjectId[],
  ): Entry {
    return this.builder.put(entry, priority, statementsAbout(object, priority, texts), provides);
  }
}

function parentOf({ parts }: CatalogObject<'table'>): ObjectId {
  return idOf({ kind: 'table', name: parts.partitionOf ?? '' });
}

/** The column of an id that neither graph describes. */
function columnAt(id: ObjectId): CatalogObject {
  return { kind: 'column', name: id, own: id, parent: null, parts: {} };
}

/** A function's body as text is not looked into: that would go by the session's search path. */
function withoutBodyCheck({ lookup }: SchemaGraph, statement: Statement): Statement[] {
  const object = lookup.get(statement.object);
  const isRoutine = object?.kind === 'function' || object?.kind === 'procedure';
  const makes = statement.sql.startsWith('CREATE ') && hasTextInSql(statement.sql);
  if (!isRoutine || !makes) return [statement];
  return [
    { ...statement, sql: 'SET check_function_bodies = off' },
    statement,
    { ...statement, sql: 'RESET check_function_bodies' },
  ];
}
