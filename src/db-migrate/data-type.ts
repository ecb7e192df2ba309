/**
 * The names that db-migrate gives to column types. A migration receives them as
 * `options.dbmigrate.dataType` in its `setup`, and as `db.type`.
 */
export const DATA_TYPE = {
  CHAR: 'char',
  STRING: 'string',
  TEXT: 'text',
  SMALLINT: 'smallint',
  BIGINT: 'bigint',
  INTEGER: 'int',
  SMALL_INTEGER: 'smallint',
  BIG_INTEGER: 'bigint',
  REAL: 'real',
  DATE: 'date',
  DATE_TIME: 'datetime',
  TIME: 'time',
  BLOB: 'blob',
  TIMESTAMP: 'timestamp',
  BINARY: 'binary',
  BOOLEAN: 'boolean',
  DECIMAL: 'decimal',
} as const;

/** PostgreSQL's name for those of db-migrate's types that are not merely written in capitals. */
const POSTGRES_TYPE = new Map<string, string>([
  [DATA_TYPE.STRING, 'VARCHAR'],
  [DATA_TYPE.INTEGER, 'INTEGER'],
  [DATA_TYPE.DATE_TIME, 'TIMESTAMP'],
  [DATA_TYPE.BLOB, 'BYTEA'],
]);

/**
 * The SQL type for a type as a migration names it. What db-migrate does not know (`uuid`, `jsonb`,
 * `text[]`) goes through in capitals, which PostgreSQL reads as the same name.
 */
export function toPostgresType(type: string): string {
  return POSTGRES_TYPE.get(type) ?? type.toUpperCase();
}
