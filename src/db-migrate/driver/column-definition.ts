import { format } from 'node:util';
import { KnexwardError } from '../../errors.js';
import { DATA_TYPE, toPostgresType } from '../data-type.js';
import { type ColumnName, defaultSql, type DefaultValue } from './default-value.js';
import { quoteName } from './escape.js';
import { type ForeignKeySpec, inlineForeignKeySql } from './foreign-key-definition.js';

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
export interface ColumnPlace extends ColumnName {
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
  return spec.length ? format('(%s)', spec.length) : '';
}

function withoutZone(type: string): string {
  return type.replace(/^(time|timestamp)tz$/, '$1');
}
