import { join } from 'node:path';
import { projectConfig } from '../../src/config/resolve';
import { run as runHere } from '../../src/run/run';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, type Outcome, type Project } from '../support/project';

/** Says in the end whether Knex was loaded. */
const knexfile = (more = ''): string => `
  process.on('exit', () => {
    const knex = require.resolve('knex', { paths: [${JSON.stringify(process.cwd())}] });
    console.error('knex is ' + (knex in require.cache ? 'loaded' : 'not loaded'));
  });
  module.exports = {
    client: 'pg',
    connection: process.env.TEST_DATABASE_URL,
    migrations: { directory: './migrations' },
    ${more}
  };`;

const SQL = {
  'migrations/20260101000001_a.up.sql': 'create table a (id int);',
  'migrations/20260101000001_a.down.sql': 'drop table a;',
};
const OLD = {
  'migrations/20260101000002-b.js': `
    exports.up = (db) => db.createTable('b', { id: 'int' });
    exports.down = (db) => db.dropTable('b');`,
};
const KNEX = {
  'migrations/20260101000003_c.js': `
    exports.up = (knex) => knex.schema.createTable('c', (table) => { table.integer('id'); });
    exports.down = (knex) => knex.schema.dropTable('c');`,
};

describe('changes that are not written for Knex', () => {
  let database: TestDatabase;
  let project: Project;

  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  const start = (files: Record<string, string>, more?: string): void => {
    project = createProject({ 'knexfile.js': knexfile(more), ...files });
  };
  const run = (...args: string[]): Promise<Outcome> =>
    project.knexwardProcess(args, { TEST_DATABASE_URL: database.url });
  const tables = async (): Promise<string[]> => {
    const rows = await database.query<{ name: string }>(
      `select schemaname || '.' || tablename as name from pg_tables
        where tablename in ('a', 'b', 'c') order by tablename`,
    );
    return rows.map(({ name }) => name);
  };

  it('SQL files and those of db-migrate go up and down without Knex', async () => {
    start({ ...SQL, ...OLD });
    const up = await run('up');
    expect(up).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('knex is not loaded') as string,
    });
    expect(await tables()).toEqual(['public.a', 'public.b']);
    const down = await run('down', '--all');
    expect(down).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('knex is not loaded') as string,
    });
    expect(await tables()).toEqual([]);
  });

  it('beside one that is written for Knex they run in their order, with one batch', async () => {
    start({ ...SQL, ...OLD, ...KNEX });
    const up = await run('up');
    expect(up).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('knex is loaded') as string,
    });
    expect(await tables()).toEqual(['public.a', 'public.b', 'public.c']);
    const rows = await database.query('select name, batch from knex_migrations order by id');
    expect(rows).toEqual([
      { name: '20260101000001_a.up.sql', batch: 1 },
      { name: '20260101000002-b.js', batch: 1 },
      { name: '20260101000003_c.js', batch: 1 },
    ]);
    expect(await run('down')).toMatchObject({ code: 0 });
    expect(await tables()).toEqual([]);
  });

  it("the knexfile's searchPath and pool.afterCreate hold for them too", async () => {
    await database.query('create schema app; create role worker');
    await database.query('grant all on schema app, public to worker');
    start(
      { ...SQL, ...OLD },
      `searchPath: ['app', 'public'],
       knexward: { dbMigrate: { schema: 'app' } },
       pool: { afterCreate: (c, done) => c.query('set role worker', (error) => done(error, c)) },`,
    );
    expect(await run('up')).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(['app.a', 'app.b']);
    const owners = await database.query(
      "select distinct tableowner from pg_tables where tablename in ('a', 'b')",
    );
    expect(owners).toEqual([{ tableowner: 'worker' }]);
    await database.query('drop owned by worker; drop role worker');
  });

  it("the project's hooks are called around them, with Knex", async () => {
    start(
      SQL,
      `migrations: {
         directory: './migrations',
         beforeEach: (knex) => knex.raw('create table b (id int)'),
         afterAll: (knex) => knex.raw('create table c (id int)'),
       },`,
    );
    expect(await run('up')).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(['public.a', 'public.b', 'public.c']);
  });

  it('what fails is rolled back, with its history row, and told with its place (FR-006, FR-014)', async () => {
    start({
      ...SQL,
      'migrations/20260101000002_d.up.sql': 'create table b (id int);\n\nselect * from nowhere;',
    });
    const { code, json } = await project.knexwardProcess(['up', '--json'], {
      TEST_DATABASE_URL: database.url,
    });
    expect(code).toBe(1);
    expect(json()).toMatchObject({
      done: [{ name: '20260101000001_a.up.sql' }],
      failed: { name: '20260101000002_d.up.sql', sqlstate: '42P01', line: 3 },
    });
    expect(await tables()).toEqual(['public.a']);
    expect(await database.query('select name from knex_migrations')).toHaveLength(1);
  });

  it('tables that are put away between the plan and the lock are made again', async () => {
    start(SQL);
    await run('up');
    await database.query(`drop table a; delete from knex_migrations`);
    const directory = [join(project.root, 'migrations')];
    const result = await runHere(
      {
        ...projectConfig(project.root, 'development', { migrations: { directory } }, null),
        database: { kind: 'server', connection: { connectionString: database.url } },
      },
      {
        direction: 'up',
        confirm: async () =>
          void (await database.query(
            'drop table knex_migrations, knex_migrations_lock, knexward_journal',
          )),
      },
    );
    expect(result).toMatchObject({ done: [{ name: '20260101000001_a.up.sql' }], failed: null });
    expect(await database.query('select is_locked from knex_migrations_lock')).toEqual([
      { is_locked: 0 },
    ]);
  });

  it('one that ends its transaction itself is recorded all the same', async () => {
    start({ 'migrations/20260101000001_a.up.sql': 'create table a (id int); commit;' });
    expect(await run('up')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('it ended its transaction itself') as string,
    });
    expect(await database.query('select name from knex_migrations')).toHaveLength(1);
    expect(await tables()).toEqual(['public.a']);
  });
});
