import { type CatalogObject, idOf, type ObjectId } from '../schema/catalog/model.js';
import { alter } from '../schema/sql/alter/alter.js';
import { type Alteration, RECREATE, cannot } from '../schema/sql/alter/alteration.js';
import { fire } from '../schema/sql/alter/program.js';
import { alterTable } from '../schema/sql/alter/table.js';
import { dropLosesData } from '../schema/sql/drop.js';
import { includeColumn, resetDefault } from './column.js';
import { alterParents, isInherited } from './parents.js';
import { rowHolderAbove, rowHolderOf, VIEWS } from './row-holders.js';
import { columnOfDefault, type SchemaGraph } from './schema-graph.js';
import { replaceType } from './replace-type.js';

type Table = CatalogObject<'table'>;

/** What is not made anew for the sake of something else: it would lose what it holds. */
const HOLDS: ReadonlySet<string> = new Set(['table', 'schema', 'extension', 'sequence']);

/**
 * What has to be done about some differences, and about all that hangs on them: which objects are
 * dropped, which are made as they are expected, and which are altered where they are. Pure.
 */
export class Change {
  readonly gone = new Set<ObjectId>();
  readonly made = new Set<ObjectId>();
  readonly altered = new Map<ObjectId, Alteration>();
  losesData = false;
  private readonly seen = new Set<ObjectId>();
  /** Columns whose default is taken away for a while. */
  readonly withoutDefault = new Set<ObjectId>();

  /**
   * @param differing The objects that have a difference of their own. Where one stands in the way
   * of another, it is made as it is expected.
   * @param reordered The tables whose columns stand in another order.
   */
  constructor(
    readonly actual: SchemaGraph,
    readonly expected: SchemaGraph,
    private readonly differing: ReadonlySet<ObjectId>,
    private readonly reordered: ReadonlySet<ObjectId>,
  ) {}

  /** Takes in a difference. */
  include(id: ObjectId): void {
    if (this.seen.has(id)) return;
    this.seen.add(id);
    const [a, e] = [this.actual.get(id), this.expected.get(id)];
    const object = a ?? e;
    if (object?.kind === 'column') includeColumn(this, object);
    else if (a && !e) this.removeUnexpected(a);
    else if (e && !a) this.makeMissing(e);
    else if (a && e) this.alter(a, e);
    if (object && this.isDefinedElsewhere(a, e)) this.include(object.parent ?? '');
  }

  /** Whether a column or a check is a parent's alone in one of the databases only. */
  private isDefinedElsewhere(a: CatalogObject | undefined, e: CatalogObject | undefined): boolean {
    const object = a ?? e;
    const tables = [this.actual, this.expected].map((graph) => graph.get(object?.parent ?? null));
    const isOwn = (one: CatalogObject | undefined): boolean =>
      one?.kind === 'column' ? one.parts.type !== undefined : one !== undefined;
    return (
      (object?.kind === 'column' || object?.kind === 'constraint') &&
      isOwn(a) !== isOwn(e) &&
      tables.every((table) => table?.kind === 'table') &&
      tables.some((table) => table?.kind === 'table' && table.parts.inherits)
    );
  }

  /** Drops an object and makes it as it is expected, with all that hangs on it. */
  recreate(id: ObjectId): void {
    const e = this.expected.get(id);
    if (this.gone.has(id)) return;
    const isView = VIEWS.has(this.actual.get(id)?.kind ?? '');
    const own = isView && rowHolderOf(this, this.actual.get(id));
    const holder = own || (isView && rowHolderAbove(this, id));
    if (holder) {
      const reason = `${holder.name} is of ${own ? 'its row type' : 'the row type of a view that reads it'}`;
      this.altered.set(id, cannot(`PostgreSQL cannot make ${id} anew: ${reason}.`));
      return;
    }
    this.remove(id);
    if (e) this.make(e);
  }

  private makeMissing(object: CatalogObject): void {
    const table = this.actual.get(object.parent);
    const isThere =
      object.kind === 'constraint' &&
      table?.kind === 'table' &&
      isInherited(this.actual, table, object);
    if (!isThere) this.make(object);
  }

  make(object: CatalogObject): void {
    const id = idOf(object);
    if (this.made.has(id)) return;
    this.made.add(id);
    this.altered.delete(id);
    const occupant = this.actual.occupantOf(object, this.expected.lookup);
    if (occupant !== undefined && !this.expected.get(occupant)) this.remove(occupant);
    for (const one of [...this.expected.belongingTo(id), ...this.expected.partsOf(object)]) {
      if (!this.actual.get(idOf(one)) || this.gone.has(idOf(one))) this.make(one);
    }
    if (object.kind === 'trigger') this.setPartsOfTrigger(object);
    if (object.kind === 'table')
      for (const one of this.expected.publicationsOf(object)) this.include(one);
  }

  remove(id: ObjectId): void {
    const object = this.actual.get(id);
    if (object === undefined || this.gone.has(id)) return;
    const holder = this.expected.get(id) ? undefined : this.holderOf(id);
    if (holder) {
      this.altered.set(id, cannot(`PostgreSQL cannot drop ${id}: ${holder.name} needs it.`));
      return;
    }
    this.gone.add(id);
    this.altered.delete(id);
    if (dropLosesData(object) && !this.isRefilled(object)) this.losesData = true;
    for (const one of [...this.actual.belongingTo(id), ...this.actual.partsOf(object)]) {
      if (!this.handOver(one)) this.remove(idOf(one));
    }
    for (const dependent of this.actual.dependentsOf(id)) this.release(dependent, id);
  }

  /**
   * What needs an object, such as for its type, and cannot do without.
   *
   * @param within the tables for which that is being asked
   */
  private holderOf(id: ObjectId, within: readonly ObjectId[] = []): CatalogObject | undefined {
    const all = [id, ...this.actual.belongingTo(id).map(idOf)];
    return all
      .flatMap((one) => this.actual.dependentsOf(one))
      .flatMap((dependent) => this.actual.get(dependent) ?? [])
      .find((holder) => {
        const holderId = idOf(holder);
        if (this.gone.has(holderId) || all.includes(holderId)) return false;
        const table = holder.parent ?? '';
        if (holder.kind === 'column' && !this.expected.get(table)) {
          const isAsked = this.gone.has(table) || within.includes(table);
          return !isAsked && this.holderOf(table, [...within, table]);
        }
        if (holder.kind === 'column' || this.differing.has(holderId)) this.include(holderId);
        return this.altered.get(holderId)?.impossible;
      });
  }

  /** A sequence that is another column's in the end does not go away with its column. */
  private handOver(a: CatalogObject): boolean {
    const id = idOf(a);
    const e = this.expected.get(id);
    if (a.kind !== 'sequence' || e?.kind !== 'sequence' || this.gone.has(id)) return false;
    if (a.parts.ownedBy === e.parts.ownedBy || a.parts.identity || e.parts.identity) return false;
    const alteration = this.alterationOf(a, e);
    if (alteration === RECREATE) return false;
    this.seen.add(id);
    this.altered.set(id, { ...alteration, first: [`ALTER SEQUENCE ${a.name} OWNED BY NONE`] });
    return true;
  }

  private removeUnexpected(object: CatalogObject): void {
    const isCopy = object.kind === 'trigger' && object.parts.definition === undefined;
    const table = this.actual.get(object.parent);
    const after = this.expected.get(object.parent);
    if (object.kind === 'constraint' && after?.kind === 'table')
      if (isInherited(this.expected, after, object)) return;
    if (!isCopy || table?.kind !== 'table') return this.remove(idOf(object));
    this.altered.set(idOf(object), {
      statements: [fire(table.name, 'trigger', object.own, this.firingAbove(table, object.own))],
    });
  }

  /** How the trigger fires that one on a partition is a copy of. */
  private firingAbove(table: Table, own: string): 'always' | 'replica' | 'disabled' | 'origin' {
    for (const parent of this.expected.parentsOf(table)) {
      const above = this.expected.get(`trigger ${own} on ${parent.name}`);
      if (above?.kind === 'trigger') return above.parts.enabled ?? 'origin';
      return this.firingAbove(parent, own);
    }
    return 'origin';
  }

  /** What fires otherwise in a partition is said again after the trigger was touched. */
  private setPartsOfTrigger({ own, parent }: CatalogObject<'trigger'>): void {
    const table = this.expected.get(parent);
    if (table?.kind !== 'table') return;
    for (const { name } of this.expected.familyOf(table).slice(1)) {
      const copy = this.expected.get(`trigger ${own} on ${name}`);
      if (copy?.kind === 'trigger' && copy.parts.definition === undefined) this.make(copy);
    }
  }

  private isRefilled(object: CatalogObject): boolean {
    return object.kind === 'materialized view' && this.expected.get(idOf(object)) !== undefined;
  }

  /** Something needs what goes away. */
  private release(id: ObjectId, needed: ObjectId): void {
    const column = columnOfDefault(id);
    if (column !== undefined) {
      if (!this.gone.has(column)) resetDefault(this, column);
      return;
    }
    const object = this.actual.get(id);
    if (object === undefined || this.gone.has(id)) return;
    const comesAgain = this.expected.get(needed) !== undefined;
    if (object.kind === 'column') this.releaseColumn(object);
    else if (this.expected.get(id) === undefined) this.remove(id);
    else if (comesAgain && (!HOLDS.has(object.kind) || this.isPartOf(object, needed)))
      this.recreate(id);
    else if (this.differing.has(id)) this.include(id);
    else if (!HOLDS.has(object.kind)) this.recreate(id);
  }

  private releaseColumn(column: CatalogObject<'column'>): void {
    const table = this.actual.get(column.parent);
    if (table?.kind !== 'table') return;
    if (!this.expected.column(table.name, column.own)) this.remove(idOf(column));
    else if (this.differing.has(idOf(column))) this.include(idOf(column));
    else if (column.parts.generated) this.recreate(idOf(column));
  }

  private isPartOf(object: CatalogObject, needed: ObjectId): boolean {
    if (object.kind !== 'table') return false;
    return this.actual.parentsOf(object).some((parent) => idOf(parent) === needed);
  }

  private alter(a: CatalogObject, e: CatalogObject): void {
    const id = idOf(e);
    if (this.gone.has(id) || this.made.has(id)) return;
    const alteration = this.alterationOf(a, e);
    if (alteration === RECREATE) return this.recreateObject(a, e);
    this.altered.set(id, alteration);
    if (alteration.losesData) this.losesData = true;
    if (e.kind === 'trigger') this.setPartsOfTrigger(e);
    if (e.kind === 'table') this.restoreAfterAttaching(e, alteration);
    if (e.kind === 'privileges') this.grantColumnsAgain(e);
  }

  private alterationOf(a: CatalogObject, e: CatalogObject): Alteration | typeof RECREATE {
    if (a.kind === 'table' && e.kind === 'table') {
      const alteration = alterTable(this.expected.lookup, a, e, this.reordered.has(idOf(e)));
      if (alteration === RECREATE) return RECREATE;
      const { first, attaches, notes } = alterParents(this.actual, this.expected, a, e);
      return {
        ...alteration,
        ...{ first, attaches, statements: [...alteration.statements, ...notes] },
      };
    }
    if (a.kind === 'column' || e.kind === 'column' || a.kind === 'table' || e.kind === 'table') {
      return RECREATE;
    }
    return alter(this.expected.lookup, a, e);
  }

  private recreateObject(a: CatalogObject, e: CatalogObject): void {
    if (a.kind === 'enum' || a.kind === 'domain' || a.kind === 'range') {
      return replaceType(this, a, e as typeof a);
    }
    this.recreate(idOf(e));
    if (a.kind !== 'sequence' || e.kind !== 'sequence') return;
    for (const { parts } of [a, e]) {
      if (parts.ownedBy) this.include(idOf({ kind: 'column', name: parts.ownedBy }));
    }
  }

  /** A partition that is attached anew has the parent's triggers anew. */
  private restoreAfterAttaching(table: Table, { first = [] }: Alteration): void {
    if (first.length === 0) return;
    for (const one of this.expected.lookup.membersOf(table, 'trigger')) {
      if (one.parts.definition === undefined) this.make(one);
    }
  }

  /** What is revoked on a table is revoked on each of its columns as well. */
  private grantColumnsAgain({ own, parent }: CatalogObject<'privileges'>): void {
    for (const column of this.expected.lookup.allMembersOf(parent ?? '')) {
      if (column.kind !== 'column') continue;
      const granted = this.expected.get(`privileges ${own} on ${idOf(column)}`);
      if (granted) this.make(granted);
    }
  }
}
