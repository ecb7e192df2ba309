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

/** A column whose not-null constraint is called as in the parent: so it is in a partition that is made of it. */
export function namedAsAbove(lookup: CatalogLookup, parent: string, column: Column): Column {
  const table = lookup.table(parent);
  const above = table && fullColumns(lookup, table).find(({ own }) => own === column.own);
  if (lookup.catalog.postgres < 18 || !table || !above?.parts.notNull) return column;
  const { partitionOf } = table.parts;
  if (partitionOf !== undefined && !isAttached(lookup, table, lookup.membersOf(table, 'column'))) {
    return namedAsAbove(lookup, partitionOf, column);
  }
  const notNullConstraint = above.parts.notNullConstraint ?? notNullName(table.name, above.own);
  return { ...column, parts: { ...column.parts, notNullConstraint } };
}

/** A name of its own for the not-null constraint of a column that comes from a parent. */
export function localNotNull({ own, parts }: Column): string[] {
  const { type, notNullConstraint } = parts;
  return type || !notNullConstraint ? [] : [`CONSTRAINT ${notNullConstraint} NOT NULL ${own}`];
}
