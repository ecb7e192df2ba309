import { type Client } from 'pg';
import { mend } from '../../src/repair/mend.js';
import { type Catalog } from '../../src/schema/catalog/model.js';
import { compareCatalogs } from '../../src/schema/compare.js';
import { renderSchemaFile } from '../../src/schema/sql/render.js';
import { parseSnapshot, renderSnapshot } from '../../src/snapshot/file.js';
import { catalogOf, clientOf, majorOf } from '../support/corner-cases.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { createProject, KNEXFILE, type Project } from '../support/project.js';

let databases: TestDatabase[];
let client: Client;
let second: Client;

beforeEach(async () => {
  databases = [await createDatabase(), await createDatabase()];
  [client, second] = (await Promise.all(databases.map(clientOf))) as [Client, Client];
});
afterEach(async () => {
  await Promise.all([client.end(), second.end()]);
  await Promise.all(databases.map((database) => database.drop()));
});

/** Makes a schema, restores it from its SQL file, and returns both catalogs. */
async function restore(sql: string): Promise<{ catalog: Catalog; again: Catalog }> {
  await client.query(sql);
  const catalog = await catalogOf(client);
  await second.query(renderSchemaFile(catalog));
  return { catalog, again: await catalogOf(second) };
}

const RESTORED: [what: string, sql: string][] = [
  [
    "privileges on an extension's functions, on the server's own and on a language",
    `create extension pgcrypto; create extension hstore;
     revoke execute on function gen_random_bytes(int) from public;
     grant execute on function gen_random_bytes(int) to pg_monitor;
     revoke usage on type hstore from public;
     revoke execute on function pg_catalog.pg_sleep(float8) from public;
     revoke usage on language plpgsql from public;
     grant select (proname) on pg_catalog.pg_proc to pg_monitor`,
  ],
  [
    'materialized views that read others whose names come later, by way of views and functions too',
    `create materialized view z as select 1 as one;
     create view m as select * from z;
     create materialized view a as select * from m;
     create function f() returns bigint language sql as 'select count(*) from public.z';
     create materialized view b as select f() as n`,
  ],
  [
    'a domain with a check in an array, in a composite type, and in columns of these',
    `create domain code as text constraint shape check (value ~ '^[A-Z]+$');
     create type pair as (one code, other code[]);
     create table t (codes code[], pair pair, pairs pair[])`,
  ],
  [
    'a domain whose check calls a function that takes the domain',
    `create domain d as int;
     create function f(d) returns boolean language sql immutable as 'select true';
     alter domain d add constraint c check (f(1))`,
  ],
];

describe('what a schema file restores is what was there (US8)', () => {
  it.each(RESTORED)('%s', async (_, sql) => {
    const { catalog, again } = await restore(sql);
    expect(compareCatalogs(catalog, again)).toEqual([]);
    expect(renderSnapshot(again)).toBe(renderSnapshot(catalog));
  });

  it("a privilege on an extension's function is found by the comparison, and mended (US8, FR-015)", async () => {
    await client.query('create extension pgcrypto');
    const expected = await catalogOf(client);
    await client.query('revoke execute on function gen_random_bytes(int) from public');
    const actual = await catalogOf(client);
    const { script, differences } = mend(expected, actual, compareCatalogs(expected, actual));
    expect(differences).toMatchObject([
      {
        kind: 'privileges',
        object: 'PUBLIC on FUNCTION public.gen_random_bytes(integer), extension pgcrypto',
      },
    ]);
    await client.query(script.join(';'));
    expect(compareCatalogs(expected, await catalogOf(client))).toEqual([]);
  });

  it.each([
    [
      'a check beside another change of its table',
      'create table t (n int)',
      'alter table t set (fillfactor = 70); alter table t add check (n > 0)',
    ],
    [
      'a check beside another change of its domain',
      'create domain d as int',
      'alter domain d set default 1; alter domain d add check (value > 0)',
    ],
    [
      'a column that a replaced view no longer reads',
      'create table t (a int, b int); create view v as select a as x from t',
      'alter table t set (fillfactor = 70); create or replace view v as select b as x from t; alter table t drop a',
    ],
    [
      'a type that PostgreSQL does not cast',
      'create type p as (x int); create table t (a p)',
      'alter table t alter a type date using null',
    ],
    [
      'a type that everybody may use, where default privileges say so too',
      'alter default privileges in schema public grant usage on types to public',
      'create type p as (x int)',
    ],
    [
      'a table and a function that need each other',
      'select 1',
      'create table t (n int); create function f() returns bigint language sql as $$select count(*) from public.t$$; alter table t add m bigint default f()',
    ],
  ])('a fix script makes %s, from a snapshot file too (FR-015)', async (_, before, change) => {
    await client.query(before);
    await second.query(`${before}; ${change}`);
    const expected = await catalogOf(second);
    for (const wanted of [expected, parseSnapshot(renderSnapshot(expected), 'a.json')]) {
      await client.query('begin');
      const actual = await catalogOf(client, { inTransaction: true });
      const { script } = mend(wanted, actual, compareCatalogs(wanted, actual));
      for (const statement of script) await client.query(statement);
      const left = compareCatalogs(expected, await catalogOf(client, { inTransaction: true }));
      await client.query('rollback');
      expect(left).toEqual([]);
    }
  });
});

describe('a baseline (US8)', () => {
  let project: Project | undefined;
  afterEach(() => project?.remove());

  const baselineOf = async (sql: string) => {
    const [database] = databases as [TestDatabase];
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/1_all.js': `exports.up = (knex) => knex.raw(${JSON.stringify(sql)});\nexports.down = () => undefined;\n`,
    });
    const taken = await project.knexward(['baseline'], { TEST_DATABASE_URL: database.url });
    const checked = await project.knexward(['baseline', '--check'], {
      TEST_DATABASE_URL: database.url,
    });
    return { taken, checked };
  };

  it('holds an index on a function whose body is found by the search path', async () => {
    // Since 17 the server makes indexes under a path of its own, and refuses this one.
    if ((await majorOf(client)) >= 17) return;
    const { taken, checked } = await baselineOf(`
      create extension unaccent;
      create function immutable_unaccent(text) returns text language sql immutable as $$ select unaccent('unaccent', $1) $$;
      create table people (name text);
      create index by_name on people (immutable_unaccent(name));
      insert into people values ('Zoë')`);
    expect(taken).toMatchObject({ code: 0 });
    expect(checked).toMatchObject({ code: 0 });
  });

  it.each([
    [
      'a view over the history',
      'create view applied as select name from knex_migrations',
      'use of the history view public.applied',
    ],
    [
      'a foreign table',
      `create extension postgres_fdw; create server far foreign data wrapper postgres_fdw;
      create foreign table there (id int) server far`,
      'foreign table public.there',
    ],
    ['a collation', `create collation odd (locale = 'C')`, 'collation public.odd'],
    [
      'an operator',
      'create operator === (leftarg = int, rightarg = int, function = int4eq)',
      'operator public.===',
    ],
    [
      'a text search configuration',
      'create text search configuration mine (copy = simple)',
      'text search configuration public.mine',
    ],
    [
      'a dependency on an extension',
      `create extension hstore; create function f() returns int language sql as 'select 1';
      alter function f() depends on extension hstore`,
      'dependency on an extension function public.f() on hstore',
    ],
  ])('is refused by name where the migrations make %s', async (_, sql, named) => {
    const { taken } = await baselineOf(sql);
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining(named) as string });
    expect(taken.stderr).toContain(
      'BASELINE_DIFFERS The migrations make what a baseline cannot hold',
    );
  });
});
