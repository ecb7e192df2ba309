import { constraintSql } from '../../src/db-migrate/driver/column-definition.js';
import { changeColumnSql } from '../../src/db-migrate/driver/columns.js';
import { historyStandIn } from '../../src/db-migrate/driver/history-table.js';
import { insertSql } from '../../src/db-migrate/driver/rows.js';
import { numberParameters } from '../../src/db-migrate/driver/statements.js';
import { createTableSql, type TableSpec } from '../../src/db-migrate/driver/tables.js';
import { whereClause, type WhereRows } from '../../src/db-migrate/driver/where-clause.js';

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
    ['null for a default', { a: { type: 'int', defaultValue: null } }, '"a" of "t"'],
    ['a raw default that is no text', { a: { type: 'int', defaultValue: { raw: 5 } } }, '"a"'],
    [
      'a foreign key to no column',
      { a: { type: 'int', foreignKey: { name: 'fk', table: 'other' } } },
      '"a" does not say which column',
    ],
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

  it('takes the default that _prepareSpec has written down', () => {
    const { create } = createTableSql('t', { a: { type: 'int', defaultValue: { prep: '1 + 1' } } });
    expect(words(create)).toBe('CREATE TABLE "t" ("a" INTEGER DEFAULT 1 + 1)');
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

describe('changeColumn to a default', () => {
  it.each([
    ['a text', 'x', "'x'"],
    ['a number', 1.5, '1.5'],
    ['a boolean', false, 'false'],
    ['null', null, 'null'],
  ])('writes %s', (_, defaultValue, written) => {
    expect(changeColumnSql('t', 'c', { defaultValue })).toContain(
      `ALTER TABLE "t" ALTER COLUMN "c" SET DEFAULT ${written}`,
    );
  });

  it('refuses an expression, which db-migrate writes as an object', () => {
    expect(() => changeColumnSql('t', 'c', { defaultValue: { raw: 'now()' } })).toThrow(
      expect.objectContaining(INVALID) as Error,
    );
  });
});

describe('a WHERE clause', () => {
  it.each<[string, WhereRows, string]>([
    ['one id', 5, "WHERE id = '5'"],
    ['one id as a text', 'a', "WHERE id = 'a'"],
    ['one id in an array', ['a'], "WHERE id = 'a'"],
    ['columns and values', { a: 1, b: 'x' }, `WHERE "a" = ('1') AND "b" = ('x')`],
    [
      'conditions',
      [{ a: 1 }, { name: 'b', operator: '>', value: 2, link: 'OR' }, { value: 3, operator: '<>' }],
      `WHERE "a" = ('1') AND "b" > ('2') OR "id" <> ('3')`,
    ],
  ])('names rows by %s', (_, rows, sql) => {
    expect(words(whereClause(rows))).toBe(sql);
  });

  it.each<[string, unknown]>([
    ['several ids', [1, 2]],
    ['a condition alone in an array', [{ a: 1 }]],
    ['a condition without a value', [{ a: 1 }, { name: 'b', operator: '>' }]],
    ['an empty array', []],
    ['an empty object', {}],
    ['nothing', undefined],
    ['null', null],
  ])('is refused for %s', (_, rows) => {
    expect(() => whereClause(rows as WhereRows)).toThrow(expect.objectContaining(INVALID) as Error);
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
    ['null first', ['a', 'b'], [null, 1]],
    ['an object first', ['a', 'b'], [new Date(0), 1]],
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
  const { isUsedBy } = historyStandIn();

  it.each([
    'SELECT * FROM migrations WHERE true',
    'delete from "migrations"',
    'UPDATE\n migrations SET name = 1',
    'INSERT INTO migrations VALUES (1)',
    'CREATE TABLE names AS SELECT name FROM migrations',
  ])('is used by %s', (sql) => {
    expect(isUsedBy(sql)).toBe(true);
    expect(isUsedBy({ text: sql })).toBe(true);
  });

  it.each([
    'SELECT * FROM knex_migrations',
    'SELECT * FROM migrations_of_birds',
    'SELECT migrations FROM birds',
    'CREATE TABLE migrations (id int); INSERT INTO migrations VALUES (1)',
    'CREATE TEMP TABLE IF NOT EXISTS "migrations" (); SELECT * FROM migrations',
    'SELECT * FROM app.migrations',
  ])('is not used by %s', (sql) => {
    expect(isUsedBy(sql)).toBe(false);
  });

  it('is looked for under the name that the project gave it', () => {
    const { isUsedBy: used } = historyStandIn({ dbMigrateTable: 'my.migrations+' });
    expect(used('SELECT * FROM "my.migrations+"')).toBe(true);
    expect(used('SELECT * FROM migrations')).toBe(false);
    expect(used('SELECT * FROM "myxmigrations+"')).toBe(false);
  });
});
