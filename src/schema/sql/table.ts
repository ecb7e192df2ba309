import { type CatalogLookup } from '../catalog/lookup.js';
import { type CatalogObject, type PartsOf } from '../catalog/model.js';
import { fullColumns, inheritedChecks, isAttached } from './inherited.js';
import { localNotNull, namedAsAbove, notNullNamed, notValidNotNull } from './not-null.js';
import { inBrackets, sequenceOptions, words } from './text.js';

type Table = CatalogObject<'table'>;
type Column = CatalogObject<'column'>;

/**
 * The statements that make a table with its columns. Its defaults and checks are made with it,
 * unless `bare`: then they are left to `setDefault` and to the constraints' own statements.
 *
 * A table with parents is made of them, so that it takes over what they have. Where its columns are
 * in an order, or computed in a way, that it would not get so, it is made by itself and attached.
 *
 * @param attachesLater It is made by itself, and `attach` is left to the caller.
 */
export function createTable(
  lookup: CatalogLookup,
  table: Table,
  bare: boolean,
  attachesLater = false,
): string[] {
  const own = lookup.membersOf(table, 'column');
  const isApart = isAttached(lookup, table, own);
  const attaches = attachesLater || isApart;
  const { partitionOf } = table.parts;
  const columns =
    attaches && partitionOf !== undefined
      ? fullColumns(lookup, table).map((column) =>
          isApart ? column : namedAsAbove(lookup, table, partitionOf, column),
        )
      : own.filter(({ parts }) => parts.type);
  const checks = [
    ...(attaches ? inheritedChecks(lookup, table) : []),
    ...(bare ? [] : checksOf(lookup, table)),
  ];
  const lines = [
    ...columns.map((column) => columnLine(lookup, table, column, bare)),
    ...(attaches ? [] : own.flatMap(localNotNull)),
    ...unique(checks).map(({ own: name, parts }) => `CONSTRAINT ${name} ${parts.definition}`),
  ];
  const alter = `ALTER TABLE ONLY ${table.name}`;
  const taken = attaches ? [] : own.filter(({ parts }) => !parts.type);
  return [
    createStatement(table, lines, attaches),
    ...(attaches && !attachesLater ? attach(table) : []),
    ...columns.flatMap((column) => columnSettings(column, alter)),
    ...taken.flatMap((column) => overrides(lookup, table, column, bare)),
    ...tableSettings(table),
  ];
}

function createStatement({ name, parts }: Table, lines: string[], attaches: boolean): string {
  const { partitionOf, bound, inherits, unlogged } = parts;
  const inside = lines.length === 0 ? '' : `\n  ${lines.join(',\n  ')}\n`;
  const isPart = partitionOf !== undefined && !attaches;
  return words(
    words('CREATE', unlogged && 'UNLOGGED', `TABLE ${name}`),
    isPart && `PARTITION OF ${partitionOf}`,
    (!isPart || inside !== '') && `(${inside})`,
    isPart && bound,
    inherits && !attaches && `INHERITS (${inherits.join(', ')})`,
    tail(parts),
  );
}

/** The statements that make a table one of its parents. */
export function attach({ name, parts }: Table): string[] {
  const { partitionOf, bound, inherits = [] } = parts;
  if (partitionOf === undefined) {
    return inherits.map((parent) => `ALTER TABLE ${name} INHERIT ${parent}`);
  }
  return [`ALTER TABLE ONLY ${partitionOf} ATTACH PARTITION ${name} ${bound}`];
}

/** The statement that gives a column its default after the table was made. */
export function setDefault(table: { name: string }, column: Column, only = 'ONLY '): string {
  return `ALTER TABLE ${only}${table.name} ALTER COLUMN ${column.own} SET DEFAULT ${column.parts.default}`;
}

/** Whether a check can stand within the statement that makes its table. */
export function canBeInline(parts: PartsOf['constraint']): boolean {
  return parts.type === 'check' && !isNotValid(parts);
}

/** Whether a constraint holds for new rows only. */
export function isNotValid({ definition }: PartsOf['constraint']): boolean {
  return definition.endsWith(' NOT VALID');
}

/** What rows that are there may contradict, or be hidden by: it comes after them. */
export function createPostData(lookup: CatalogLookup, table: Table): string[] {
  const { rowSecurity } = table.parts;
  const alter = `ALTER TABLE ONLY ${table.name}`;
  return [
    ...lookup
      .membersOf(table, 'column')
      .flatMap((column) => notValidNotNull(lookup, table, column)),
    ...(rowSecurity === 'enabled' || rowSecurity === 'forced'
      ? [`${alter} ENABLE ROW LEVEL SECURITY`]
      : []),
    ...(rowSecurity?.startsWith('forced') ? [`${alter} FORCE ROW LEVEL SECURITY`] : []),
  ];
}

/**
 * What is set of a column of a table or a view after it was made.
 *
 * @param family The statement's beginning for what tables that inherit the column take over.
 */
export function columnSettings(
  { own, parts }: Column,
  alter: string,
  family: string = alter,
): string[] {
  const { storage, compression, statistics, options } = parts;
  const column = `${alter} ALTER COLUMN ${own}`;
  return [
    ...(storage ? [`${family} ALTER COLUMN ${own} SET STORAGE ${storage.toUpperCase()}`] : []),
    ...(compression ? [`${column} SET COMPRESSION ${compression}`] : []),
    ...(statistics === undefined ? [] : [`${column} SET STATISTICS ${statistics}`]),
    ...(options ? [`${column} SET ${inBrackets(options)}`] : []),
  ];
}

/** The statements that give a table one more column. */
export function addColumn(lookup: CatalogLookup, column: Column): string[] {
  const table = lookup.get(column.parent);
  if (table?.kind !== 'table') return [];
  const alter = `ALTER TABLE ${table.name}`;
  return [
    `${alter} ADD COLUMN ${columnLine(lookup, table, column, false)}`,
    ...columnSettings(column, `ALTER TABLE ONLY ${table.name}`, alter),
    ...notValidNotNull(lookup, table, column),
  ];
}

function tail({
  partitionBy,
  accessMethod,
  options = [],
  toastOptions = [],
}: PartsOf['table']): string {
  const all = [...options, ...toastOptions];
  return words(
    partitionBy && `PARTITION BY ${partitionBy}`,
    accessMethod && `USING ${accessMethod}`,
    all.length > 0 && `WITH ${inBrackets(all)}`,
  );
}

function tableSettings({ name, parts }: Table): string[] {
  const { ofType, replicaIdentity } = parts;
  const alter = `ALTER TABLE ONLY ${name}`;
  return [
    ...(ofType ? [`ALTER TABLE ${name} OF ${ofType}`] : []),
    ...(replicaIdentity === 'full' || replicaIdentity === 'nothing'
      ? [`${alter} REPLICA IDENTITY ${replicaIdentity.toUpperCase()}`]
      : []),
  ];
}

function columnLine(lookup: CatalogLookup, table: Table, column: Column, bare: boolean): string {
  const { parts } = column;
  const { type, collation, generated, expression, notNull } = parts;
  const value = bare
    ? undefined
    : (parts.default ?? (hasDefaultAbove(lookup, table, column) ? 'NULL' : undefined));
  return words(
    column.own,
    type,
    collation && `COLLATE ${collation}`,
    generated && `GENERATED ALWAYS AS (${expression}) ${generated.toUpperCase()}`,
    !generated && value && `DEFAULT ${value}`,
    identityClause(lookup, table, column),
    notNull &&
      !parts.notNullNotValid &&
      words(
        notNullNamed(lookup, table, column),
        'NOT NULL',
        parts.notNullNoInherit && 'NO INHERIT',
      ),
  );
}

export function identityClause(
  lookup: CatalogLookup,
  table: Table,
  column: Column,
): string | undefined {
  const { identity: when } = column.parts;
  if (when === undefined) return undefined;
  const sequence = lookup.identitySequence(column);
  const options =
    sequence &&
    words(
      sequence.name !== `${table.name}_${column.own}_seq` && `SEQUENCE NAME ${sequence.name}`,
      sequenceOptions(sequence.parts, false),
    );
  return words(`GENERATED ${when.toUpperCase()} AS IDENTITY`, options && `(${options})`);
}

/** Where a column of its own meets one of a parent, no default has to be said. */
function hasDefaultAbove(lookup: CatalogLookup, { parts }: Table, { own }: Column): boolean {
  return (parts.inherits ?? []).some((name) => {
    const parent = lookup.table(name);
    const column = parent && fullColumns(lookup, parent).find((above) => above.own === own);
    return Boolean(column?.parts.default);
  });
}

/** What a column that comes from a parent says of its own. */
export function overrides(
  lookup: CatalogLookup,
  table: Table,
  column: Column,
  bare: boolean,
): string[] {
  const { parts, own } = column;
  const alter = `ALTER TABLE ONLY ${table.name}`;
  const { notNull, notNullConstraint } = parts;
  return [
    ...(parts.default && !bare ? [setDefault(table, column)] : []),
    ...(parts.default === null ? [`${alter} ALTER COLUMN ${own} DROP DEFAULT`] : []),
    ...(notNull === null ? [`${alter} ALTER COLUMN ${own} DROP NOT NULL`] : []),
    ...(notNull && !notNullConstraint ? [`${alter} ALTER COLUMN ${own} SET NOT NULL`] : []),
    ...(parts.identity
      ? [`${alter} ALTER COLUMN ${own} ADD ${identityClause(lookup, table, column)}`]
      : []),
    ...columnSettings(column, alter),
  ];
}

/** A check that a table has of its own is the same as its parent's of that name. */
function unique(checks: readonly CatalogObject<'constraint'>[]): CatalogObject<'constraint'>[] {
  return [...new Map(checks.map((check) => [check.own, check])).values()];
}

function checksOf(lookup: CatalogLookup, table: Table): CatalogObject<'constraint'>[] {
  return lookup.membersOf(table, 'constraint').filter(({ parts }) => canBeInline(parts));
}
