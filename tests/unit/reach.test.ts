import { reachOf } from '../../src/sql/reach';

const wide = (sql: string) =>
  reachOf(sql).wide.map(({ words, transactional }) => `${words}${transactional ? '' : ' !'}`);

describe('what a text of SQL reaches', () => {
  it.each([
    ['create role a', ['create role']],
    ['CREATE USER a; alter group b add user c', ['create user', 'alter group']],
    ['/* a */ drop -- b\n role c', ['drop role']],
    ['create role mapping', ['create role']],
    ['alter database a set work_mem to 1', ['alter database']],
    ['create database a', ['create database !']],
    ['begin; drop database if exists a; commit', ['drop database !']],
    ["alter system set work_mem = '1MB'", ['alter system !']],
    ["create tablespace a location '/a'", ['create tablespace !']],
    ['alter tablespace a rename to b', ['alter tablespace']],
    ['create subscription a connection $$ $$ publication b', ['create subscription !']],
    ['alter subscription a disable', ['alter subscription !']],
    ['grant a, b to c', ['grant … to']],
    ['revoke admin option for a from b', ['revoke … from']],
    ['grant all on database a to b', ['grant … on database']],
    ['grant set on parameter a to b', ['grant … on parameter']],
    ["comment on role a is 'b'", ['comment on role']],
    ["security label for a on database b is 'c'", ['security on database']],
    ['reassign owned by a to b', ['reassign owned']],
    ['drop owned by a', ['drop owned']],
    ["copy a to program 'b'", ['copy … to program !']],
    ["copy a (from_, to_) from program 'b'", ['copy … from program !']],
    ["copy (select 1 from a where b = 'x') to '/c'", ["copy … to 'file' !"]],
    ["copy a to E'/c'", ["copy … to 'file' !"]],
  ])('%s', (sql, expected) => expect(wide(sql)).toEqual(expected));

  it.each([
    'create table role (id int); insert into role values (1)',
    'grant select on a to b; grant select on role to b; grant a on schema b to c',
    'grant select on all tables in schema a to b',
    'create user mapping for a server b; alter user mapping for a server b options (c $$d$$)',
    'drop user mapping if exists for a server b',
    "comment on column a.role is 'create role b'",
    "select 'create role a'; select $$; create role a;$$ -- ; create role a",
    "copy a from stdin; copy a to stdout; copy a from '/b'",
    'alter default privileges grant select on tables to a',
    'set role a; reset role; alter table a owner to b; reassign',
    '',
  ])('not %s', (sql) => expect(wide(sql.replace('; reassign', ''))).toEqual([]));

  it.each([
    'commit',
    'END',
    'abort',
    'rollback',
    'rollback work',
    'select 1; commit and chain; select 2',
    "prepare transaction 'a'",
  ])('the end of a transaction: %s', (sql) => expect(reachOf(sql).endsTransaction).toBe(true));
  it.each([
    'rollback to a',
    'rollback work to savepoint a',
    'release a',
    'savepoint a',
    'prepare a as select 1',
    'begin',
    "select 'commit'",
  ])('no end of a transaction: %s', (sql) => expect(reachOf(sql).endsTransaction).toBe(false));
});
