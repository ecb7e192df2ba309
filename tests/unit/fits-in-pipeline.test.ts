import { fitsInPipeline } from '../../src/sql/fits-in-pipeline';

describe('which SQL files can be sent in a pipeline (FR-006)', () => {
  it.each([
    'create table t (id int)',
    'create table t (id int); insert into t values (1);',
    '-- a comment; commit;\nselect 1',
    "select 'commit; rollback'",
    "select E'a\\'; commit; --'",
    '/* begin; */ set search_path = app;',
    "do $$ begin perform 1; end $$; comment on table t is 'end';",
    'create table "end" ()',
    'create table t (begin int)',
    'update t set a = case when b then 1 end; create view v as select case when a then b end from t;',
    'create function f(begin int) returns int language sql as $$ select 1 $$',
    `select '${'x'.repeat(60_000)}'`,
  ])('%.60s fits', (sql) => {
    expect(fitsInPipeline(sql)).toBe(true);
  });

  it.each([
    '',
    ' ;; -- nothing\n;',
    'create table t (id int); commit',
    'COMMIT; create table t (id int)',
    'select 1; /* x */ rollback to savepoint a',
    'savepoint a; release a;',
    '-- x\nBegin; select 1',
    'start transaction',
    'end',
    'abort',
    "prepare transaction 'x'",
    'prepare a as select 1',
    'copy t from stdin',
    'reset all',
    'discard temp',
    'select 1; -- x\n /* y */ commit',
    'create rule r as on insert to t do also (select 1; commit)',
    // Not a statement here: to be sure costs no more than a moment.
    'create function f() returns int begin atomic select 1; end; select f();',
    // With standard_conforming_strings off, the server would see a commit here.
    "select '\\'' ; commit; select '",
    "select '\\' || $$; $$",
    'set client_encoding = latin1',
    "do $$ begin perform set_config('client_encoding', 'latin1', false); end $$",
    "set  names 'utf8'",
    'set standard_conforming_strings = off',
    // Unfinished: what follows in the message would be part of it.
    'create table t (id int',
    "select 'a",
    'select $$ a',
    'select "a',
    'select 1 /* a',
    'select \0',
    `select '${'x'.repeat(70_000)}'`,
  ])('%.60s does not, or may not', (sql) => {
    expect(fitsInPipeline(sql)).toBe(false);
  });
});
