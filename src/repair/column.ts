import { isDeepStrictEqual } from 'node:util';
import { type CatalogObject, idOf, type ObjectId } from '../schema/catalog/model.js';
import { RECREATE, cannot } from '../schema/sql/alter/alteration.js';
import { alterColumn as alterationOf, alterSettings } from '../schema/sql/alter/column.js';
import { type Change } from './change.js';
import { alterParents } from './parents.js';
import { rowHolderAbove } from './row-holders.js';
import { rowUsersOf } from './row-type.js';

type Table = CatalogObject<'table'>;
type Column = CatalogObject<'column'>;

/** What stands in the way when the type of a column changes that it reads. */
const READS_COLUMNS: ReadonlySet<string> = new Set([
  ...['view', 'materialized view', 'rule', 'trigger', 'policy', 'function', 'procedure'],
]);

export function includeColumn(change: Change, { name, own, parent }: CatalogObject): void {
  const id = idOf({ kind: 'column', name });
  const owner = change.actual.get(parent) ?? change.expected.get(parent);
  const [a, e] = [change.actual.get(id), change.expected.get(id)];
  if (owner?.kind === 'table') {
    const table = owner.name;
    const to = change.expected.column(table, own);
    if (to === undefined) return change.remove(id);
    if (change.actual.column(table, own) === undefined) return change.make(to);
    alterFamily(change, owner, own);
  } else if (owner) alterColumnOfView(change, owner, own, id);
  // Where only one graph has something to say of a column, what is said of it follows.
  if (!a) for (const one of change.expected.belongingTo(id)) includeMissing(change, one);
  if (!e) for (const one of change.actual.belongingTo(id)) change.remove(idOf(one));
}

function includeMissing(change: Change, object: CatalogObject): void {
  if (!change.actual.get(idOf(object))) change.make(object);
}

/** Takes a column's default away, which is in the way, and sets it again. */
export function resetDefault(change: Change, id: ObjectId): void {
  const column = change.actual.get(id);
  const table = change.actual.get(column?.parent ?? null);
  if (column === undefined || table?.kind !== 'table') return;
  for (const { name } of change.actual.familyOf(table)) {
    const one = idOf({ kind: 'column', name: `${name}.${column.own}` });
    if (change.withoutDefault.has(one) || !change.actual.column(name, column.own)?.parts.default)
      continue;
    change.withoutDefault.add(one);
    alterColumn(change, name, column.own);
  }
}

function alterColumnOfView(change: Change, owner: CatalogObject, own: string, id: ObjectId): void {
  const empty = { kind: 'column', name: `${owner.name}.${own}`, own, parent: null, parts: {} };
  const [a, e] = [change.actual, change.expected].map(
    (graph) => (graph.get(id) ?? empty) as CatalogObject<'column'>,
  ) as [CatalogObject<'column'>, CatalogObject<'column'>];
  const column = `ALTER ${owner.kind.toUpperCase()} ${owner.name} ALTER COLUMN ${own}`;
  const { default: value } = e.parts;
  change.altered.set(id, {
    statements: [
      ...(a.parts.default === value
        ? []
        : [value ? `${column} SET DEFAULT ${value}` : `${column} DROP DEFAULT`]),
      ...alterSettings(column, a, e, change.expected.catalog.postgres),
    ],
  });
}

/** In the tables that inherit the column, what they have from their parents changes too. */
function alterFamily(change: Change, table: Table, own: string): void {
  for (const { name } of change.actual.familyOf(table)) alterColumn(change, name, own);
}

function alterColumn(change: Change, tableName: string, own: string): void {
  const from = change.actual.column(tableName, own);
  const to = change.expected.column(tableName, own);
  const table = change.expected.lookup.table(tableName);
  const id = idOf({ kind: 'column', name: `${tableName}.${own}` });
  if (!from || !to || !table || change.gone.has(id) || change.made.has(id)) return;
  const setDefaultAgain = change.withoutDefault.has(id);
  if (!setDefaultAgain && isDeepStrictEqual(from.parts, to.parts)) return;
  const parents = keptParents(change, table).flatMap((name) => {
    const [a, e] = [change.actual.column(name, own), change.expected.column(name, own)];
    return a && e ? [{ a, e }] : [];
  });
  const notNullFollows = parents.some(
    ({ a, e }) => a.parts.notNull === from.parts.notNull && e.parts.notNull === to.parts.notNull,
  );
  const alteration = alterationOf({
    ...{ lookup: change.expected.lookup, table, setDefaultAgain },
    ...withNotNullNames(change, table, from, to),
    ...{ inherited: parents.length > 0, notNullFollows },
  });
  if (alteration === RECREATE) return recreateColumn(change, id, to);
  if (alteration.changesType && !canChangeType(change, id, table)) return;
  change.altered.set(id, alteration);
  const sequence = change.expected.lookup.identitySequence(to);
  if (sequence && !from.parts.identity) change.make(sequence);
  if (alteration.losesData) change.losesData = true;
  if (alteration.changesType) recreateReaders(change, id, tableName);
}

/** An inherited not-null constraint has the name of the parent's, and no statement of its own. */
function withNotNullNames(
  change: Change,
  table: Table,
  from: Column,
  to: Column,
): { from: Column; to: Column } {
  const named = (column: Column, name: string): Column => ({
    ...column,
    parts: { ...column.parts, notNullConstraint: name },
  });
  const before = change.actual.notNullName(table.name, to.own);
  const isOwn = change.expected.definesColumn(table.name, to.own) || to.parts.notNullConstraint;
  return {
    from: from.parts.notNull ? named(from, before) : from,
    to: isOwn || !from.parts.notNull ? to : named(to, before),
  };
}

/** The parents whose changes are those of the table, too. */
export function keptParents(change: Change, table: Table): readonly string[] {
  const before = change.actual.lookup.table(table.name);
  return before ? alterParents(change.actual, change.expected, before, table).kept : [];
}

/** A table whose rows are in a column is not written anew. */
function canChangeType(change: Change, id: ObjectId, table: Table): boolean {
  const tops = topsOf(change, table);
  const users = tops.flatMap((one) => rowUsersOf(change.actual, one));
  const stays = users.find(
    ({ owner }) => owner.kind === 'table' && change.expected.get(idOf(owner)),
  );
  if (stays) {
    const reason = `${stays.name} is of the row type of ${table.name}`;
    change.altered.set(id, cannot(`PostgreSQL cannot change the type of ${id}: ${reason}.`));
    return false;
  }
  const place = change.actual.get(id) ? id : idOf(table);
  const holder = rowHolderAbove(change, place);
  if (holder) {
    const reason = `${holder.name} is of the row type of a view that reads it`;
    change.altered.set(id, cannot(`PostgreSQL cannot change the type of ${id}: ${reason}.`));
    return false;
  }
  for (const { owner } of users)
    if (owner.kind === 'materialized view') change.recreate(idOf(owner));
  return true;
}

/** The tables from which a table inherits and that do not inherit themselves, or itself. */
function topsOf(change: Change, table: Table): Table[] {
  const parents = change.actual.parentsOf(table);
  return parents.length === 0 ? [table] : parents.flatMap((parent) => topsOf(change, parent));
}

function recreateColumn(change: Change, id: ObjectId, to: CatalogObject<'column'>): void {
  if (change.actual.get(id) === undefined) {
    change.altered.set(id, cannot(`PostgreSQL cannot change how ${to.name} is computed.`));
  } else change.recreate(id);
}

/** What reads a column whose type changes; where the column is not told, what reads the table. */
export function recreateReaders(change: Change, id: ObjectId, table: string): void {
  const place = change.actual.get(id) ? id : idOf({ kind: 'table', name: table });
  for (const dependent of change.actual.dependentsOf(place)) {
    const object = change.actual.get(dependent);
    const computed = object?.kind === 'column' && object.parts.generated && place === id;
    if (object && (READS_COLUMNS.has(object.kind) || computed)) change.recreate(dependent);
  }
}
