import { type CatalogObject, defaultOf, idOf, type ObjectId } from '../schema/catalog/model.js';
import { breakCycles } from '../schema/sql/order.js';
import { Entries, type Unit } from '../schema/sql/units.js';
import { note } from '../schema/sql/alter/alteration.js';
import { goOnFrom } from '../schema/sql/alter/column.js';
import { replicaIdentity } from '../schema/sql/alter/table.js';
import { createDummyView } from '../schema/sql/create.js';
import { drop } from '../schema/sql/drop.js';
import { withoutDefaults } from '../schema/sql/privileges.js';
import { leadsTo, inferDependencies } from '../schema/sql/mention.js';
import { addColumn, attach, createTable } from '../schema/sql/table.js';
import { type Change } from './change.js';
import { addColumnBeside, type RowUser, rowUsersOf } from './row-type.js';
import { columnOfDefault, type SchemaGraph } from './schema-graph.js';

/** The statements of a change, each after what it needs. */
export function statementsOf(change: Change): string[] {
  const units = breakCycles((taken) => new Statements(change, taken).units());
  return [...new Set(units.flatMap(({ statements }) => statements))].map(withoutBodyCheck).flat();
}

const dropOf = (id: ObjectId): string => `drop ${id}`;
const firstOf = (id: ObjectId): string => `first ${id}`;
const lastOf = (id: ObjectId): string => `last ${id}`;

/** What is said of a table or a sequence that is there when indexes and columns are. */
function isLast(id: ObjectId, statement: string): boolean {
  if (id.startsWith('table ')) return / REPLICA IDENTITY /.test(statement);
  return id.startsWith('sequence ') && / OWNED BY (?!NONE$)/.test(statement);
}

/** So early that all that is made comes after it. */
const DROPS = -100;

/** What can be dropped before its owner is, where they are needed in a circle. */
const APART: ReadonlySet<string> = new Set(['constraint', 'index', 'trigger', 'rule', 'policy']);

class Statements {
  private readonly entries: Entries;

  constructor(
    private readonly change: Change,
    private readonly taken: ReadonlySet<string>,
  ) {
    this.entries = new Entries(change.expected.lookup, taken);
  }

  units(): Unit[] {
    const { actual, expected, gone, made, altered } = this.change;
    for (const object of actual.inOrder(gone)) this.drop(object);
    const ids = new Set([...made, ...altered.keys()]);
    for (const object of expected.inOrder(ids)) {
      if (made.has(idOf(object))) this.make(object);
      else this.alter(idOf(object), this.entries.stage(object));
    }
    // What only one graph describes: a column that says no more than its parent's does.
    for (const id of ids) {
      if (!this.entries.unitOf(id))
        this.alter(id, this.entries.stage(actual.get(id) ?? columnAt(id)));
    }
    const units = this.entries.finished();
    this.connect(units);
    return units;
  }

  private drop(object: CatalogObject): void {
    const { actual, expected, gone } = this.change;
    const id = idOf(object);
    const stage = DROPS - this.entries.stage(object);
    if (this.carrier(id) === id) this.entries.put(dropOf(id), stage, drop(actual.lookup, object));
    if (this.taken.has(dropOf(this.carrier(id)))) this.emptyFirst(object);
    if (object.kind !== 'privileges' || expected.get(id)) return;
    // What is revoked on a table is revoked on each of its columns as well.
    for (const column of expected.lookup.allMembersOf(object.parent ?? '')) {
      const granted = expected.get(`privileges ${object.own} on ${idOf(column)}`);
      if (column.kind === 'column' && granted && !gone.has(idOf(granted))) this.make(granted);
    }
  }

  /** Takes out of a view or a column what it needs, where each needs the other. */
  private emptyFirst(object: CatalogObject): void {
    const id = idOf(object);
    const table = this.change.actual.get(object.parent);
    if (object.kind === 'view') {
      const dummy = createDummyView(object).replace('CREATE', 'CREATE OR REPLACE');
      this.entries.put(firstOf(id), DROPS, [dummy]);
    } else if (object.kind === 'column' && object.parts.default && table?.kind === 'table') {
      const statement = `ALTER TABLE ONLY ${table.name} ALTER COLUMN ${object.own} DROP DEFAULT`;
      this.entries.put(firstOf(id), DROPS, [statement]);
    }
  }

  /** With what an object goes away: itself, where it has to be dropped by a statement of its own. */
  private carrier(id: ObjectId): ObjectId {
    const object = this.change.actual.get(id);
    if (object === undefined || !this.change.gone.has(id)) return id;
    const owner = this.ownerOf(object);
    if (owner === null || owner === id || !this.change.gone.has(owner)) return id;
    const carrier = this.carrier(owner);
    return this.taken.has(dropOf(carrier)) && APART.has(object.kind) ? id : carrier;
  }

  private ownerOf(object: CatalogObject): ObjectId | null {
    const { actual } = this.change;
    if (object.kind === 'sequence')
      return idOf({ kind: 'column', name: object.parts.ownedBy ?? '' });
    const partOf = 'partOf' in object.parts ? object.parts.partOf : undefined;
    const whole = partOf === undefined ? undefined : actual.occupied(partOf);
    return whole !== undefined && this.change.gone.has(whole) ? whole : object.parent;
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
    } else if (id === 'schema public') this.entries.put(id, 'schema', ['CREATE SCHEMA public']);
    else this.entries.add(object);
    this.entries.unitOf(id)?.statements.push(...this.withoutDefaultRights(object));
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
    this.entries.put(id, this.entries.stage(column), statements, [id, defaultOf(id)]);
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
    this.entries.put(id, 'table', statements);
    this.entries.holdsChecks(id);
    this.entries.put(`attach ${id}`, 'later', attach(table)).needs.add(id);
  }

  /** It comes with its column; what is said of it comes after that. */
  private makeIdentity(sequence: CatalogObject<'sequence'>): void {
    const unit = this.entries.put(idOf(sequence), 'later', this.withoutDefaultRights(sequence));
    const column = idOf({ kind: 'column', name: sequence.parts.ownedBy ?? '' });
    unit.needs.add(column);
    const table = this.change.expected.get(column)?.parent;
    if (table != null) unit.needs.add(table);
  }

  /** A sequence that is made for a column that is there. */
  private goOn(sequence: CatalogObject<'sequence'>): void {
    const { actual, gone } = this.change;
    const id = idOf({ kind: 'column', name: sequence.parts.ownedBy ?? '' });
    const column = gone.has(id) ? undefined : actual.get(id);
    const table = actual.get(column?.parent ?? null);
    if (!column || !table) return;
    const statements = goOnFrom(sequence, table.name, column.own);
    this.entries.put(`count of ${idOf(sequence)}`, 'later', statements);
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
    this.entries.put(lastOf(idOf(table)), 'later', [statement]);
  }

  private alter(id: ObjectId, stage: number): void {
    const alteration = this.change.altered.get(id);
    if (alteration === undefined) return;
    const { first = [], statements } = alteration;
    const later = statements.filter((one) => isLast(id, one));
    const now = statements.filter((one) => !later.includes(one));
    const unit = this.entries.put(id, stage, now, [id, defaultOf(id)]);
    if (alteration.makesChecks) this.entries.holdsChecks(id);
    if (first.length > 0) {
      this.entries.put(firstOf(id), DROPS, first);
      unit.needs.add(firstOf(id));
    }
    if (later.length > 0) this.entries.put(lastOf(id), 'later', later);
  }

  /** What is dropped waits for what needs it, and what is made for what is in its way. */
  private connect(units: readonly Unit[]): void {
    const { actual, expected, gone, altered } = this.change;
    const byId = new Map(units.map((unit) => [unit.id, unit]));
    for (const id of gone) {
      const unit = byId.get(dropOf(this.carrier(id)));
      for (const other of actual.dependentsOf(id)) this.waitFor(other, id, unit, byId);
      const again = this.entries.unitOf(id);
      if (unit && again) again.needs.add(unit.id);
    }
    for (const id of altered.keys()) {
      for (const other of [...actual.dependentsOf(id), ...actual.belongingTo(id).map(idOf)]) {
        const drops = byId.get(dropOf(this.carrier(other)));
        // A column that a view reads goes after the view was replaced, which the table's own change is for.
        if (drops && !leadsTo(drops, id, byId)) byId.get(id)?.needs.add(drops.id);
      }
    }
    this.connectSequences(byId);
    this.connectInherited(byId);
    if (expected.catalog.needs.size === 0) inferDependencies(units, actual.catalog.needs);
  }

  private waitFor(
    other: ObjectId,
    needed: ObjectId,
    unit: Unit | undefined,
    byId: ReadonlyMap<string, Unit>,
  ): void {
    const { expected, gone } = this.change;
    const id = columnOfDefault(other) ?? other;
    const waits = byId.has(firstOf(id)) ? [firstOf(id)] : [dropOf(this.carrier(id))];
    if (!gone.has(id) && !expected.catalog.needs.get(other)?.has(needed)) waits.push(id);
    for (const one of waits) if (byId.has(one) && one !== unit?.id) unit?.needs.add(one);
  }

  /** A column that comes from a parent is not described: what needs the table may need it. */
  private connectInherited(byId: ReadonlyMap<string, Unit>): void {
    const { actual, expected, gone, made } = this.change;
    for (const id of gone) {
      const table = this.tableOfColumn(actual, id);
      const drops = byId.get(dropOf(id));
      for (const { name } of table && drops ? actual.familyOf(table).slice(1) : []) {
        for (const other of actual.dependentsOf(idOf({ kind: 'table', name }))) {
          const before = byId.get(dropOf(this.carrier(other)));
          if (before && drops && !leadsTo(before, drops.id, byId)) drops.needs.add(before.id);
        }
      }
    }
    for (const id of made) {
      const table = this.tableOfColumn(expected, id);
      const adds = byId.get(id);
      for (const { name } of table && adds ? expected.familyOf(table).slice(1) : []) {
        for (const other of expected.dependentsOf(idOf({ kind: 'table', name }))) {
          const after = this.entries.unitOf(other);
          if (after && adds && after !== adds && !leadsTo(adds, after.id, byId))
            after.needs.add(adds.id);
        }
      }
    }
  }

  private tableOfColumn(graph: SchemaGraph, id: ObjectId): CatalogObject<'table'> | undefined {
    const column = graph.get(id);
    const table = column?.kind === 'column' ? graph.get(column.parent) : undefined;
    return table?.kind === 'table' ? table : undefined;
  }

  /** The name of an identity's sequence is free once the other one is gone. */
  private connectSequences(byId: ReadonlyMap<string, Unit>): void {
    for (const id of [...this.change.made, ...this.change.altered.keys()]) {
      const object = this.change.expected.get(id);
      if (object?.kind === 'column') {
        const sequence = this.change.expected.lookup.identitySequence(object);
        const drops = sequence && dropOf(idOf(sequence));
        if (drops && byId.has(drops)) byId.get(id)?.needs.add(drops);
      }
      if (object?.kind !== 'sequence' || !object.parts.ownedBy) continue;
      const owner = idOf({ kind: 'column', name: object.parts.ownedBy });
      if (byId.has(firstOf(owner))) byId.get(id)?.needs.add(firstOf(owner));
      const unit = this.entries.unitOf(owner);
      if (unit) byId.get(lastOf(id))?.needs.add(unit.id);
    }
    for (const id of this.change.altered.keys()) this.connectFormerOwner(id, byId);
  }

  /** A sequence goes away with its column, unless it was taken from that before. */
  private connectFormerOwner(id: ObjectId, byId: ReadonlyMap<string, Unit>): void {
    const sequence = this.change.actual.get(id);
    if (sequence?.kind !== 'sequence' || !byId.has(firstOf(id))) return;
    const owner = idOf({ kind: 'column', name: sequence.parts.ownedBy ?? '' });
    byId.get(dropOf(this.carrier(owner)))?.needs.add(firstOf(id));
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
function withoutBodyCheck(statement: string): string[] {
  if (
    !/^CREATE (OR REPLACE )?(FUNCTION|PROCEDURE)[\s\S]*?\n LANGUAGE sql\b[\s\S]*\nAS /.test(
      statement,
    )
  ) {
    return [statement];
  }
  return ['SET check_function_bodies = off', statement, 'RESET check_function_bodies'];
}
