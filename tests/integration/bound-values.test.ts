import { bindingOf, withValues } from '../../src/rehearsal/bound-values';
import { createDatabase, type TestDatabase } from '../support/database';

/** A generator of numbers that gives the same ones each time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

const PIECES = [
  ...["'$1'", "'it''s $2'", "E'\\'$1\\\\'", "E'a'\n '\\'$3'", "'a' -- $1\n '$2'", "'\\'"],
  ...['$$ $1 $$', "$q$ $$ $1 ' $q$", "/* $1 /* $2 */ ' */ 1", "-- $1 '\n2", `U&'\\0061$1'`],
  ...['(select "$1" from (select 5 as "$1") t)', 'a$1', '1.5e3', "B'101'::text", "x'1F'::text"],
];

const VALUES: unknown[] = [
  ...[
    null,
    undefined,
    true,
    false,
    0,
    -1,
    1.5,
    1e300,
    '',
    "it's",
    '\\',
    "\\'",
    '$1',
    '$$',
    '--',
    '/*',
  ],
  ...[
    'a\nb',
    'é 漢 😀',
    [],
    ['a', 'b"c', null, "d'e", '{}', '\\'],
    [
      [1, 2],
      [3, 4],
    ],
    { a: ["'", '$1'] },
  ],
  ...[
    new Date(0),
    new Date('2026-02-28T23:59:59.999Z'),
    12345678901234567890n,
    'x'.repeat(500),
    'NULL',
  ],
];

describe('the server is the judge of a statement with its values written in', () => {
  let database: TestDatabase;
  beforeAll(async () => (database = await createDatabase()));
  afterAll(() => database.drop());

  it('answers what it answers with the values bound, whatever surrounds them', async () => {
    const next = random(20261122);
    for (let round = 0; round < 300; round++) {
      const values = Array.from({ length: 1 + next(4) }, () => VALUES[next(VALUES.length)]);
      const columns = values.flatMap((_, index) => [
        PIECES[next(PIECES.length)] ?? '',
        next(2) === 0 ? `$${index + 1}` : `$${index + 1}::text`,
      ]);
      const sql = `select ${columns.map((column) => `${column}\n`).join(', ')} from (select 7 as a$1) t`;
      const inlined = withValues(sql, values.map(bindingOf));
      const [bound, written] = [await database.query(sql, values), await database.query(inlined)];
      expect({ sql, rows: written }).toEqual({ sql, rows: bound });
    }
  });

  it('types as it does: each value into each type that takes it', async () => {
    await database.query(`create table t (id serial, i int, n numeric, b bool, x text, c char(3), j jsonb, js json,
      a text[], ia int[], d date, ts timestamptz, tz timestamp, by bytea, u uuid, f float8, iv interval)`);
    const cases: [string, unknown[]][] = [
      ['i', [1, '2', null, -5]],
      ['n', [1.25, '1e3', 10n]],
      ['b', [true, 'f', null]],
      ['x', ['a', 5, true, { a: 1 }, '']],
      ['c', ['ab', 'abc']],
      ['j', [{ a: [1, null] }, '"x"', 'null', JSON.stringify(["it's"])]],
      ['js', ['{"b":1,  "a":2}']],
      ['a', [['a', null, 'b"c\\'], [], '{x,y}']],
      ['ia', [[1, 2], [null]]],
      ['d', [new Date(2026, 1, 28), '2026-02-28']],
      ['ts', [new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)), 'infinity']],
      ['tz', [new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6))]],
      ['by', [Buffer.from([0, 92, 39, 255]), new Uint8Array([1, 2])]],
      ['u', ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']],
      ['f', [0.1, Number.NaN, Number.POSITIVE_INFINITY, -0]],
      ['iv', ['1 day 02:03']],
    ];
    for (const [column, values] of cases) {
      for (const value of values) {
        const sql = `insert into t (${column}) values ($1) returning ${column}::text`;
        const [bound, written] = [
          await database.query(sql, [value]),
          await database.query(withValues(sql, [bindingOf(value)])),
        ];
        expect({ column, value, written }).toEqual({ column, value, written: bound });
      }
    }
  });

  it('one value in several places has one type, the first of them', async () => {
    const sql = 'insert into t (i, j) values ($1::int, to_jsonb($1)), ($2, $3) returning i, j';
    const bound = await database.query(sql, [5, 6, { a: 1 }]);
    const answers = (await database.query(
      withValues(sql.replace('returning i, j', ''), [5, 6, { a: 1 }].map(bindingOf)),
    )) as unknown;
    expect(answers).toBeUndefined();
    expect(await database.query('select i, j from t order by id desc limit 2')).toEqual(
      [...bound].reverse(),
    );
    expect(bound).toMatchObject([{ i: 5, j: 5 }, { i: 6 }]);
  });
});
