import * as fc from 'fast-check';
import { Client } from 'pg';
import { splitStatements } from '../../src/sql/split';
import { createDatabase, type TestDatabase } from '../support/database';
import { SEED, sizeOf } from '../support/sizes';

/** Words of the grammar that may also be somebody's names. */
const NAMES = ['begin', 'atomic', 'function', 'procedure', '"end"', '"case"', 'a'];
const name = fc.constantFrom(...NAMES);
const value = fc.constantFrom(
  ...["';'", "'it''s;'", "E'\\';'", "'a' -- ;\n ';'", '$$;$$', '$a$ $$; $a$', "U&';'", "B'1'"],
  ...['1', '1.5', 'null', '(case when true then 1 end)', '/* ; /* ; */ */ 2', '-- ;\n3'],
);
const select = fc.tuple(value, name).map(([given, label]) => `select ${given} as ${label}`);
const statement = fc.oneof(
  ...[select, fc.constantFrom('', 'select 1 end', 'select case 1 when 1 then 2 end')],
  ...[name.map((table) => `select * from ${table} atomic`), name.map((a) => `select 1 as ${a}`)],
);
const body = fc
  .array(fc.oneof(select, statement), { maxLength: 3 })
  .map((inner) => `begin /* ; */ atomic ${inner.map((one) => `${one};`).join(' ')} select 1; end`);
const routine = fc
  .tuple(
    fc.constantFrom('create function', 'create or replace function', 'Create /* ; */ Function'),
    fc.uniqueArray(name, { maxLength: 3 }),
    fc.oneof(body, fc.constant('return 1'), fc.constant("language sql as 'select 1; select 1'")),
  )
  .map(
    ([create, parameters, does]) =>
      `${create} NAME(${parameters.map((one) => `${one} atomic`).join(', ')}) returns int ${does}`,
  );
const other = fc.oneof(
  name.map((table) => `create view NAME as table ${table}`),
  fc.constant('create rule NAME as on insert to a do also (select 1; select 2)'),
  fc.constantFrom('rollback', 'commit', 'begin', 'end', 'do $$ begin perform 1; end $$'),
);
const text = fc
  .tuple(
    fc.array(fc.oneof(statement, routine, other), { minLength: 1, maxLength: 6 }),
    fc.constantFrom(';', ' ; ', ';;', '; -- ;\n', '\n;/* ; */'),
    fc.constantFrom('', ';', ';\n-- end;'),
  )
  .map(([statements, between, last]) => statements.join(between) + last);

describe('cutting SQL into statements, with the server as the judge', () => {
  let database: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    database = await createDatabase();
    await database.query(NAMES.map((one) => `create table ${one} ()`).join('; '));
    client = new Client({ connectionString: database.url });
    client.on('error', () => undefined);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  /** How many statements the server carries out. */
  async function countOf(sql: string): Promise<number> {
    const results = (await client.query(sql)) as unknown as { command: string | null }[];
    await client.query('rollback');
    return [results].flat().filter(({ command }) => command !== null).length;
  }

  /** A message of the extended protocol takes one statement, and no more. */
  async function isOne(sql: string): Promise<boolean> {
    const refused = await client.query({ text: sql, values: [], rowMode: 'array' }).then(
      () => null,
      (error: { code: string }) => error.code,
    );
    await client.query('rollback');
    return refused !== '42601';
  }

  it('it finds as many, and each of them is one', async () => {
    let made = 0;
    await fc.assert(
      fc.asyncProperty(text, async (drawn) => {
        const sql = drawn.replaceAll('NAME', () => `made_${++made}`);
        const cut = splitStatements(sql);
        expect([sql, cut.length]).toEqual([sql, await countOf(sql)]);
        for (const one of cut) {
          expect([sql, one.sql, await isOne(one.sql)]).toEqual([sql, one.sql, true]);
          expect(sql.startsWith(one.sql, one.start)).toBe(true);
        }
      }),
      { numRuns: sizeOf('splitTexts'), seed: SEED },
    );
  });
});
