import { type CatalogLookup } from '../../catalog/lookup.js';
import { type CatalogObject, type PartsOf } from '../../catalog/model.js';
import { unquoted } from '../../catalog/names.js';
import { addNotNull } from '../not-null.js';
import { identityClause, setDefault } from '../table.js';
import { changeOptions, notNullName, words } from '../text.js';
import { type Alteration, RECREATE, cannot, note } from './alteration.js';
import { conversionOf, narrows } from './type-change.js';

type Column = CatalogObject<'column'>;
type Parts = PartsOf['column'];

/** A column as it is and as it is to be, with what it has from parents. */
export interface ColumnChange {
  /** The catalog of what it is to be. */
  lookup: CatalogLookup;
  table: CatalogObject<'table'>;
  from: Column;
  to: Column;
  /** A parent has it: its type is changed there. */
  inherited: boolean;
  /** In the parent, not null changes in the same way, and takes this one along. */
  notNullFollows: boolean;
  /** The default was taken away for something else's sake, and comes again. */
  setDefaultAgain: boolean;
}

/** The statements that make of a table's column another. */
export function alterColumn(change: ColumnChange): Alteration | typeof RECREATE {
  const { table, from, to, inherited, lookup } = change;
  const generated = alterGenerated(change);
  if (generated === RECREATE) {
    return inherited ? cannot(`PostgreSQL cannot change how ${to.name} is computed.`) : RECREATE;
  }
  const [a, e] = [from.parts, to.parts];
  const column = `ALTER TABLE ${table.name} ALTER COLUMN ${to.own}`;
  const only = `ALTER TABLE ONLY ${table.name}`;
  const changesType = a.type !== e.type || a.collation !== e.collation;
  if (changesType && !inherited && isInPartitionKey(table, to.own)) {
    return cannot(
      `PostgreSQL cannot change the type of ${to.name}: the table is partitioned by it.`,
    );
  }
  const resets = (changesType || change.setDefaultAgain) && !e.generated;
  const takesDefault = Boolean(a.default) && !a.generated && (resets || !e.default);
  const setsDefault = !e.generated && Boolean(e.default) && (resets || a.default !== e.default);
  return {
    first: [
      ...(a.identity && !e.identity ? [`${column} DROP IDENTITY`] : []),
      ...(takesDefault ? [`${only} ALTER COLUMN ${to.own} DROP DEFAULT`] : []),
    ],
    statements: [
      ...generated,
      ...(changesType && !inherited ? [changeType(column, from, to)] : []),
      ...(setsDefault ? [setDefault(table, to)] : []),
      ...(change.notNullFollows ? [] : alterNotNull(change)),
      ...alterIdentity(change, column),
      ...alterSettings(`${only} ALTER COLUMN ${to.own}`, from, to, lookup.catalog.postgres),
    ],
    changesType,
    losesData: changesType && narrows(a.type ?? '', e.type ?? ''),
  };
}

function alterGenerated({ table, from, to, lookup }: ColumnChange): string[] | typeof RECREATE {
  const [a, e] = [from.parts, to.parts];
  const alter = `ALTER TABLE ${table.name} ALTER COLUMN ${to.own}`;
  if (a.generated === e.generated) {
    if (a.expression === e.expression) return [];
    if (lookup.catalog.postgres < 17) return RECREATE;
    return [`${alter} SET EXPRESSION AS (${e.expression})`];
  }
  return a.generated === 'stored' && !e.generated ? [`${alter} DROP EXPRESSION`] : RECREATE;
}

function changeType(column: string, { parts: a }: Column, { own, parts: e }: Column): string {
  const type = e.type ?? '';
  const conversion = conversionOf(own, a.type ?? '', type);
  return words(
    `${column} TYPE ${type}`,
    e.collation && `COLLATE ${e.collation}`,
    !e.generated && conversion && `USING ${conversion}`,
  );
}

/** Not null is a constraint with a name of its own since PostgreSQL 18. */
function alterNotNull({ lookup, table, from: { parts: a }, to }: ColumnChange): string[] {
  const { own, parts: e } = to;
  const alter = `ALTER TABLE ${table.name}`;
  const drop = `${alter} ALTER COLUMN ${own} DROP NOT NULL`;
  const add = addNotNull(lookup, table, to);
  if (!e.notNull) return a.notNull ? [drop] : [];
  if (!a.notNull) return [add];
  if (e.notNullNotValid && !a.notNullNotValid) return [drop, add];
  const nameOf = ({ notNullConstraint }: Parts): string =>
    notNullConstraint ?? notNullName(table.name, own);
  const [before, after] = [nameOf(a), nameOf(e)];
  return [
    ...(unquoted(before) === unquoted(after)
      ? []
      : [`${alter} RENAME CONSTRAINT ${before} TO ${after}`]),
    ...(a.notNullNotValid && !e.notNullNotValid ? [`${alter} VALIDATE CONSTRAINT ${after}`] : []),
    ...(a.notNullNoInherit === e.notNullNoInherit
      ? []
      : [`${alter} ALTER CONSTRAINT ${after} ${e.notNullNoInherit ? 'NO INHERIT' : 'INHERIT'}`]),
  ];
}

function alterIdentity(change: ColumnChange, column: string): string[] {
  const { lookup, table, from, to } = change;
  const { identity } = to.parts;
  if (!identity || identity === from.parts.identity) return [];
  if (from.parts.identity) return [`${column} SET GENERATED ${identity.toUpperCase()}`];
  const sequence = lookup.identitySequence(to);
  return [
    `${column} ADD ${identityClause(lookup, table, to)}`,
    ...(sequence ? goOnFrom(sequence, table.name, to.own) : []),
  ];
}

/** A new sequence goes on after what its column holds. */
export function goOnFrom(
  { name, parts }: CatalogObject<'sequence'>,
  table: string,
  column: string,
  type: string | undefined = parts.type,
): string[] {
  const counts = type === undefined || /^(smallint|integer|bigint)$/.test(type);
  if (!counts || parts.increment?.startsWith('-'))
    return [note(`Set ${name} to where ${column} has come to.`)];
  const text = `'${name.replaceAll("'", "''")}'`;
  return [`SELECT pg_catalog.setval(${text}, (SELECT pg_catalog.max(${column}) FROM ${table}))`];
}

/** What is said of a column of a table, a view or a materialized view beyond what it is. */
export function alterSettings(
  column: string,
  { parts: a }: Column,
  { parts: e }: Column,
  postgres: number,
): string[] {
  return [
    ...((e.storage ?? null) === (a.storage ?? null)
      ? []
      : [`${column} SET STORAGE ${e.storage?.toUpperCase() ?? usualStorage(e.type, postgres)}`]),
    ...((e.compression ?? null) === (a.compression ?? null)
      ? []
      : [`${column} SET COMPRESSION ${e.compression ?? 'default'}`]),
    ...(a.statistics === e.statistics ? [] : [`${column} SET STATISTICS ${e.statistics ?? -1}`]),
    ...changeOptions(column, a.options, e.options),
  ];
}

/** Until PostgreSQL 15, DEFAULT could not be said. */
function usualStorage(type: string | undefined, postgres: number): string {
  if (postgres >= 16) return 'DEFAULT';
  return /^(numeric|inet|cidr)\b(?!.*\[\])/.test(type ?? '') ? 'MAIN' : 'EXTENDED';
}

function isInPartitionKey({ parts }: CatalogObject<'table'>, own: string): boolean {
  return ` ${parts.partitionBy ?? ''} `.split(/[^\w"$]+/).includes(own);
}
