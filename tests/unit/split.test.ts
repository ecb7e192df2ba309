import { splitStatements } from '../../src/sql/split';
import { reachOf } from '../../src/sql/reach';

const cut = (sql: string): string[] => splitStatements(sql).map((statement) => statement.sql);

const BODY = 'begin atomic select case when true then 1 end; select 2 end; end';

describe('cutting SQL into statements', () => {
  it.each([
    'create function f(begin int) returns int language sql as $$ select 1 $$',
    'create function f(begin atomic) returns int language sql as $$ select 1 $$',
    'create procedure f(begin int, atomic int) language sql as $$ select 1 $$',
    'create function f() returns begin language sql as $$ select 1 $$',
    'create view procedure as select * from begin atomic',
    'alter function f(int) rename to begin',
    'select function, begin from t',
    `create function f() returns int ${BODY}`,
    `create or replace /* c */ procedure p(begin int) ${BODY}`,
    `create function f() returns int begin atomic; ;${BODY.slice('begin atomic'.length)}`,
    `create function f() returns int begin atomic create function g() returns int ${BODY}; end`,
    'create rule r as on insert to t do also (select 1; select 2)',
    'create function f() returns int begin atomic create rule r as on insert to t do (select 1; end); end',
  ])('%s is one, and what follows is another', (sql) => {
    expect(cut(`${sql}; rollback`)).toEqual([`${sql};`, 'rollback']);
    expect(reachOf(`${sql}; rollback`).endsTransaction).toBe(true);
  });

  it.each([
    'create table t (a int',
    'create function f() returns int begin atomic select 1;',
    "select 'a",
    'select $$ a',
    'commit',
  ])('an unfinished one is one: %s', (sql) => {
    expect(cut(`select 1; ${sql} -- a comment`)).toEqual([
      'select 1;',
      ...(/'|\$/.test(sql) ? [`${sql} -- a comment`] : [sql]),
    ]);
  });

  it('without a statement, there is none', () => {
    expect(cut(' ;; -- a comment;\n /* ; */ ;')).toEqual([]);
  });

  it('a space beyond ASCII is a letter, as for the server', () => {
    // To the server, the literal behind it is no escape string.
    expect(cut("select \u00a0e'\\'; commit; --'")).toEqual(["select \u00a0e'\\';", 'commit;']);
  });
});
