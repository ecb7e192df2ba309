import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import {
  createProject,
  KNEXFILE,
  type Outcome,
  type Project,
  REPOSITORY,
} from '../support/project';
import { waitFor } from '../support/wait-for';

const TABLE = (name: string) => `
exports.up = (knex) => knex.raw('create table ${name} (id int)');
exports.down = (knex) => knex.raw('drop table ${name}');
`;
/** Longer than any test waits: whoever gets past it was let past it. */
const ENDLESS = 'select pg_sleep(900)';
const SLEEPING = `exports.up = (knex) => knex.raw('${ENDLESS}');`;
/** Waits until the test lets go, whatever the limits of the session are. */
const HELD_UP = 'set local lock_timeout = 0; select pg_advisory_xact_lock(1)';

describe('locks and signals (US7, FR-009)', () => {
  let database: TestDatabase;
  let project: Project;
  let env: Record<string, string>;
  const knexward = (...args: string[]): Promise<Outcome> => project.knexward(args, env);
  const knex = (...args: string[]): Promise<Outcome> =>
    project.node(['node_modules/knex/bin/cli.js', ...args], env);
  const history = async (): Promise<string[]> =>
    (await database.query<{ name: string }>('select name from knex_migrations order by id')).map(
      ({ name }) => name,
    );
  const lockRow = async (): Promise<number | undefined> =>
    (await database.query<{ is_locked: number }>('select is_locked from knex_migrations_lock'))[0]
      ?.is_locked;
  const running = async (statement: string): Promise<boolean> => {
    const rows = await database.query(
      `select from pg_stat_activity where datname = current_database() and query like $1
         and pid <> pg_backend_pid() and state = 'active'`,
      [`%${statement}%`],
    );
    return rows.length > 0;
  };
  /** From here on, who is `HELD_UP` waits. */
  const holdUp = () => database.query('select pg_advisory_lock(1)');
  const letGo = () => database.query('select pg_advisory_unlock(1)');
  const start = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [join(REPOSITORY, 'bin/knexward.js'), ...args], {
      cwd: project.root,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  beforeEach(async () => {
    database = await createDatabase();
    env = { TEST_DATABASE_URL: database.url };
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20260101000000_a.js': TABLE('a'),
    });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('plain Knex keeps out while knexward is at work, and the lock is given back', async () => {
    project.write({
      'migrations/20260101000001_b.js': `exports.up = (knex) => knex.raw('${HELD_UP}');`,
    });
    await holdUp();
    const up = knexward('up');
    await waitFor(() => running(HELD_UP));
    const latest = await knex('migrate:latest');
    expect(latest.code).toBe(1);
    expect(latest.stdout + latest.stderr).toContain('Migration table is already locked');
    await letGo();
    expect((await up).code).toBe(0);
    expect(await lockRow()).toBe(0);
    expect((await knex('migrate:latest')).stdout).toContain('Already up to date');
  });

  it('the lock row that a killed knexward left is healed by the next run, even with nothing to do', async () => {
    project.write({ 'migrations/20260101000001_b.js': SLEEPING });
    const child = start('up');
    await waitFor(() => running(ENDLESS));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await lockRow()).not.toBe(0);
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query like $1 and pid <> pg_backend_pid()`,
      [`%${ENDLESS}%`],
    );
    // The server notices in its own time that nobody holds its lock any more.
    await waitFor(async () => {
      const held = `select from pg_locks where locktype = 'advisory'
        and database = (select oid from pg_database where datname = current_database())`;
      return (await database.query(held)).length === 0;
    });
    project.write({ 'migrations/20260101000001_b.js': 'exports.up = async () => {};' });
    await database.query(
      "insert into knex_migrations (name, batch) values ('20260101000001_b.js', 1)",
    );
    expect((await knexward('status', '--json')).json()).toMatchObject({
      upToDate: true,
      problems: [{ code: 'LEFT_LOCK' }],
    });
    expect((await knexward('up')).stdout).toContain('Already up to date');
    expect(await lockRow()).toBe(0);
  });

  it("the lock row that Knex's own runner left is explained, and unlock frees it after asking", async () => {
    await knexward('up');
    await database.query('update knex_migrations_lock set is_locked = 1');
    project.write({ 'migrations/20260101000001_b.js': TABLE('b') });
    const refused = await knexward('up');
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('knexward unlock');
    const asked = await knexward('unlock');
    expect(asked.code).toBe(2);
    expect(asked.stdout).toMatch(/knex_migrations_lock" is held by Knex[\s\S]*pid \d+, postgres/);
    expect(await lockRow()).toBe(1);
    expect((await knexward('unlock', '--yes')).stdout).toContain('Released the lock.');
    expect(await lockRow()).toBe(0);
    expect(
      await database.query(
        "select details ->> 'lock' as lock from knexward_journal where event = 'unlocked'",
      ),
    ).toEqual([{ lock: 'knex' }]);
    expect((await knexward('unlock')).stdout).toContain('nothing to do');
    expect((await knexward('up')).code).toBe(0);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    '%s cancels, rolls back, records, gives the lock back, and exits with %i',
    async (signal, code) => {
      project.write({
        'migrations/20260101000001_b.js': `exports.up = async (knex) => {
        await knex.raw('create table b (id int)');
        await knex.raw('${ENDLESS}');
      };`,
        'migrations/20260101000002_c.js': TABLE('c'),
      });
      const child = start('up', '--json');
      let stdout = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      await waitFor(() => running(ENDLESS));
      child.kill(signal);
      // Without the cancel it would go on for longer than this test may.
      const [exitCode] = (await once(child, 'close')) as [number];
      expect(exitCode).toBe(code);
      expect(JSON.parse(stdout)).toMatchObject({
        done: [{ name: '20260101000000_a.js' }],
        failed: { name: '20260101000001_b.js', code: 'INTERRUPTED' },
        notReached: ['20260101000002_c.js'],
      });
      expect(await history()).toEqual(['20260101000000_a.js']);
      expect(await database.query("select to_regclass('b') as b")).toEqual([{ b: null }]);
      expect(await lockRow()).toBe(0);
      expect(await running(ENDLESS)).toBe(false);
      expect(
        await database.query("select migration from knexward_journal where event = 'failed'"),
      ).toEqual([{ migration: '20260101000001_b.js' }]);
    },
  );

  it('a signal stops a migration that waits for something else than the database', async () => {
    project.write({
      'migrations/20260101000001_b.js': `exports.up = async (knex) => {
        await knex.raw('create table b (id int)');
        await knex.raw('select 1 as waiting_outside');
        console.error('waiting outside');
        await new Promise((resolve) => setTimeout(resolve, 3_600_000));
      };`,
    });
    const child = start('up');
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    await waitFor(() => Promise.resolve(stderr.includes('waiting outside')));
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(await history()).toEqual(['20260101000000_a.js']);
    expect(await lockRow()).toBe(0);
  });

  it.each(['text', 'json'])(
    'whoever reads its output goes away (| head): the run goes on to its end (%s)',
    async (format) => {
      const names = ['20260101000001_b.js', '20260101000002_c.js', '20260101000003_d.js'];
      for (const name of names) {
        project.write({
          [`migrations/${name}`]: `exports.up = async (knex) => {
            console.log('at work');
            await knex.raw('select pg_sleep(0.3)');
          };`,
        });
      }
      const child = start('up', '--log-format', format, '--log-level', 'debug');
      const ended = once(child, 'exit');
      child.stdout?.destroy();
      child.stderr?.destroy();
      expect(await ended).toEqual([0, null]);
      expect((await history()).slice(1)).toEqual(names);
    },
  );

  it('a second signal ends it at once, and even then nothing is left wrong', async () => {
    project.write({
      'migrations/20260101000001_b.js': `exports.up = async (knex) => {
        await knex.raw('create table b (id int)');
        await knex.raw('${ENDLESS}');
      };`,
    });
    const child = start('up');
    await waitFor(() => running(ENDLESS));
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    await waitFor(async () => !(await running(ENDLESS)));
    expect(await history()).toEqual(['20260101000000_a.js']);
    project.write({ 'migrations/20260101000001_b.js': TABLE('b') });
    expect((await knexward('up')).code).toBe(0);
    expect(await lockRow()).toBe(0);
  });

  it('a signal while waiting for another runner', async () => {
    project.write({
      'migrations/20260101000001_b.js': `exports.up = (knex) => knex.raw('${HELD_UP}');`,
    });
    await holdUp();
    const first = knexward('up');
    await waitFor(() => running(HELD_UP));
    const second = start('up');
    let stderr = '';
    second.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    await waitFor(() => Promise.resolve(stderr.includes('Waiting for another runner')));
    second.kill('SIGTERM');
    expect(await once(second, 'close')).toEqual([143, null]);
    await letGo();
    expect((await first).code).toBe(0);
  });

  it('wait returns when nothing is pending and nobody runs; else exits with 6 in time', async () => {
    const early = await knexward('wait', '--timeout', '1s');
    expect({ code: early.code, stderr: early.stderr }).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('STILL_PENDING 1 migration is still pending') as string,
    });
    project.write({
      'migrations/20260101000001_b.js': `exports.up = (knex) => knex.raw('${HELD_UP}');`,
    });
    const waiting = start('wait', '--timeout', '10min');
    const said = { stdout: '', stderr: '' };
    waiting.stdout?.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
    waiting.stderr?.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
    const ended = once(waiting, 'close');
    await waitFor(() => Promise.resolve(said.stderr.includes('2 pending, no runner is active')));
    await holdUp();
    const up = knexward('up');
    await waitFor(() => Promise.resolve(said.stderr.includes('1 pending, postgres from')));
    await letGo();
    expect(await ended).toEqual([0, null]);
    expect(said.stdout).toContain('Already up to date');
    expect(await history()).toHaveLength(2);
    expect((await up).code).toBe(0);
  });

  it('the run is known by its id: in the journal, and in pg_stat_activity', async () => {
    project.write({
      'migrations/20260101000001_b.js': `exports.up = async (knex) => {
        await knex.raw("create table seen as select current_setting('application_name') as name");
      };`,
    });
    const { runId } = (await knexward('up', '--json')).json<{ runId: string }>();
    expect(await database.query('select name from seen')).toEqual([{ name: `knexward ${runId}` }]);
    expect(await database.query('select distinct run_id from knexward_journal')).toEqual([
      { run_id: runId },
    ]);
  });
});
