import { basename } from 'node:path';
import { adviceOn, SQLSTATES } from '../../src/sqlstates';
import { createDatabase, createRole, type TestDatabase, type TestRole } from '../support/database';
import { createProject, KNEXFILE, REPOSITORY, type Project } from '../support/project';

const MIGRATION = 'migrations/20260101000000_fails.js';

/** A migration that sends these statements, one after the other. */
const sends = (...statements: string[]): string =>
  statements.map((sql) => `await knex.raw(${JSON.stringify(sql)});`).join('\n');

const CONNECT = `
  const { Client } = require('pg');
  const other = new Client(process.env.OTHER_URL);
  other.on('error', () => {});
  await other.connect();`;

/** For each SQLSTATE that has advice: a migration that the real server answers with it. */
const MIGRATIONS: Record<string, string> = {
  // What the server cannot tell any more: the connection breaks under a statement.
  '08006': `const client = await knex.client.acquireConnection();
    client.connection.stream.destroy();
    await knex.raw('select 1');`,
  '23502': sends(
    'create table a as select null::int as n',
    'alter table a alter column n set not null',
  ),
  '23503': sends(
    'create table a (id int primary key)',
    'create table b (a int references a)',
    'insert into b values (7)',
  ),
  '23505': sends(
    'create table a as select 1 as n union all select 1',
    'create unique index on a (n)',
  ),
  '23514': sends('create table a as select 0 as n', 'alter table a add check (n > 0)'),
  '25001': sends('create table a (n int)', 'create index concurrently on a (n)'),
  '25006': sends('set transaction read only', 'create table a (n int)'),
  '25P02': `await knex.raw('select broken').catch(() => {}); ${sends('select 1')}`,
  '28P01': CONNECT,
  '2BP01': sends('create table a (n int)', 'create view v as select * from a', 'drop table a'),
  '3D000': sends("alter database nowhere set timezone = 'UTC'"),
  // Both lock one table and ask for the other's; the migration notices first.
  '40P01': `${CONNECT}
    await other.query('begin; lock table held');
    ${sends('lock table also_held')}
    other.query('lock table also_held').catch(() => {});
    for (let waits = false; !waits; ) {
      const { rows } = await knex.raw("select from pg_locks where relation = 'also_held'::regclass and not granted");
      waits = rows.length > 0;
    }
    try { ${sends("set local deadlock_timeout = '10ms'", 'lock table held')} }
    finally { other.connection.stream.destroy(); }`,
  '42501': sends('set local role "ROLE"', 'drop table held'),
  '42601': sends('selct 1'),
  '42701': sends('alter table held add column n int'),
  '42703': sends('select broken from held'),
  '42704': sends('create table a (email no_such_type)'),
  '42710': sends("create type mood as enum ('sad')"),
  '42883': sends('select no_such_function()'),
  '42P01': sends('select * from nowhere'),
  '42P07': sends('create table held (n int)'),
  '53300': CONNECT,
  '55P03': `${CONNECT}
    await other.query('begin; lock table held');
    try { ${sends('lock table held')} } finally { other.connection.stream.destroy(); }`,
  '55P04': sends("alter type mood add value 'glad'", "select 'glad'::mood"),
  '57014': sends('select pg_sleep(900)'),
  '57P01': sends('select pg_terminate_backend(pg_backend_pid())'),
};

/** Of those that come of a limit; the others must not meet one, however slow the machine is. */
const LIMITS: Record<string, string> = {
  '55P03': "lockTimeout: '500ms'",
  '57014': "statementTimeout: '1s'",
};

describe('each SQLSTATE, as the real server gives it, comes with a cause and a fix (FR-014)', () => {
  let database: TestDatabase;
  let project: Project;
  let role: TestRole;

  beforeAll(async () => {
    database = await createDatabase();
    role = await createRole();
    await database.query(`create table held (n int); create table also_held (n int);
      create type mood as enum ('sad'); alter role "${role.name}" connection limit 0`);
    project = createProject({});
  });
  afterAll(async () => {
    project.remove();
    await role.drop(database);
    await database.drop();
  });

  it('has a migration for each', () => {
    expect(Object.keys(MIGRATIONS).sort()).toEqual(Object.keys(SQLSTATES).sort());
  });

  /** Where the migration's other connection goes. */
  const otherUrl = (sqlstate: string): string => {
    if (sqlstate === '28P01') return database.url.replace(/:[^:@/]+@/, ':wr0ng@');
    return sqlstate === '53300' ? role.url(database) : database.url;
  };

  it.each(Object.entries(SQLSTATES))('%s', async (sqlstate, { cause }) => {
    const up = (MIGRATIONS[sqlstate] ?? '').replace('ROLE', role.name);
    const limit = LIMITS[sqlstate] ?? "lockTimeout: '10min'";
    project.write({
      [MIGRATION]: `exports.up = async (knex) => { ${up} };`,
      'knexfile.js': KNEXFILE.replace(
        'migrations:',
        `knexward: { ${limit}, retries: 0 }, migrations:`,
      ),
    });
    const { code, stderr } = await project.knexward(['up'], {
      TEST_DATABASE_URL: database.url,
      OTHER_URL: otherUrl(sqlstate),
    });
    expect(code).toBe(1);
    expect(/^ {2}SQLSTATE {4}(.*)$/m.exec(stderr)?.[1]).toBe(
      sqlstate === '08006' ? undefined : sqlstate,
    );
    expect(stderr).not.toMatch(/Connection Error:/);
    expect(stderr).toContain(`\n  cause       ${cause}\n`);
    const fix = adviceOn(sqlstate, basename(MIGRATION))?.fix ?? '';
    // Who holds the table is known then, and told.
    const told = sqlstate === '55P03' ? 'select pg_terminate_backend(' : `fix         ${fix}\n`;
    expect(stderr).toContain(told);
    expect(stderr).toMatch(/\n {2}next {8}Nothing was changed before it\. It was rolled back/);
    const page = `${REPOSITORY}/docs/errors/sqlstate-${sqlstate}.md`;
    expect(stderr.endsWith(`\n  page        ${page}\n`)).toBe(true);
  });
});

describe('the same at connecting, and with a connection of a later moment', () => {
  let database: TestDatabase;
  let project: Project;
  let role: TestRole;

  beforeEach(async () => {
    database = await createDatabase();
    role = await createRole();
    await database.query(`grant all on schema public to "${role.name}"`);
    project = createProject({ 'knexfile.js': KNEXFILE, [MIGRATION]: 'exports.up = () => {};' });
  });
  afterEach(async () => {
    project.remove();
    await role.drop(database);
    await database.drop();
  });

  const up = (url: string) => project.knexward(['up'], { TEST_DATABASE_URL: url });

  it.each([
    [0, /no connection left for the user/],
    // One holds the lock; the one that reads and records is too many, or that of the changes.
    [1, /no connection left for the user/],
    [2, /refuses a further connection: too many connections for role/],
  ])('53300: no connection left, with %s for the role', async (limit, says) => {
    await database.query(`alter role "${role.name}" connection limit ${limit}`);
    const { code, stderr } = await up(role.url(database));
    expect(stderr).toMatch(/^TOO_MANY_CONNECTIONS /m);
    expect(stderr).toMatch(says);
    expect(stderr).toContain('pg_stat_activity');
    expect(code).toBe(3);
  });

  it('the host is not known, or nobody answers', async () => {
    const unknown = await up('postgresql://app@no-such-host.invalid/app');
    expect(unknown.stderr).toMatch(/^CONNECTION_FAILED [\s\S]*name of the host is not known/m);
    expect(unknown.code).toBe(3);
  });

  it('28P01: a password is wanted, and none was given', async () => {
    const { code, stderr } = await up(database.url.replace(/:[^:@/]+@/, '@'));
    expect(stderr).toMatch(/^AUTHENTICATION_FAILED [\s\S]*Give the connection a password/m);
    expect(code).toBe(3);
  });

  it('the connection breaks outside of a migration', async () => {
    project.write({
      'knexfile.js': KNEXFILE.replace(
        'directory:',
        `beforeAll: async (knex) => {
          const client = await knex.client.acquireConnection();
          client.connection.stream.destroy();
          await client.query('select 1').finally(() => knex.client.releaseConnection(client));
        }, directory:`,
      ),
    });
    const { code, stderr } = await up(database.url);
    expect(stderr).toMatch(/^CONNECTION_FAILED The connection to the database was lost/m);
    expect(code).toBe(3);
  });
});
