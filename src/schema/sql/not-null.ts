import { type CatalogLookup } from '../catalog/lookup.js';
import { type CatalogObject, idOf } from '../catalog/model.js';
import { fullColumns, isAttached } from './inherited.js';
import { notNullName, words } from './text.js';

type Table = CatalogObject<'table'>;
type Column = CatalogObject<'column'>;

/** The name of a not-null constraint, where it is not the one that the server chooses. */
export function notNullNamed(
  lookup: CatalogLookup,
  table: Table,
  { own, parts }: Column,
): string | undefined {
  const usual = notNullName(table.name, own);
  // Since PostgreSQL 18. What another constraint of the schema is called, the server does not choose.
  const isTaken = lookup.catalog.postgres >= 18 && lookup.hasConstraint(idOf(table), usual);
  const name = parts.notNullConstraint ?? (isTaken ? usual : undefined);
  return name && `CONSTRAINT ${name}`;
}

/** The statement that gives a column that is there a not-null constraint. */
export function addNotNull(lookup: CatalogLookup, table: Table, column: Column): string {
  const { notNullNoInherit, notNullNotValid } = column.parts;
  const alter = `ALTER TABLE ${table.name}`;
  const name = notNullNamed(lookup, table, column);
  if (lookup.catalog.postgres < 18 || !(name || notNullNoInherit || notNullNotValid)) {
    return `${alter} ALTER COLUMN ${column.own} SET NOT NULL`;
  }
  return words(
    `${alter} ADD`,
    name,
    `NOT NULL ${column.own}`,
    notNullNoInherit && 'NO INHERIT',
    notNullNotValid && 'NOT VALID',
  );
}

/** Not with ONLY: by then the tables that inherit the column may be there. */
export function notValidNotNull(lookup: CatalogLookup, table: Table, column: Column): string[] {
  if (!column.parts.notNullNotValid) return [];
  const name = notNullNamed(lookup, table, column);
  return [words(`ALTER TABLE ${table.name} ADD`, name, `NOT NULL ${column.own} NOT VALID`)];
}

/**
 * A column whose not-null constraint is called as in the parent, unless another constraint of the table
 * is: so it is in a partition that is made of it.
 */
export function namedAsAbove(
  lookup: CatalogLookup,
  table: Table,
  parent: string,
  column: Column,
): Column {
  const notNullConstraint =
    lookup.catalog.postgres < 18 ? undefined : nameAbove(lookup, parent, column.own);
  const isTaken = lookup
    .membersOf(table, 'constraint')
    .some(({ own }) => own === notNullConstraint || `"${own}"` === notNullConstraint);
  return notNullConstraint === undefined || isTaken
    ? column
    : { ...column, parts: { ...column.parts, notNullConstraint } };
}

/** What the not-null constraint of a parent's column is called, which may have it from its own parent. */
function nameAbove(lookup: CatalogLookup, name: string, own: string): string | undefined {
  const table = lookup.table(name);
  const column = table && fullColumns(lookup, table).find((above) => above.own === own);
  if (!table || !column?.parts.notNull) return undefined;
  const { partitionOf } = table.parts;
  const isMade =
    partitionOf !== undefined && !isAttached(lookup, table, lookup.membersOf(table, 'column'));
  const further = isMade ? nameAbove(lookup, partitionOf, own) : undefined;
  return further ?? column.parts.notNullConstraint ?? notNullName(table.name, own);
}

/** A name of its own for the not-null constraint of a column that comes from a parent. */
export function localNotNull({ own, parts }: Column): string[] {
  const { type, notNullConstraint } = parts;
  return type || !notNullConstraint ? [] : [`CONSTRAINT ${notNullConstraint} NOT NULL ${own}`];
}
