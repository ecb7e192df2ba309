import { type CatalogObject, idOf } from '../schema/catalog/model.js';
import { withoutSchema } from '../schema/catalog/names.js';
import { cannot } from '../schema/sql/alter/alteration.js';
import { create, createDomain } from '../schema/sql/create.js';
import { canBeInline } from '../schema/sql/table.js';
import { type Change } from './change.js';
import { keptParents, recreateReaders, resetDefault } from './column.js';
import { nameBefore } from './renamings.js';
import { type RowUser, rowUsersOf } from './row-type.js';
import { columnOfDefault, type SchemaGraph } from './schema-graph.js';

type Type = CatalogObject<'enum' | 'domain' | 'range'>;

/** What a type is part of and cannot be given another for it. */
const IN_TYPES: ReadonlySet<string> = new Set(['composite type', 'domain', 'range']);

/**
 * Makes a type anew that PostgreSQL cannot alter. Where columns are of it, the old one is renamed
 * first, and they go over to the new one by way of text: a value that the new one does not have
 * makes that fail, and nothing is lost.
 */
export function replaceType(change: Change, from: Type, to: Type): void {
  const { actual, expected } = change;
  const id = idOf(to);
  const dependents = actual.dependentsOf(id);
  const objects = dependents.flatMap((dependent) => actual.get(dependent) ?? []);
  const columns = objects.filter((object) => object.kind === 'column');
  if (columns.length === 0 && !isHeld(actual, to.name)) return change.recreate(id);
  const within = objects.find(({ kind, name }) => IN_TYPES.has(kind) && isHeld(actual, name));
  const key = columns.find((column) => isPartitionedBy(change, column));
  const row = columns.flatMap((column) => rowUserOf(change, column) ?? [])[0];
  if (within ?? key ?? row) {
    const reason = within
      ? `${within.kind} ${within.name} is made of it`
      : key
        ? `a table is partitioned by ${key.name}`
        : `${row?.name ?? ''} is of the row type of a table that has it`;
    change.altered.set(id, cannot(`There is no statement for ${to.kind} ${to.name}: ${reason}.`));
    return;
  }
  for (const dependent of dependents) {
    const column = columnOfDefault(dependent);
    const object = actual.get(dependent);
    if (column !== undefined) resetDefault(change, column);
    else if (object && object.kind !== 'column' && object.kind !== 'table')
      change.recreate(dependent);
  }
  const converted = columns.flatMap((column) => {
    const table = actual.get(column.parent);
    const after = table && expected.lookup.table(table.name);
    const wanted = after && expected.column(after.name, column.own);
    if (!table || !wanted) return [];
    if (column.parts.generated) {
      change.recreate(idOf(column));
      return [];
    }
    resetDefault(change, idOf(column));
    recreateReaders(change, idOf(column), table.name);
    const { type = '', collation } = wanted.parts;
    // What a parent has goes over with the parent's.
    if (keptParents(change, after).some((name) => actual.column(name, column.own))) return [];
    const collate = collation ? ` COLLATE ${collation}` : '';
    return [
      `ALTER TABLE ${table.name} ALTER COLUMN ${column.own} TYPE ${type}${collate} USING ${column.own}::text::${type}`,
    ];
  });
  change.altered.set(id, {
    makesChecks: true,
    statements: [
      ...renames(from),
      ...(to.kind === 'domain'
        ? [createDomain(to, checksOf(expected, to))]
        : create(expected.lookup, to)),
      ...converted,
      `DROP ${to.kind === 'domain' ? 'DOMAIN' : 'TYPE'} ${oldName(to.name)}`,
    ],
  });
  for (const member of expected.belongingTo(id)) change.make(member);
}

/** Whether a column of a table is of the type, in another type or in an array too. */
function isHeld(graph: SchemaGraph, type: string, seen = new Set<string>()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  return graph
    .usersOfType(type)
    .some(({ owner }) => owner.kind === 'table' || isHeld(graph, owner.name, seen));
}

/** A column that is of the row type of a table, and is so in the end. */
function rowUserOf({ actual, expected }: Change, column: CatalogObject): RowUser | undefined {
  const table = actual.get(column.parent);
  if (table?.kind !== 'table') return undefined;
  return rowUsersOf(actual, table).find(
    ({ owner }) => owner.kind === 'table' && expected.get(idOf(owner)),
  );
}

function checksOf(
  { lookup }: SchemaGraph,
  domain: CatalogObject<'domain'>,
): CatalogObject<'constraint'>[] {
  return lookup.membersOf(domain, 'constraint').filter(({ parts }) => canBeInline(parts));
}

function renames({ kind, name, parts }: Type): string[] {
  const others = kind === 'range' ? [(parts as { multirange: string }).multirange] : [];
  return [name, ...others].map(
    (old) =>
      `ALTER ${kind === 'domain' ? 'DOMAIN' : 'TYPE'} ${old} RENAME TO ${withoutSchema(oldName(old))}`,
  );
}

function oldName(name: string): string {
  const own = withoutSchema(name);
  return name.slice(0, name.length - own.length) + nameBefore(own);
}

function isPartitionedBy({ actual }: Change, { own, parent }: CatalogObject<'column'>): boolean {
  const table = actual.get(parent);
  if (table?.kind !== 'table') return false;
  const words = ` ${table.parts.partitionBy ?? ''} `.split(/[^\w"$]+/);
  return words.includes(own);
}
