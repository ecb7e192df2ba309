import { type Client } from 'pg';
import { findFixes } from '../../src/repair/fixes.js';
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
  [
    'a check whose function takes the row of its table, and reads a view',
    `create table t (a int); create view v as select 1 as one;
     create function f(t) returns boolean language sql immutable as 'select count(*) > 0 from public.v';
     alter table t add constraint c check (f(t))`,
  ],
  ['a type that has the name of a sequence', `create sequence x; create type x as enum ('a')`],
  [
    'routines in SQL that were replaced, and need what calls them',
    `create function f() returns int language sql immutable return 1;
     create function g(a int default f()) returns int language sql immutable return a;
     create table t (a int, b int generated always as (f() + g(a)) stored);
     create materialized view m as select b from t;
     create or replace function f() returns int language sql immutable begin atomic select count(*)::int from m; end;
     create or replace function g(a int default f()) returns int language sql immutable begin atomic select count(*)::int from t; end`,
  ],
  [
    'bodies in SQL that name their arguments by number',
    `create table t (a int, b int);
     create function f(a int) returns int language sql begin atomic select $1; end;
     create function "F"("A" t) returns setof t language sql begin atomic select $1 from t x where x.a = 1; end;
     create function g(int, b text) returns text language sql return $1::text || '""' || $2;
     create function h(int, c int) returns setof int language sql begin atomic select $1 + c from t x where x.a = $1; end`,
  ],
  [
    "a not-null constraint with the name that the server would give to another table's",
    'create table b (a int not null); create table a (a int not null); alter table b rename to c; alter table a rename to b',
  ],
  [
    'a generated column whose function reads a table and a view whose names come later',
    `create function f(int) returns int language sql immutable return $1;
     create function g(int) returns int language sql immutable return $1;
     create table a (x int, y int generated always as (g(f(x))) stored); create table z (n int); create view y as select 1 as one;
     create or replace function f(int) returns int language sql immutable as 'select count(*)::int from public.z, public.y';
     create or replace function g(int) returns int language sql immutable as 'select public.f($1)'`,
  ],
  [
    'a unique key of a partitioned table, with options',
    `create table p (a int) partition by range (a);
     create table q partition of p for values from (1) to (9);
     alter table p add constraint k unique (a) with (fillfactor = 60)`,
  ],
  [
    'a default that tables have from one that a function needs, and that needs the function',
    `create table p (a int default 7, b int default 8); create table c () inherits (p); create table d (e int) inherits (c);
     alter table d alter a set default 9; alter table d alter b set statistics 5;
     create function f(p) returns int language sql immutable return 1;
     alter table p add check (f(p) is not null) no inherit`,
  ],
];

describe('what a schema file restores is what was there (US8)', () => {
  it.each(RESTORED)('%s', async (_, sql) => {
    const { catalog, again } = await restore(sql);
    expect(compareCatalogs(catalog, again)).toEqual([]);
    expect(renderSnapshot(again)).toBe(renderSnapshot(catalog));
  });

  it("a privilege on an extension's function is found by the comparison, and fixed (US8, FR-015)", async () => {
    await client.query('create extension pgcrypto');
    const expected = await catalogOf(client);
    await client.query('revoke execute on function gen_random_bytes(int) from public');
    const actual = await catalogOf(client);
    const { script, differences } = findFixes(expected, actual, compareCatalogs(expected, actual));
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
    [
      'a column with a default in a table whose rows another table holds',
      'create table t (a int); insert into t values (1); create table u (rows t[])',
      'drop table u; alter table t add b int not null default 7; create table u (rows t[])',
    ],
    [
      'a table that takes the place of another, with the sequence of its column',
      'create table t (id bigserial); create table u (row t)',
      'alter table t rename to v',
    ],
    [
      'a materialized view that reads a new column of the parent of its table',
      'create table p (a int); create table t () inherits (p); create materialized view m as select a from t',
      'drop materialized view m; alter table p rename a to b; create materialized view m as select b as a from t',
    ],
    [
      'an aggregate with the name of its type',
      'create table z (n int)',
      'create function s(z, z) returns z language sql as $$select $2$$; create aggregate z(z) (sfunc = s, stype = z)',
    ],
    [
      'an enum with one label less, of which a generated column is',
      `create type e as enum ('a', 'b'); create function same(e) returns e language sql immutable return $1;
       create table t (a e, b e generated always as (same(a)) stored)`,
      `drop table t; drop function same; drop type e; create type e as enum ('b');
       create function same(e) returns e language sql immutable return $1;
       create table t (a e, b e generated always as (same(a)) stored)`,
    ],
    [
      'a table that takes the place of another, with the identity of its column',
      'create table t (id int generated always as identity, b boolean generated always as (id is null) stored)',
      'alter table t rename to a',
    ],
    [
      'another type for a domain that a composite type and a column are of',
      'create table t (a int); create domain d as t; create type c as (a d); create domain e as c; create table u (a d default null::d)',
      'alter table t rename to z',
    ],
    [
      'a type for a column of a table whose rows a new one holds',
      `create type e as enum ('a', 'b'); create table t (a int, b e)`,
      `drop table t; drop type e; create type e as enum ('b'); create table t (a text, b e); create table "A" (rows t[])`,
    ],
    [
      'an enum with one label less, where default privileges came after it',
      `create type e as enum ('a', 'b'); create table t (a e); alter default privileges grant usage on types to pg_monitor`,
      `alter default privileges revoke usage on types from pg_monitor; drop table t; drop type e; create type e as enum ('b'); create table t (a e);
       alter default privileges grant usage on types to pg_monitor`,
    ],
    [
      'an enum with one label less, of which a column is that comes from a parent, too',
      `create type e as enum ('a', 'b'); create table p (a e[]); create table c (a e[]) inherits (p)`,
      `drop table c, p; drop type e; create type e as enum ('b'); create table p (a e[]); create table c (a e[]) inherits (p)`,
    ],
    [
      'a domain of another table, of which a column is that a generated one reads',
      'create schema a; create table a.t (a int); create domain d as a.t; create table u (a d, b boolean generated always as (a is null) stored)',
      'alter table a.t rename to z',
    ],
    [
      'an enum with one label less, whose name is as long as one can be',
      `create type ${'ü'.repeat(31)}e as enum ('a', 'b'); create table t (a ${'ü'.repeat(31)}e)`,
      `drop table t; drop type ${'ü'.repeat(31)}e; create type ${'ü'.repeat(31)}e as enum ('b'); create table t (a ${'ü'.repeat(31)}e)`,
    ],
    [
      'a table that takes the place of another, with the key that a view is grouped by',
      'create table t (a int primary key, b int); create view v as select a, b from t group by a',
      'alter table t rename to z',
    ],
    [
      'a type for a column that a generated one reads',
      'create table t (a int, b int generated always as (a + 1) stored)',
      'alter table t drop b; alter table t alter a type bigint; alter table t add b int generated always as (a + 1) stored',
    ],
    [
      'a label less in an enum, of which a generated column reads one',
      `create type e as enum ('a', 'b'); create table t (b int, a e); alter table t add c boolean generated always as (a is null) stored`,
      `alter table t drop c, drop a; drop type e; create type e as enum ('a');
       alter table t add a e, add c boolean generated always as (a is null) stored`,
    ],
    [
      'a column of the name that a view and a policy read from now on',
      `create table t (a int, z text); create view v as select z from t; create policy p on t using (z = '')`,
      'alter table t add b text; create or replace view v as select b as z from t; alter policy p on t using (b = current_user); alter table t drop z',
    ],
    [
      'a column whose not-null constraint has the name of one that goes',
      'create table t (a int, z int not null)',
      'alter table t rename z to b',
    ],
    [
      "a not-null constraint with the name that another table's has until then",
      'create table a (x int not null); alter table a rename to b',
      'alter table b rename constraint a_x_not_null to b_x_not_null; create table a (x int not null)',
    ],
    [
      'a not-null constraint with a name of its own in a table whose rows another table holds',
      'create table t (a int); create table u (rows t[])',
      'drop table u; alter table t add b int constraint named not null default 7; create table u (rows t[])',
    ],
    [
      'a not-null constraint of its own for a column that comes from a parent',
      'create table p (a int); create table c () inherits (p)',
      'alter table c alter a set not null',
    ],
    [
      'an index for CLUSTER in place of another, and of a constraint',
      'create table t (a int, b int, constraint k unique (a)); create index i on t (a); create index j on t (b); create table u (like t including indexes); alter table t cluster on k; alter table u cluster on u_b_idx',
      'alter table t cluster on i; alter table u cluster on u_a_idx',
    ],
    [
      'a sequence of a column that holds no number',
      'create table t (a interval)',
      'create sequence s owned by t.a',
    ],
    [
      'a materialized view over all columns of a new table, grouped by its key',
      'create table t (a int primary key, b int); create materialized view m as select b from t group by a; create function f(m) returns int language sql as $$select 1$$',
      'alter table t rename to z',
    ],
    [
      'partitions of partitions below a key and an index',
      'create table p (a int not null, primary key (a)) partition by range (a); create index i on p (a)',
      `create table q partition of p for values from (0) to (100) partition by range (a);
       create table r partition of q for values from (0) to (50) partition by range (a);
       create table s partition of r for values from (0) to (50)`,
    ],
    [
      "a partition with a check that is called as the parent's not-null constraint",
      'create table p (id int not null) partition by range (id)',
      'create table q partition of p (constraint p_id_not_null check (id > 0)) for values from (10) to (20)',
    ],
    [
      'a column of a parent, of which tables that inherit it say more or nothing',
      'create table p (a int); create table c () inherits (p); create table d () inherits (p)',
      `alter table p add b text; alter table only p alter b set statistics 50;
       alter table d alter b set default 'd'; alter table d alter b set statistics 7`,
    ],
    [
      'a view on a table that reads no more what its parent loses',
      'create table p (a int, b int); create table c () inherits (p); create view v as select a, b from c',
      'drop view v; alter table p drop b; create view v as select a, null::int as b from c',
    ],
    [
      'a column less of a parent, of which a table that inherits it says more',
      'create table p (a int, b int); create table c () inherits (p); create table d () inherits (c); alter table p alter b set statistics 7',
      'alter table p drop b',
    ],
    [
      'an index of a partitioned table over a new partition that has partitions',
      `create table p (a int) partition by list (a); create table q partition of p for values in (1) partition by list (a);
       create table z partition of q for values in (1)`,
      'alter table q rename to "Q"; create index i on p (a)',
    ],
  ])('a fix script makes %s, from a snapshot file too (FR-015)', async (_, before, change) => {
    await client.query(before);
    await second.query(`${before}; ${change}`);
    const expected = await catalogOf(second);
    for (const wanted of [expected, parseSnapshot(renderSnapshot(expected), 'a.json')]) {
      await client.query('begin');
      const actual = await catalogOf(client, { inTransaction: true });
      const { script } = findFixes(wanted, actual, compareCatalogs(wanted, actual));
      for (const statement of script) await client.query(statement);
      const left = compareCatalogs(expected, await catalogOf(client, { inTransaction: true }));
      await client.query('rollback');
      expect(left).toEqual([]);
    }
  });
});

it('a fix script names what a new partition has from its parents as they do (FR-015)', async () => {
  const before = `create table p (a int not null, b int constraint named not null, c int) partition by list (a)`;
  const parts = `create table q partition of p for values in (1, 2) partition by list (b);
    create table "Q 2" partition of q for values in (3);
    create table r (c int, b int not null, a int not null);
    alter table p attach partition r for values in (4)`;
  await client.query(before);
  await second.query(`${before}; ${parts}`);
  const [actual, expected] = [await catalogOf(client), await catalogOf(second)];
  const { script } = findFixes(expected, actual, compareCatalogs(expected, actual));
  for (const statement of script) await client.query(statement);
  const query = `select conrelid::regclass::text as table, conname, conislocal, coninhcount
    from pg_constraint where contype = 'n' and connamespace = 'public'::regnamespace order by 1, 2`;
  const { rows } = await second.query(query);
  expect((await client.query(query)).rows).toEqual(rows);
  expect(rows).toHaveLength((await majorOf(client)) < 18 ? 0 : 8);
});

it('a sequence is logged as it was, whether its table is or not (US8)', async () => {
  await restore(`create unlogged table t (a int, b serial); create sequence s owned by t.a`);
  const query = `select relname, relpersistence from pg_class where relkind = 'S' order by 1`;
  const [before, after] = [await client.query(query), await second.query(query)];
  expect(after.rows).toEqual(before.rows);
});

describe('what PostgreSQL has no statement for is said in the fix script (FR-015)', () => {
  it.each([
    [
      'a new type for a column of a table whose rows another holds',
      'create table t (a int); create table u (row t)',
      'alter table u drop row; alter table t alter a type text; alter table u add row t',
      'PostgreSQL cannot change the type of column public.t.a: public.u."row" is of the row type of public.t.',
    ],
    [
      'other columns of a view whose rows a table holds',
      'create table t (a int); create view v as select a from t; create table u (row v)',
      'drop table u; drop view v; create view v as select a::text from t; create table u (row v)',
      'PostgreSQL cannot make view public.v anew: public.u."row" is of its row type.',
    ],
    [
      'a routine that the server cannot write',
      'select 1',
      'create function f(int, int, c int) returns int language sql begin atomic select $1 + $2 + c; end',
      'Make routine with arguments that have no name public.f(integer,integer,integer) by hand: what it is made of is not described.',
    ],
    [
      'an enum with one label less, of which a domain is',
      `create type e as enum ('a', 'b'); create domain d as e; create table t (a d)`,
      `drop table t; drop domain d; drop type e; create type e as enum ('b'); create domain d as e; create table t (a d)`,
      'There is no statement for enum public.e: domain public.d is made of it.',
    ],
    [
      'a type and a table that a column needs, which cannot be of another',
      `create type e as enum ('a'); create table a (e e); create table t (r a); create table u (row t)`,
      'drop table u; alter table t drop r; drop table a; drop type e; alter table t add r int; create table u (row t)',
      'PostgreSQL cannot drop enum public.e: public.a.e needs it.',
      'PostgreSQL cannot change the type of column public.t.r: public.u."row" is of the row type of public.t.',
      'PostgreSQL cannot drop table public.a: public.t.r needs it.',
    ],
    [
      'a type that a domain needs, which cannot be of another',
      `create type e as enum ('a'); create domain d as e; create type c as (a d); create table t (a c)`,
      'drop table t; drop type c; drop domain d; drop type e; create domain d as int; create type c as (a d); create table t (a c)',
      'There is no statement for domain public.d: composite type public.c is made of it.',
      'PostgreSQL cannot drop enum public.e: public.d needs it.',
    ],
    [
      'a table that a view needs, which cannot be made anew',
      'create table t (a int); create view v as select a from t; create table u (row v)',
      'drop table u; drop view v; drop table t; create view v as select 1::bigint as a; create table u (row v)',
      'PostgreSQL cannot drop table public.t: public.v needs it.',
      'PostgreSQL cannot make view public.v anew: public.u."row" is of its row type.',
    ],
  ])('%s', async (_, before = '', change = '', ...said) => {
    await client.query(before);
    await second.query(`${before}; ${change}`);
    const [expected, actual] = [await catalogOf(second), await catalogOf(client)];
    const { script } = findFixes(expected, actual, compareCatalogs(expected, actual));
    expect(script).toEqual(said.map((one) => `-- ${one}`));
  });
});

it('a type is not changed that a view reads whose rows a table holds, and the fix script says so (FR-015)', async () => {
  const before =
    'create table t (a int); create view v as select a from t; create view w as select a from v; create table u (row w[])';
  await client.query(before);
  await second.query(before.replace('t (a int)', 't (a bigint)'));
  const [expected, actual] = [await catalogOf(second), await catalogOf(client)];
  const { script } = findFixes(expected, actual, compareCatalogs(expected, actual));
  expect(script).toContain(
    '-- PostgreSQL cannot change the type of column public.t.a: public.u."row" is of the row type of a view that reads it.',
  );
  for (const statement of script) await client.query(statement);
  expect(script.every((statement) => statement.startsWith('--'))).toBe(true);
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
