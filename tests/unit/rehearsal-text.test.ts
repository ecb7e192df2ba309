import { bindingOf, terminated, withValues } from '../../src/rehearsal/bound-values';
import { readsData } from '../../src/sql/reads-data';
import { tokensOf } from '../../src/sql/tokens';

const inlined = (sql: string, ...values: unknown[]) => withValues(sql, values.map(bindingOf));

describe('values written into a statement', () => {
  it.each([
    ['select $1', [5], "select '5'"],
    ["select '$1', $1", ['a'], "select '$1', 'a'"],
    ['select "$1", $1', ['a'], `select "$1", 'a'`],
    ['select $$ $1 $$, $1', ['a'], "select $$ $1 $$, 'a'"],
    ['select $a$ $1 $b$ $a$, $1', ['a'], "select $a$ $1 $b$ $a$, 'a'"],
    ['select $1 -- $1\n, 2', ['a'], "select 'a' -- $1\n, 2"],
    ['select /* $1 /* $1 */ $1 */ $1', ['a'], "select /* $1 /* $1 */ $1 */ 'a'"],
    ["select E'\\' $1', $1", ['a'], "select E'\\' $1', 'a'"],
    ["select '\\', $1, '$1'", ['a'], "select '\\', 'a', '$1'"],
    ["select 'a'\n'$1', $1", ['a'], "select 'a'\n'$1', 'a'"],
    ["select E'a' -- x\n '\\' $1', $1", ['a'], "select E'a' -- x\n '\\' $1', 'a'"],
    ['select a$1, $1', ['a'], "select a$1, 'a'"],
    ['select $1, $2', ["it's", null], "select 'it''s', NULL"],
    ['select $10', [1, 2, 3, 4, 5, 6, 7, 8, 9, 'ten'], "select 'ten'"],
    ['select $1', [Buffer.from('a\\')], "select E'\\\\x615c'::bytea"],
    ['select 1', [], 'select 1'],
  ])('%s', (sql, values, expected) => expect(inlined(sql, ...values)).toBe(expected));

  it('one that stands in several places is left to the server to type', () => {
    expect(inlined('select $1::int, to_jsonb($1)', 5)).toBe(
      "prepare knexward_plan as\nselect $1::int, to_jsonb($1);\nexecute knexward_plan('5');\ndeallocate knexward_plan;",
    );
  });

  it('the pieces of a text are the text, whatever it is', () => {
    for (const text of ["'", '$a$', '/* /* */', "E'\\", '"', '$', "u&'", 'é$1', "'a'\n'"]) {
      expect(tokensOf(text).map((token) => token.text)).toEqual(expect.any(Array));
      expect(
        tokensOf(text)
          .map((token) => token.text)
          .join(''),
      ).toBe(text);
    }
  });

  it.each([
    ['select 1', 'select 1;'],
    ['select 1; ', 'select 1;'],
    ['select 1; -- done', 'select 1; -- done'],
    ['select 1 -- ;', 'select 1 -- ;\n;'],
    ["select ';'", "select ';';"],
    ['-- nothing', '-- nothing'],
    ['select 1 /* ; */', 'select 1 /* ; */;'],
  ])('ends with a semicolon: %s', (sql, expected) => expect(terminated(sql)).toBe(expected));
});

describe('whether an answer depends on data', () => {
  it.each([
    'select * from users',
    'select count(*) from "users"',
    'select 1 from pg_class c join public.users u on true',
    'select 1 from pg_class, users',
    'select 1 where exists (select from users)',
    'with u as (select * from users) select * from u',
    "insert into users (name) values ('a') returning id",
    "select nextval('users_id_seq')",
    'select my_own()',
    'select now()',
    'table users',
    'select (select max(id) from users), 1',
    'select * from only users',
    'select a.b from app.pg_thing a',
  ])('yes: %s', (sql) => expect(readsData(sql)).toBe(true));

  it.each([
    "select * from information_schema.tables where table_name = 'users'",
    'select oid from pg_class where relname = $1',
    'select c.oid from pg_catalog.pg_class c, pg_namespace n left join pg_attribute a on a.attrelid = c.oid',
    "select to_regclass('users') is not null",
    "select current_setting('server_version_num')",
    'select 1',
    'with c as (select * from pg_class) select extract(epoch from c.x) from c where c.a is distinct from c.b',
    "select setval('s', 5)",
    'show search_path',
    "SELECT set_config('search_path', $1, $2)",
    "select 'from users'",
  ])('no: %s', (sql) => expect(readsData(sql)).toBe(false));
});
