import { KnexwardError } from '../../errors.js';
import { DATA_TYPE, toPostgresType } from '../data-type.js';
import { quoteName } from './escape.js';
import { type ForeignKeySpec, inlineForeignKeySql } from './foreign-key-definition.js';

/** A default: a text is quoted, `raw` is SQL, anything else is written as it is. */
export type DefaultValue =
  string | number | bigint | boolean | null | { raw?: string; special?: string };

/** One column, as `createTable`, `addColumn` and `changeColumn` take it. */
export interface ColumnSpec {
  /** One of db-migrate's data types, or the name of any PostgreSQL type. */
  type: string;
  /** What stands in parentheses behind the type, such as `255` or `'10,2'`. */
  length?: number | string;
  /** `WITH TIME ZONE`. The types `timetz` and `timestamptz` mean the same. */
  timezone?: boolean;
  primaryKey?: boolean;
  /** For a primary key: `SERIAL`, or `BIGSERIAL` where the type is `bigint`. */
  autoIncrement?: boolean;
  notNull?: boolean;
  unique?: boolean;
  defaultValue?: DefaultValue;
  foreignKey?: ForeignKeySpec;
  /** Put into SQL as it is: a quote in it must already be doubled. */
  comment?: string;
}

/** A column as SQL: its definition, and what has to be run once the column exists. */
export interface ColumnSql {
  definition: string;
  foreignKey: string | undefined;
  comment: string | undefined;
}

/** Where a column stands, and whether it is the table's only primary key column. */
export interface ColumnPlace {
  tableName: string;
  columnName: string;
  emitPrimaryKey: boolean;
}

/** A column given by nothing but its type is given by a string. */
export function normalizeColumnSpec(spec: string | ColumnSpec): ColumnSpec {
  return typeof spec === 'string' ? { type: spec } : spec;
}

/**
 * Writes a column as SQL, word for word as db-migrate does.
 *
 * @throws KnexwardError `INVALID_MIGRATION` where the column has no type or an unknown default.
 */
export function columnSql(place: ColumnPlace, spec: ColumnSpec): ColumnSql {
  const { tableName, columnName } = place;
  if (typeof spec?.type !== 'string') {
    throw new KnexwardError('INVALID_MIGRATION', {
      message: `The column "${columnName}" of "${tableName}" has no type.`,
      fix: 'Give the column a type, such as "string" or { type: "string" }.',
    });
  }
  const name = columnName.startsWith('"') ? columnName : quoteName(columnName);
  const type = spec.primaryKey && spec.autoIncrement ? '' : toPostgresType(withoutZone(spec.type));
  return {
    definition: [name, type, lengthSql(spec), constraintSql(spec, place)].join(' '),
    foreignKey: spec.foreignKey && inlineForeignKeySql(tableName, columnName, spec.foreignKey),
    comment: commentSql(tableName, columnName, spec.comment),
  };
}

/** The statement that comments on a column. The names go unquoted, as db-migrate sends them. */
export function commentSql(
  tableName: string,
  columnName: string,
  comment: string | undefined,
): string | undefined {
  return comment ? `COMMENT on COLUMN ${tableName}.${columnName} IS '${comment}'` : undefined;
}

/** What follows the type in a column's definition. */
export function constraintSql(spec: ColumnSpec, place: ColumnPlace): string {
  const parts: string[] = [];
  if (spec.timezone || withoutZone(spec.type) !== spec.type) parts.push('WITH TIME ZONE');
  if (spec.primaryKey && spec.autoIncrement) {
    parts.push(spec.type === DATA_TYPE.BIGINT ? 'BIGSERIAL' : 'SERIAL');
  }
  if (spec.primaryKey && place.emitPrimaryKey) parts.push('PRIMARY KEY');
  if (spec.notNull === true) parts.push('NOT NULL');
  if (spec.unique) parts.push('UNIQUE');
  if (spec.defaultValue !== undefined) parts.push('DEFAULT', defaultSql(spec.defaultValue, place));
  return parts.join(' ');
}

/** A type's length in parentheses, or nothing. */
export function lengthSql(spec: Pick<ColumnSpec, 'length'>): string {
  return spec.length ? `(${spec.length})` : '';
}

/** A default as SQL. A quote in a text is not doubled: files were written for a tool that does not. */
export function defaultSql(
  value: DefaultValue,
  { tableName, columnName }: Pick<ColumnPlace, 'tableName' | 'columnName'>,
): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (value.raw) return value.raw;
  if (value.special === 'CURRENT_TIMESTAMP') return value.special;
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `The default of column "${columnName}" of "${tableName}" cannot be written as SQL.`,
    fix: 'Use a text, a number, a boolean, { raw: "…" } or { special: "CURRENT_TIMESTAMP" }.',
  });
}

function withoutZone(type: string): string {
  return type.replace(/^(time|timestamp)tz$/, '$1');
}
