import { KnexwardError } from '../../errors.js';

/** A default that is more than a value. */
export interface DefaultExpression {
  /** SQL, written as it is. */
  raw?: string;
  /** A name that db-migrate has for an expression; for PostgreSQL `CURRENT_TIMESTAMP` alone. */
  special?: string;
  /** What db-migrate's `_prepareSpec` makes of the two others: SQL, written as it is. */
  prep?: string;
}

/** A column's default: a text is quoted, anything else is written as it is. */
export type DefaultValue =
  string | number | bigint | boolean | readonly unknown[] | DefaultExpression;

/** Where a column stands. */
export interface ColumnName {
  tableName: string;
  columnName: string;
}

/**
 * The default of a new column as SQL. A quote in a text is not doubled: files were written for a
 * tool that does not.
 *
 * @throws KnexwardError `INVALID_MIGRATION` for what db-migrate could not write either, `null`
 *   among it.
 */
export function defaultSql(value: DefaultValue, column: ColumnName): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value !== 'object') return String(value);
  const expression = value === null ? undefined : expressionSql(value);
  if (typeof expression === 'string') return expression;
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `The default of ${nameOf(column)} cannot be written as SQL.`,
    fix:
      'Use a text, a number, a boolean, { raw: "…" } or { special: "CURRENT_TIMESTAMP" }; leave' +
      ' defaultValue out where there is none.',
  });
}

/**
 * The default that `changeColumn` gives a column, as SQL. It knows no `raw` and no `special`.
 *
 * @throws KnexwardError `INVALID_MIGRATION` for an object.
 */
export function changedDefaultSql(value: DefaultValue | null, column: ColumnName): string {
  if (typeof value === 'string') return `'${value}'`;
  if (value === null || typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `db.changeColumn cannot give ${nameOf(column)} this default.`,
    fix: 'Use a text, a number, a boolean or null; for an expression: db.runSql("ALTER TABLE … SET DEFAULT …").',
  });
}

/** The SQL of a default that is an expression; not a text where it is none. */
export function expressionSql(value: DefaultExpression | readonly unknown[]): unknown {
  // An array of one number has found its way through db-migrate, and only as it is.
  if (isArray(value)) return value.length > 0 ? value.join() : undefined;
  const { raw, special, prep } = value;
  if (raw) return raw;
  if (special) return special === 'CURRENT_TIMESTAMP' ? special : undefined;
  if (prep !== undefined) return prep;
  return boxedText(value);
}

const BOXED = /^\[object (?:String|Number|Boolean)\]$/;

/** `new String('now()')`: how old files write an expression, since only a plain text is quoted. */
function boxedText(value: object): string | undefined {
  if (!BOXED.test(Object.prototype.toString.call(value))) return undefined;
  return String((value as { valueOf(): string | number | boolean }).valueOf());
}

function nameOf({ tableName, columnName }: ColumnName): string {
  return `the column "${columnName}" of "${tableName}"`;
}

/** `Array.isArray`, which does not tell the types of read-only arrays and objects apart. */
function isArray(value: DefaultExpression | readonly unknown[]): value is readonly unknown[] {
  return Array.isArray(value);
}
