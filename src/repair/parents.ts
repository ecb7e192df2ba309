import { type CatalogObject } from '../schema/catalog/model.js';
import { type Alteration, note } from '../schema/sql/alter/alteration.js';
import { addColumn } from '../schema/sql/table.js';
import { heritableChecks, inheritedChecks } from '../schema/sql/inherited.js';
import { type SchemaGraph } from './schema-graph.js';

type Table = CatalogObject<'table'>;
type Check = CatalogObject<'constraint'>;

/** How a table is detached from parents, and attached to others. */
export interface ChangeOfParents extends Required<Pick<Alteration, 'first' | 'attaches'>> {
  /** The parents that it has throughout: what is changed there is changed in the table too. */
  kept: readonly string[];
  /** What no statement does. */
  notes: string[];
}

/**
 * The statements that make of a table's parents others.
 *
 * What a table inherits is defined in the table itself, too, once it was detached, and no statement
 * takes that away: only a partition, when it is attached, loses it. So a table whose parents stand in
 * another order is detached only where this changes nothing else.
 */
export function alterParents(
  actual: SchemaGraph,
  expected: SchemaGraph,
  a: Table,
  e: Table,
): ChangeOfParents {
  const { name, parts } = e;
  const { partitionOf, bound } = parts;
  const moves = a.parts.partitionOf !== partitionOf || a.parts.bound !== bound;
  const heritage = new Heritage(actual, expected, a, e);
  const remaining = heritage.remaining();
  const detached = heritage.before.filter((parent) => !remaining.includes(parent));
  const attached = heritage.after.filter((parent) => !remaining.includes(parent));
  const first = detached.map((parent) => `ALTER TABLE ${name} NO INHERIT ${parent}`);
  const attaches = attached.map((parent) => `ALTER TABLE ${name} INHERIT ${parent}`);
  // Of partitions, all are detached before any is attached: their bounds may change places.
  if (moves && a.parts.partitionOf)
    first.push(`ALTER TABLE ${a.parts.partitionOf} DETACH PARTITION ${name}`);
  if (moves && partitionOf)
    attaches.push(`ALTER TABLE ${partitionOf} ATTACH PARTITION ${name} ${bound}`);
  if (attaches.length > 0) attaches.unshift(...heritage.missing(remaining));
  return {
    ...{ first, attaches },
    kept: partitionOf !== undefined && !moves ? [partitionOf] : remaining,
    notes: partitionOf === undefined ? heritage.notes(remaining) : [],
  };
}

/** Whether a table has a check from a parent, too. */
export function isInherited(graph: SchemaGraph, table: Table, { own, parts }: Check): boolean {
  return inheritedChecks(graph.lookup, table).some(
    (check) => check.own === own && check.parts.definition === parts.definition,
  );
}

/** What a table that is in both databases has from its parents: columns, by name, and checks. */
class Heritage {
  readonly before: readonly string[];
  readonly after: readonly string[];

  constructor(
    private readonly actual: SchemaGraph,
    private readonly expected: SchemaGraph,
    a: Table,
    private readonly e: Table,
  ) {
    this.before = a.parts.inherits ?? [];
    this.after = e.parts.inherits ?? [];
  }

  /** The parents that the table is not detached from. */
  remaining(): readonly string[] {
    const wanted = this.toBeOwn();
    const place = this.before.findIndex(
      (parent, index) =>
        parent !== this.after[index] || wanted.some((one) => gives(this.actual, parent, one)),
    );
    const inOrder = place < 0 ? this.before : this.before.slice(0, place);
    const all = this.before.filter((parent) => this.after.includes(parent));
    return this.becomingOwn(inOrder).length > this.becomingOwn(all).length ? all : inOrder;
  }

  /** What the table has to have before it is attached. */
  missing(remaining: readonly string[]): string[] {
    const { name } = this.e;
    const { lookup } = this.expected;
    const isMissing = (one: string): boolean =>
      !namesIn(this.actual, name).includes(one) &&
      !isOwn(this.expected, name, one) &&
      !remaining.some((parent) => gives(this.expected, parent, one));
    const columns = this.expected
      .columnNames(name)
      .filter(isMissing)
      .flatMap((own) => this.expected.column(name, own) ?? []);
    const checks = inheritedChecks(lookup, this.e).filter(({ own }) => isMissing(checkOf(own)));
    return [
      ...columns.flatMap((column) => addColumn(lookup, column)),
      ...checks.map(
        ({ own, parts }) => `ALTER TABLE ${name} ADD CONSTRAINT ${own} ${parts.definition}`,
      ),
    ];
  }

  notes(remaining: readonly string[]): string[] {
    const { name } = this.e;
    const own = this.toBeOwn().filter((one) =>
      remaining.some((parent) => gives(this.actual, parent, one)),
    );
    const becoming = this.becomingOwn(remaining);
    const order = [...remaining, ...this.after.filter((parent) => !remaining.includes(parent))];
    return [
      ...(becoming.length > 0
        ? [
            note(
              `${name} has a definition of its own of ${becoming.join(', ')}: no statement takes it away. They stay where a parent drops them.`,
            ),
          ]
        : []),
      ...(own.length > 0
        ? [
            note(
              `${name} gets no definition of its own of ${own.join(', ')}: PostgreSQL gives one only to all that is inherited from a parent.`,
            ),
          ]
        : []),
      ...(order.join() === this.after.join()
        ? []
        : [note(`PostgreSQL puts the parent of ${name} last that is added last.`)]),
    ];
  }

  /** What is inherited only, and is to be defined in the table too. */
  private toBeOwn(): string[] {
    const { name } = this.e;
    return this.inheritedIn(this.expected).filter(
      (one) =>
        isOwn(this.expected, name, one) &&
        namesIn(this.actual, name).includes(one) &&
        !isOwn(this.actual, name, one),
    );
  }

  /** What is to be inherited only, and comes to be defined in the table where no other parent remains. */
  private becomingOwn(remaining: readonly string[]): string[] {
    const { name } = this.e;
    return this.inheritedIn(this.expected).filter(
      (one) =>
        !isOwn(this.expected, name, one) &&
        (isOwn(this.actual, name, one) ||
          !remaining.some((parent) => gives(this.expected, parent, one))),
    );
  }

  private inheritedIn(graph: SchemaGraph): string[] {
    return namesIn(graph, this.e.name).filter((one) =>
      this.after.some((parent) => gives(graph, parent, one)),
    );
  }
}

/** The columns of a table, and the checks that it has or inherits. */
function namesIn(graph: SchemaGraph, name: string): string[] {
  const table = graph.lookup.table(name);
  if (table === undefined) return [];
  const checks = [
    ...graph.lookup.membersOf(table, 'constraint').filter(({ parts }) => parts.type === 'check'),
    ...inheritedChecks(graph.lookup, table),
  ];
  return [...new Set([...graph.columnNames(name), ...checks.map(({ own }) => checkOf(own))])];
}

/** Whether a table gives a column or a check to those that inherit from it. */
function gives(graph: SchemaGraph, parent: string, one: string): boolean {
  const table = graph.lookup.table(parent);
  if (table === undefined) return false;
  const checks = heritableChecks(graph.lookup, table).map(({ own }) => checkOf(own));
  return graph.columnNames(parent).includes(one) || checks.includes(one);
}

/** Whether a column or a check is defined in a table itself. */
function isOwn(graph: SchemaGraph, table: string, one: string): boolean {
  return graph.definesColumn(table, one) || graph.get(`${one} on ${table}`) !== undefined;
}

function checkOf(own: string): string {
  return `constraint ${own}`;
}
