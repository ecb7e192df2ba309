import { type CatalogObject, idOf, type ObjectId } from '../schema/catalog/model.js';
import { type Entry, type EntryBuilder, laterOf } from '../schema/sql/entries.js';
import { inferDependencies, leadsTo } from '../schema/sql/mention.js';
import { type Change } from './change.js';
import { rowUsersOf } from './row-type.js';
import { columnOfDefault, type SchemaGraph } from './schema-graph.js';

export const dropOf = (id: ObjectId): string => `drop ${id}`;
export const firstOf = (id: ObjectId): string => `first ${id}`;
export const lastOf = (id: ObjectId): string => `last ${id}`;
export const nameOf = (id: ObjectId): string => `name of ${id}`;
export const attachOf = (id: ObjectId): string => `attach ${id}`;

/** What can be dropped before its owner is, where they are needed in a circle. */
const APART: ReadonlySet<string> = new Set(['constraint', 'index', 'trigger', 'rule', 'policy']);

/** With what an object goes away. */
export class Carriers {
  constructor(
    private readonly change: Change,
    private readonly split: ReadonlySet<string>,
  ) {}

  /** With what an object goes away: itself, where it has to be dropped by a statement of its own. */
  of(id: ObjectId): ObjectId {
    const object = this.change.actual.get(id);
    if (object === undefined || !this.change.gone.has(id)) return id;
    const owner = this.ownerOf(object);
    if (owner === null || owner === id || !this.change.gone.has(owner)) return id;
    const carrier = this.of(owner);
    return this.split.has(dropOf(carrier)) && APART.has(object.kind) ? id : carrier;
  }

  /** Whether what an object goes away with is part of a circle. */
  isSplit(id: ObjectId): boolean {
    return this.split.has(dropOf(this.of(id)));
  }

  private ownerOf(object: CatalogObject): ObjectId | null {
    const { actual } = this.change;
    if (object.kind === 'sequence')
      return idOf({ kind: 'column', name: object.parts.ownedBy ?? '' });
    const table = actual.get(object.parent);
    const isLeft = table?.kind === 'table' && !this.change.gone.has(idOf(table));
    if (object.kind === 'column' && object.parts.type === undefined && isLeft) {
      const above = actual.withAncestors(table).slice(1);
      const ids = above.map(({ name }) => idOf({ kind: 'column', name: `${name}.${object.own}` }));
      return ids.find((id) => this.change.gone.has(id)) ?? object.parent;
    }
    const partOf = 'partOf' in object.parts ? object.parts.partOf : undefined;
    const whole = partOf === undefined ? undefined : actual.occupied(partOf);
    return whole !== undefined && this.change.gone.has(whole) ? whole : object.parent;
  }
}

/** Which statements of a change wait for which. */
export class Waits {
  constructor(
    private readonly change: Change,
    private readonly builder: EntryBuilder,
    private readonly carriers: Carriers,
    private readonly split: ReadonlySet<string>,
  ) {}

  /** What is dropped waits for what needs it, and what is made for what is in its way. */
  connect(entries: readonly Entry[]): void {
    const { actual, expected, gone, altered } = this.change;
    const byId = new Map(entries.map((entry) => [entry.id, entry]));
    for (const id of gone) {
      const entry = byId.get(dropOf(this.carriers.of(id)));
      for (const other of actual.dependentsOf(id)) this.waitFor(other, id, entry, byId);
      const again = this.builder.entryOf(id);
      if (entry && again) again.dependencies.add(entry.id);
    }
    for (const id of altered.keys()) {
      const users = actual.dependentsOf(id);
      // Columns go over to a type that is made anew, and what reads them is in the way.
      const readers = users.flatMap((one) =>
        actual.get(one)?.kind === 'column' ? actual.dependentsOf(one) : [],
      );
      for (const other of [...users, ...readers, ...actual.belongingTo(id).map(idOf)]) {
        const drops = byId.get(dropOf(this.carriers.of(other)));
        // A column that a view reads goes after the view was replaced, which the table's own change is for.
        if (drops && !leadsTo(drops, id, byId)) byId.get(id)?.dependencies.add(drops.id);
      }
      this.connectRowUsers(id, [id, ...users], byId);
    }
    this.connectInherited(byId);
    for (const id of [...this.change.made, ...altered.keys()]) this.connectAttached(id, byId);
    if (expected.catalog.dependencies.size === 0)
      inferDependencies(entries, expected.lookup, actual.catalog.dependencies, this.split);
    // Last: where one of these makes a circle, what has the name is renamed.
    for (const id of [...this.change.made, ...altered.keys()]) this.connectNames(id, byId);
    this.connectSequences(byId);
  }

  /** Columns of a table's row type are made when the types of the table's columns are as they are to be. */
  private connectRowUsers(
    id: ObjectId,
    changed: readonly ObjectId[],
    byId: ReadonlyMap<string, Entry>,
  ): void {
    const { expected, made, altered } = this.change;
    const alteration = altered.get(id);
    const alters = byId.get(id);
    if (!alters || !(alteration?.changesType || alteration?.makesChecks)) return;
    for (const column of changed) {
      const table = this.tableOfColumn(expected, column);
      for (const { owner, name } of table ? rowUsersOf(expected, table) : []) {
        const user = [idOf({ kind: 'column', name }), idOf(owner)].find((one) => made.has(one));
        const makes = this.builder.entryOf(user ?? null);
        if (makes && !leadsTo(alters, makes.id, byId)) makes.dependencies.add(alters.id);
      }
    }
  }

  private waitFor(
    other: ObjectId,
    needed: ObjectId,
    entry: Entry | undefined,
    byId: ReadonlyMap<string, Entry>,
  ): void {
    const { expected, gone } = this.change;
    const id = columnOfDefault(other) ?? other;
    const waits = byId.has(firstOf(id)) ? [firstOf(id)] : [dropOf(this.carriers.of(id))];
    if (!gone.has(id) && !expected.catalog.dependencies.get(other)?.has(needed)) waits.push(id);
    for (const one of waits) if (byId.has(one) && one !== entry?.id) entry?.dependencies.add(one);
  }

  /** A column that comes from a parent is not described: what needs the table may need it. */
  private connectInherited(byId: ReadonlyMap<string, Entry>): void {
    const { actual, expected, gone, made } = this.change;
    for (const id of gone) {
      const table = this.tableOfColumn(actual, id);
      const drops = byId.get(dropOf(id));
      for (const { name } of table && drops ? actual.familyOf(table).slice(1) : []) {
        for (const other of actual.dependentsOf(idOf({ kind: 'table', name }))) {
          // A view that stays is replaced before the column goes that it has read.
          const before = byId.get(gone.has(other) ? dropOf(this.carriers.of(other)) : other);
          if (before && drops && !leadsTo(before, drops.id, byId))
            drops.dependencies.add(before.id);
        }
      }
    }
    for (const id of made) {
      const table = this.tableOfColumn(expected, id);
      const adds = byId.get(id);
      for (const { name } of table && adds ? expected.familyOf(table).slice(1) : []) {
        for (const other of expected.dependentsOf(idOf({ kind: 'table', name }))) {
          const after = this.builder.entryOf(other);
          if (after && adds && after !== adds && !leadsTo(adds, after.id, byId))
            after.dependencies.add(adds.id);
        }
      }
    }
  }

  /**
   * A table is attached when its columns and those of its parents are as they are to be, and its
   * indexes have all their parts: for one that has not, the server would make another.
   */
  private connectAttached(id: ObjectId, byId: ReadonlyMap<string, Entry>): void {
    const entry = byId.get(attachOf(id));
    const table = this.change.expected.get(id);
    if (!entry || table?.kind !== 'table') return;
    entry.dependencies.add(id);
    for (const one of this.change.expected.withAncestors(table)) {
      for (const own of this.change.expected.columnNames(one.name)) {
        const column = this.builder.entryOf(idOf({ kind: 'column', name: `${one.name}.${own}` }));
        if (column && column !== entry) entry.dependencies.add(column.id);
      }
    }
    for (const index of this.change.expected.lookup.allMembersOf(id)) {
      byId.get(laterOf(idOf(index)))?.dependencies.add(entry.id);
      for (const part of this.partsBelow(index)) {
        for (const one of [idOf(part), laterOf(idOf(part))])
          if (byId.has(one)) entry.dependencies.add(one);
      }
    }
  }

  /** The parts of an index, and theirs. */
  private partsBelow(index: CatalogObject): CatalogObject[] {
    const parts = this.change.expected.partsOf(index);
    return parts.flatMap((part) => [part, ...this.partsBelow(part)]);
  }

  private tableOfColumn(graph: SchemaGraph, id: ObjectId): CatalogObject<'table'> | undefined {
    const column = graph.get(id);
    const table = column?.kind === 'column' ? graph.get(column.parent) : undefined;
    return table?.kind === 'table' ? table : undefined;
  }

  /** The name of an index is free once the other one is gone, and so is that of an identity's sequence. */
  private connectNames(id: ObjectId, byId: ReadonlyMap<string, Entry>): void {
    const { actual, expected } = this.change;
    const object = expected.get(id);
    const named = object?.kind === 'column' ? expected.lookup.identitySequence(object) : object;
    const isColumns = named?.kind === 'sequence' && named !== object;
    if (!isColumns && named?.kind !== 'index' && named?.kind !== 'constraint') return;
    const occupant = actual.occupantOf(named, expected.lookup);
    if (occupant === undefined) return;
    const frees = byId.get(nameOf(occupant)) ?? byId.get(dropOf(this.carriers.of(occupant)));
    const makes = this.builder.entryOf(id);
    if (frees && frees !== makes) makes?.dependencies.add(frees.id);
  }

  private connectSequences(byId: ReadonlyMap<string, Entry>): void {
    for (const id of [...this.change.made, ...this.change.altered.keys()]) {
      const object = this.change.expected.get(id);
      if (object?.kind !== 'sequence' || !object.parts.ownedBy) continue;
      const owner = idOf({ kind: 'column', name: object.parts.ownedBy });
      if (byId.has(firstOf(owner))) byId.get(id)?.dependencies.add(firstOf(owner));
      const entry = this.builder.entryOf(owner);
      if (entry) byId.get(lastOf(id))?.dependencies.add(entry.id);
    }
    for (const id of this.change.altered.keys()) this.connectFormerOwner(id, byId);
  }

  /** A sequence goes away with its column, unless it was split from that before. */
  private connectFormerOwner(id: ObjectId, byId: ReadonlyMap<string, Entry>): void {
    const sequence = this.change.actual.get(id);
    if (sequence?.kind !== 'sequence' || !byId.has(firstOf(id))) return;
    const owner = idOf({ kind: 'column', name: sequence.parts.ownedBy ?? '' });
    byId.get(dropOf(this.carriers.of(owner)))?.dependencies.add(firstOf(id));
  }
}
