import { createDatabase, type TestDatabase } from '../support/database';
import { runDoctor } from '../support/doctor';
import {
  describeWithPgBouncer,
  type PgBouncer,
  type PgBouncerOptions,
  startPgBouncer,
} from '../support/pgbouncer';
import { createProject, KNEXFILE, type Project } from '../support/project';

describeWithPgBouncer('doctor: through a real PgBouncer', () => {
  let database: TestDatabase;
  let project: Project;
  let pooler: PgBouncer;
  const start = async (options: PgBouncerOptions) => {
    pooler = await startPgBouncer(options);
    return pooler.through(database.url);
  };
  const up = (url: string) => project.knexward(['up'], { TEST_DATABASE_URL: url });

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20260101000000_a.js':
        "exports.up = (knex) => knex.raw('create table a (id int)');",
    });
  });
  afterEach(async () => {
    await pooler?.stop();
    project.remove();
    await database.drop();
  });

  it('a server that answers itself is no pooler', async () => {
    const found = await runDoctor(project, database.url);
    expect(found.of('POOLER')[0]).toMatchObject({
      status: 'green',
      message: 'no pooler in between',
    });
  });

  it.each([
    ['session', {}],
    ['transaction', {}],
    // The one that was free for longest is handed out first, not the one that was used last.
    ['transaction', { server_round_robin: '1' }],
  ] as const)('%s mode is found out and green, with %j', async (mode, settings) => {
    const url = await start({ mode, settings });
    const found = await runDoctor(project, url);
    expect(found.findings()).toEqual([]);
    expect(found.of('POOLER')[0]?.message).toContain(`${mode} mode`);
    expect((await up(url)).code).toBe(0);
    expect((await runDoctor(project, url)).findings()).toEqual([]);
  });

  it('transaction mode is yellow where the knexfile counts on a search path', async () => {
    const url = await start({ mode: 'transaction' });
    await database.query('create schema app');
    project.write({
      'knexfile.js': KNEXFILE.replace(
        "client: 'pg',",
        "client: 'pg', searchPath: ['app', 'public'],",
      ),
    });
    const found = await runDoctor(project, url);
    expect(found.exitCode).toBe(0);
    expect(found.of('POOLER')[0]).toMatchObject({
      status: 'yellow',
      fix: expect.stringContaining('set search_path = "app", "public"') as string,
    });
    expect((await runDoctor(project, database.url)).status('POOLER')).toBe('green');
  });

  it('statement mode is red, and everything else is looked at all the same', async () => {
    const url = await start({ mode: 'statement' });
    const found = await runDoctor(project, url);
    expect(found.exitCode).toBe(6);
    expect(found.findings()).toEqual(['POOLER']);
    expect(found.of('POOLER')[0]?.message).toContain('statement mode');
    expect(found.of('PENDING')[0]?.message).toContain('1 migration');
  });

  it('a pool of one connection in session mode is red: up needs two', async () => {
    const url = await start({ mode: 'session', poolSize: 1 });
    const found = await runDoctor(project, url);
    expect(found.exitCode).toBe(6);
    expect(found.findings()).toEqual(['SECOND_CONNECTION']);
    expect(found.of('SECOND_CONNECTION')[0]?.fix).toContain('default_pool_size');
  });
});
