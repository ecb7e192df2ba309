import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import { createDatabase, createRole, type TestDatabase } from '../support/database';
import { runDoctor } from '../support/doctor';
import { createProject, KNEXFILE, type Project, REPOSITORY } from '../support/project';
import { waitFor } from '../support/wait-for';

describe('doctor: what goes on in the database', () => {
  let database: TestDatabase;
  let project: Project;
  let opened: Client[];
  const connect = async (url = database.url): Promise<Client> => {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    opened.push(client);
    return client;
  };
  const running = async (statement: string): Promise<boolean> => {
    const rows = await database.query(
      `select from pg_stat_activity where datname = current_database() and query like $1
         and pid <> pg_backend_pid() and state = 'active'`,
      [`%${statement}%`],
    );
    return rows.length > 0;
  };
  const doctor = (url = database.url) => runDoctor(project, url);

  beforeEach(async () => {
    opened = [];
    database = await createDatabase();
    project = createProject({ 'knexfile.js': KNEXFILE, 'migrations/.keep': '' });
  });
  afterEach(async () => {
    for (const client of opened) await client.end().catch(() => undefined);
    project.remove();
    await database.drop();
  });

  describe('invalid indexes', () => {
    beforeEach(async () => {
      await database.query('create table t as select 1 as "The n" from generate_series(1, 2)');
    });

    it('one that a failed concurrent build left is named, and its fix takes it away', async () => {
      await expect(
        database.query('create unique index concurrently "T n" on t ("The n")'),
      ).rejects.toThrow('could not create unique index');
      const found = await doctor();
      expect(found.exitCode).toBe(0);
      expect(found.findings()).toEqual(['INVALID_INDEX']);
      expect(found.of('INVALID_INDEX')[0]?.message).toContain('public."T n" on public.t');
      const fix = found.of('INVALID_INDEX')[0]?.fix;
      // Completing it fails for as long as the rows are there, and leaves another one behind.
      const reindex = /to complete it: (.*;)/.exec(fix ?? '')?.[1];
      await expect(database.query(reindex ?? '')).rejects.toThrow('could not create unique index');
      const both = await doctor();
      expect(both.of('INVALID_INDEX').map((check) => check.fix?.split(' (')[0])).toEqual([
        'drop index concurrently public."T n";',
        'drop index concurrently public."T n_ccnew";',
      ]);
      expect(both.of('INVALID_INDEX')[1]?.fix).not.toContain('reindex');
      for (const check of both.of('INVALID_INDEX')) {
        await database.query(check.fix?.split(' (')[0] ?? '');
      }
      expect((await doctor()).findings()).toEqual([]);
    });

    it('one that is being built at this moment is left alone, whoever looks', async () => {
      const writer = await connect();
      await writer.query('begin');
      await writer.query('insert into t values (3)');
      const builder = await connect();
      const building = builder.query('create index concurrently i on t ("The n")');
      await waitFor(async () => {
        const rows = await database.query('select from pg_index where not indisvalid');
        return rows.length === 1 && (await running('create index concurrently'));
      });
      const role = await createRole();
      for (const url of [database.url, role.url(database)]) {
        const found = await doctor(url);
        expect(found.of('INVALID_INDEX')).toMatchObject([
          { status: 'green', message: expect.stringContaining('public.i') as string },
        ]);
      }
      await writer.query('rollback');
      await building;
      expect((await doctor()).of('INVALID_INDEX')[0]?.message).toBe('every index is valid');
      await role.drop(database);
    });

    it('the index of a partitioned table waits for its parts', async () => {
      await database.query('create table p (n int) partition by range (n)');
      await database.query('create table p1 partition of p for values from (0) to (9)');
      await database.query('create index p_n on only p (n)');
      const found = await doctor();
      expect(found.of('INVALID_INDEX')[0]?.fix).toContain(
        'alter index public.p_n attach partition',
      );
    });
  });

  it('one of a session that still has the name of a run that has ended, as behind a pooler, is named too', async () => {
    await database.query('create table t (n int)');
    const forgotten = await connect();
    await forgotten.query("set application_name = 'knexward 1'");
    await forgotten.query('begin; lock table t');
    await waitFor(async () => (await doctor()).status('OPEN_TRANSACTION') === 'yellow');
    const told = (await doctor()).of('OPEN_TRANSACTION')[0]?.message;
    expect(told).toContain('knexward 1');
    expect(told).toContain('public.t');
  });

  it('a transaction left open is named with its tables, without its values, and can be ended', async () => {
    await database.query('create table t (secret text)');
    const forgotten = await connect();
    await forgotten.query('begin');
    await forgotten.query("insert into t values ('hunter2')");
    await waitFor(async () => {
      const rows = await database.query(
        `select from pg_stat_activity where datname = current_database()
            and state = 'idle in transaction' and now() - xact_start > '6 s'`,
      );
      return rows.length > 0;
    });
    const found = await doctor();
    expect(found.findings()).toEqual(['OPEN_TRANSACTION']);
    expect(found.exitCode).toBe(0);
    const [check] = found.of('OPEN_TRANSACTION');
    expect(check?.message).toContain('idle in transaction');
    expect(check?.message).toContain('public.t');
    expect(found.outcome.stdout).not.toContain('hunter2');
    await database.query(check?.fix ?? '');
    await waitFor(async () => (await doctor()).status('OPEN_TRANSACTION') === 'green');
  });

  it('a history that somebody has locked is red, and doctor does not wait for it', async () => {
    expect((await project.knexward(['up'], { TEST_DATABASE_URL: database.url })).code).toBe(0);
    project.write({ 'migrations/20260101000000_a.js': 'exports.up = async () => {};' });
    expect((await project.knexward(['up'], { TEST_DATABASE_URL: database.url })).code).toBe(0);
    const other = await connect();
    await other.query('begin; lock table knex_migrations in access exclusive mode');
    const found = await doctor();
    expect(found.exitCode).toBe(6);
    expect(found.of('HISTORY')[0]).toMatchObject({
      status: 'red',
      message: expect.stringContaining('lock timeout') as string,
    });
  });

  it("Knex's lock row: Knex's own is red, one that a killed knexward left is yellow", async () => {
    project.write({ 'migrations/20260101000000_a.js': 'exports.up = async () => {};' });
    const up = () => project.knexward(['up'], { TEST_DATABASE_URL: database.url });
    expect((await up()).code).toBe(0);
    await database.query('update knex_migrations_lock set is_locked = 1');
    const found = await doctor();
    expect(found.exitCode).toBe(6);
    expect(found.status('KNEX_LOCKED')).toBe('red');
    expect(found.of('KNEX_LOCKED')[0]?.fix).toContain('knexward unlock');
    await project.knexward(['unlock', '--yes'], { TEST_DATABASE_URL: database.url });
    expect((await doctor()).findings()).toEqual([]);
    await database.query('update knex_migrations_lock set is_locked = 2');
    const left = await doctor();
    expect(left.exitCode).toBe(0);
    expect(left.findings()).toEqual(['LEFT_LOCK']);
    await up();
    expect((await doctor()).findings()).toEqual([]);
  });

  describe('a run', () => {
    const start = (): ChildProcess =>
      spawn(process.execPath, [join(REPOSITORY, 'bin/knexward.js'), 'up'], {
        cwd: project.root,
        env: { PATH: process.env['PATH'], TEST_DATABASE_URL: database.url },
        stdio: 'ignore',
      });
    beforeEach(() =>
      project.write({
        'migrations/20260101000000_slow.js': `
          exports.config = { transaction: false };
          exports.up = (knex) => knex.raw('select pg_sleep(900)');`,
      }),
    );

    it('at work is told, and what it leaves visible meanwhile is not held against it', async () => {
      const child = start();
      await waitFor(() => running('pg_sleep(900)'));
      const found = await doctor();
      expect(found.findings()).toEqual(['RUNNER']);
      expect(found.of('RUNNER')[0]).toMatchObject({ status: 'yellow', fix: 'knexward wait' });
      expect(found.exitCode).toBe(0);
      child.kill('SIGTERM');
      await once(child, 'exit');
    });

    it('that was killed outside a transaction is unfinished, which is red', async () => {
      const child = start();
      await waitFor(() => running('pg_sleep(900)'));
      child.kill('SIGKILL');
      await once(child, 'exit');
      await database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where application_name like 'knexward %' and datname = current_database()`,
      );
      await waitFor(async () => (await doctor()).status('RUNNER') === 'green');
      const found = await doctor();
      expect(found.exitCode).toBe(6);
      expect(found.of('UNFINISHED')[0]).toMatchObject({
        status: 'red',
        message: expect.stringContaining('20260101000000_slow.js') as string,
        fix: expect.stringContaining('knexward resolve') as string,
      });
    });
  });

  it('what status tells is told here too: a file that was changed after it was applied', async () => {
    project.write({ 'migrations/20260101000000_a.js': 'exports.up = async () => {};' });
    await project.knexward(['up'], { TEST_DATABASE_URL: database.url });
    project.write({ 'migrations/20260101000000_a.js': 'exports.up = async () => { /* more */ };' });
    const found = await doctor();
    expect(found.exitCode).toBe(0);
    expect(found.findings()).toEqual(['CHANGED_FILE']);
  });

  it("db-migrate's rows that are not copied are red: up refuses", async () => {
    await database.query(`
      create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
      insert into migrations (name, run_on) values ('/20200101000000-a', now());`);
    const found = await doctor();
    expect(found.exitCode).toBe(6);
    expect(found.of('NOT_ADOPTED')[0]).toMatchObject({
      status: 'red',
      fix: expect.stringContaining('knexward adopt') as string,
    });
  });

  it('constraints that are not validated are mentioned, and are no fault', async () => {
    await database.query('create table t (n int)');
    await database.query('alter table t add constraint positive check (n > 0) not valid');
    const found = await doctor();
    expect(found.findings()).toEqual([]);
    expect(found.of('NOT_VALIDATED')[0]?.message).toContain('positive on public.t');
  });
});
