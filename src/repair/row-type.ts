import { type CatalogLookup } from '../schema/catalog/lookup.js';
import { type CatalogObject, idOf } from '../schema/catalog/model.js';
import { schemaOf } from '../schema/catalog/names.js';
import { note } from '../schema/sql/alter/alteration.js';
import { mentions } from '../schema/sql/mention.js';
import { addNotNull } from '../schema/sql/not-null.js';
import { addColumn, setDefault } from '../schema/sql/table.js';
import { type SchemaGraph } from './schema-graph.js';

type Table = CatalogObject<'table'>;
type Column = CatalogObject<'column'>;

/** A column that holds rows of a table, or what holds such rows inside. */
export interface RowUser {
  /** The table or the materialized view that the column belongs to. */
  owner: CatalogObject;
  /** Such as `app.rooms.title`. */
  name: string;
}

/**
 * The columns that hold the row type of a view, a table or of one that inherits from it, in an array or
 * another type too. As long as there is one, PostgreSQL refuses whatever writes the table anew.
 */
export function rowUsersOf(graph: SchemaGraph, relation: CatalogObject): RowUser[] {
  const family = relation.kind === 'table' ? graph.familyOf(relation) : [relation];
  const types = new Set(family.map(({ name }) => name));
  const users: RowUser[] = [];
  // A set goes on with what is added to it meanwhile.
  for (const type of types) {
    for (const { owner, name } of graph.usersOfType(type)) {
      if (owner.kind === 'table' || owner.kind === 'materialized view') users.push({ owner, name });
      if (owner.kind !== 'materialized view') types.add(owner.name);
    }
  }
  return users;
}

/** What a type is without the brackets of an array. */
export function elementOf(type: string): string {
  return type.replace(/(\[\])+$/, '');
}

/**
 * The statements that add a column to a table whose row type a column has. Rows that are there get
 * the default by an UPDATE: a column that comes with one writes the table anew.
 */
export function addColumnBeside(
  lookup: CatalogLookup,
  table: Table,
  column: Column,
  user: RowUser,
): string[] {
  const { generated, identity, default: value, notNull } = column.parts;
  const reason = `${user.name} is of the row type of ${table.name}`;
  if (Boolean(generated) || Boolean(identity) || hasConstraints(lookup, column.parts.type)) {
    return [note(`PostgreSQL cannot add ${column.name}: ${reason}.`)];
  }
  if (value == null) return addColumn(lookup, column);
  if (cannotBeUpdated(lookup, table, column)) {
    const more = 'its updates are published, and it has no replica identity';
    return [note(`PostgreSQL cannot add ${column.name}: ${reason}, ${more}.`)];
  }
  const { default: _, notNull: __, notNullNotValid: ___, ...bare } = column.parts;
  return [
    ...(isUpdatedByOthers(lookup, table)
      ? [note(`The triggers, rules and policies of ${table.name} apply to this UPDATE.`)]
      : []),
    ...addColumn(lookup, { ...column, parts: bare }),
    setDefault(table, column, ''),
    `UPDATE ${table.name} SET ${column.own} = DEFAULT`,
    ...(notNull ? [addNotNull(lookup, table, column)] : []),
  ];
}

/** Whether something of a table makes of an UPDATE more, or less, than it says. */
function isUpdatedByOthers(lookup: CatalogLookup, table: Table): boolean {
  return (
    table.parts.rowSecurity?.startsWith('forced') === true ||
    lookup
      .allMembersOf(idOf(table))
      .some(
        ({ kind, parts }) =>
          (kind === 'trigger' || kind === 'rule') &&
          /\bUPDATE\b/.test((parts as { definition?: string }).definition ?? 'UPDATE'),
      )
  );
}

/** Whether the server refuses an UPDATE, because no subscriber could tell which row it is of. */
function cannotBeUpdated(lookup: CatalogLookup, table: Table, column: Column): boolean {
  const { replicaIdentity } = table.parts;
  // A key with the new column comes later.
  const hasKey = lookup
    .membersOf(table, 'constraint')
    .some(
      ({ parts: { type, definition } }) =>
        type === 'primary key' && !mentions(definition, column.own),
    );
  const isTold = replicaIdentity === undefined ? hasKey : replicaIdentity !== 'nothing';
  return (
    !isTold &&
    lookup.catalog.objects.some(
      (one) =>
        one.kind === 'publication' &&
        one.parts.publish.includes('update') &&
        (one.parts.allTables === true ||
          one.parts.tables?.[table.name] !== undefined ||
          one.parts.schemas?.includes(schemaOf(table.name)) === true),
    )
  );
}

/** Whether a value of a type is checked, NULL too. */
function hasConstraints(lookup: CatalogLookup, type: string | undefined): boolean {
  const domain = lookup.get(idOf({ kind: 'domain', name: type ?? '' }));
  if (domain?.kind !== 'domain') return false;
  return (
    domain.parts.notNull === true ||
    lookup.membersOf(domain, 'constraint').length > 0 ||
    hasConstraints(lookup, domain.parts.type)
  );
}
