import { constraintSql } from '../../src/db-migrate/driver/column-definition.js';
import { changeColumnSql } from '../../src/db-migrate/driver/columns.js';
import { usesHistory } from '../../src/db-migrate/driver/history-table.js';
import { insertSql } from '../../src/db-migrate/driver/rows.js';
import { numberParameters } from '../../src/db-migrate/driver/statements.js';
import { createTableSql, type TableSpec } from '../../src/db-migrate/driver/tables.js';

const INVALID = { code: 'INVALID_MIGRATION', fix: expect.stringMatching(/\S/) as string };

/** Spaces mean nothing in these statements. */
function words(sql: string): string {
  return sql.replaceAll(/\s+/g, ' ').replaceAll(' )', ')').trim();
}

describe('createTable', () => {
  it('sends what columns carry after the table, the last column first', () => {
    const foreignKey = { name: 'a_fk', table: 'other', mapping: 'id' };
    const { afterwards } = createTableSql('t', {
      a: { type: 'int', foreignKey, comment: 'A' },
      b: { type: 'int', comment: 'B' },
    });
    expect(afterwards).toEqual([
      "COMMENT on COLUMN t.b IS 'B'",
      "COMMENT on COLUMN t.a IS 'A'",
      'ALTER TABLE "t" ADD CONSTRAINT "a_fk" FOREIGN KEY ("a") REFERENCES "other" ("id")' +
        ' ON DELETE NO ACTION ON UPDATE NO ACTION',
    ]);
  });

  it('leaves what it was given as it was', () => {
    const column = { type: 'timestamptz', defaultValue: { special: 'CURRENT_TIMESTAMP' } };
    const spec: TableSpec = { a: 'int', b: column };
    createTableSql('t', spec);
    expect(spec).toEqual({
      a: 'int',
      b: { type: 'timestamptz', defaultValue: { special: 'CURRENT_TIMESTAMP' } },
    });
  });

  it.each([
    ['no type', { a: {} }, '"a" of "t" has no type'],
    ['nothing', { a: undefined }, '"a" of "t" has no type'],
    ['a default it cannot write', { a: { type: 'int', defaultValue: {} } }, '"a" of "t"'],
    [
      'an unknown special default',
      { a: { type: 'int', defaultValue: { special: 'RANDOM' } } },
      '"a" of "t"',
    ],
  ])('refuses a column with %s', (_, spec, message) => {
    const refusal = { ...INVALID, message: expect.stringContaining(message) as string };
    expect(() => createTableSql('t', spec as TableSpec)).toThrow(
      expect.objectContaining(refusal) as Error,
    );
  });

  it('takes null for a default', () => {
    const { create } = createTableSql('t', { a: { type: 'int', defaultValue: null } });
    expect(words(create)).toBe('CREATE TABLE "t" ("a" INTEGER DEFAULT null)');
  });
});

describe('a constraint', () => {
  it('has its parts in one order', () => {
    const place = { tableName: 't', columnName: 'c', emitPrimaryKey: true };
    const spec = {
      type: 'timestamptz',
      primaryKey: true,
      notNull: true,
      unique: true,
      defaultValue: { raw: 'now()' },
    };
    expect(constraintSql(spec, place)).toBe(
      'WITH TIME ZONE PRIMARY KEY NOT NULL UNIQUE DEFAULT now()',
    );
  });
});

describe('changeColumn', () => {
  it('takes away what it is not told to keep', () => {
    expect(changeColumnSql('t', 'c', {})).toEqual([
      'ALTER TABLE "t" ALTER COLUMN "c" DROP NOT NULL',
      'ALTER TABLE "t" ALTER COLUMN "c" DROP DEFAULT',
    ]);
  });
});

describe('insert', () => {
  it('sends values as they are, or as JSON text', () => {
    const given = ['t', ['a', 'b', 'c'], ["it's", 1, null]] as const;
    expect(insertSql(...given, false)).toBe(
      `INSERT INTO "t" ("a","b","c") VALUES ('it''s',1,null)`,
    );
    expect(insertSql(...given, true)).toBe(
      `INSERT INTO "t" ("a","b","c") VALUES ('it''s','1','null')`,
    );
  });

  it.each<[string, unknown, unknown]>([
    ['fewer values than columns', ['a', 'b'], [1]],
    ['an object', { a: 1 }, undefined],
    ['rows', [{ a: 1 }], undefined],
  ])('refuses %s', (_, columns, values) => {
    expect(() => insertSql('t', columns as string[], values as unknown[], false)).toThrow(
      expect.objectContaining(INVALID) as Error,
    );
  });
});

describe('parameters', () => {
  it.each([
    ['SELECT 1', 'SELECT 1'],
    ['?', '$1'],
    ['a = ? AND b = ?', 'a = $1 AND b = $2'],
    ["'why?' = ?", "'why$1' = $2"],
  ])('%s becomes %s', (given, expected) => {
    expect(numberParameters(given)).toBe(expected);
  });
});

describe("db-migrate's history", () => {
  it.each([
    'SELECT * FROM migrations WHERE true',
    'delete from "migrations"',
    'UPDATE\n migrations SET name = 1',
    'INSERT INTO migrations VALUES (1)',
    'CREATE TABLE names AS SELECT name FROM migrations',
  ])('is used by %s', (sql) => {
    expect(usesHistory(sql)).toBe(true);
    expect(usesHistory({ text: sql })).toBe(true);
  });

  it.each([
    'SELECT * FROM knex_migrations',
    'SELECT * FROM migrations_of_birds',
    'SELECT migrations FROM birds',
    'CREATE TABLE migrations (id int); INSERT INTO migrations VALUES (1)',
    'CREATE TEMP TABLE IF NOT EXISTS "migrations" (); SELECT * FROM migrations',
    'SELECT * FROM app.migrations',
  ])('is not used by %s', (sql) => {
    expect(usesHistory(sql)).toBe(false);
  });
});
