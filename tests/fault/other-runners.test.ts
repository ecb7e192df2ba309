import { randomUUID } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import { takeKnexLock } from '../../src/history/knex-lock';
import { namesBeside } from '../../src/history/tables';
import { acquireLock } from '../../src/transaction/runners-lock';
import { createDatabase, type TestDatabase } from '../support/database';
import { closeGate, waitingSessions } from '../support/gate';
import { createProject, KNEXFILE, type Project, REPOSITORY } from '../support/project';
import { waitFor } from '../support/wait-for';

const A = '20260101000000_a';
const B = '20260101000001_b';
const RUNNER_LOCK = "locktype = 'advisory' and classid = x'6b6e7864'::int";

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

describe('beside other runners (US7)', () => {
  let database: TestDatabase;
  let project: Project;
  let children: ChildProcess[];

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({ 'knexfile.js': KNEXFILE });
    children = [];
    await database.query('create table ran (name text)');
  });
  afterEach(async () => {
    children.forEach((child) => child.kill('SIGKILL'));
    project.remove();
    await database.drop();
  });

  const start = (
    args: string[],
    url = database.url,
  ): { child: ChildProcess; ended: Promise<Ended> } => {
    const child = spawn(process.execPath, [join(REPOSITORY, 'bin/knexward.js'), ...args], {
      cwd: project.root,
      env: { PATH: process.env['PATH'], TEST_DATABASE_URL: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const told = { stdout: '', stderr: '' };
    child.stdout.on('data', (text: Buffer) => (told.stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (told.stderr += text.toString()));
    return {
      child,
      ended: once(child, 'close').then(([code]) => ({ code: code as number, ...told })),
    };
  };
  const names = async (sql: string): Promise<string[]> =>
    (await database.query<{ name: string }>(sql)).map(({ name }) => name);
  const history = () => names('select name from knex_migrations order by id');
  const ran = () => names('select name from ran');
  const lockRow = async (): Promise<number | undefined> =>
    (await database.query<{ is_locked: number }>('select is_locked from knex_migrations_lock'))[0]
      ?.is_locked;
  const endTheLock = () =>
    database.query(
      `select pg_terminate_backend(pid) from pg_locks where ${RUNNER_LOCK} and granted
        and database = (select oid from pg_database where datname = current_database())`,
    );

  it('a role that may not read pg_stat_activity: a change outside a transaction runs once (FR-009)', async () => {
    const role = `few_${process.pid}_${Date.now()}`;
    await database.query(`create role ${role} login password 'few'; grant all on schema public to ${role};
      grant all on ran to ${role}; revoke select on pg_stat_activity from public`);
    const url = new URL(database.url);
    Object.assign(url, { username: role, password: 'few' });
    const gate = await closeGate(database, 1);
    project.write({
      'knexfile.js': KNEXFILE.replace(
        'migrations:',
        "knexward: { lockTimeout: '100ms', waitForLock: '30s' }, migrations:",
      ),
      [`migrations/${A}.js`]: `exports.up = (knex) => knex.raw("${gate.statement}");`,
      [`migrations/${B}.js`]: `exports.config = { transaction: false };
        exports.up = (knex) => knex.raw("insert into ran values ('b'); select pg_sleep(0.5)");`,
    });
    try {
      const first = start(['up'], url.href);
      await waitFor(async () => (await waitingSessions(database)) === 1);
      const second = start(['up'], url.href);
      // Long enough for the first to have looked for who blocks it, several times.
      await waitFor(async () => {
        const asked = await database.query(
          `select from pg_stat_activity where application_name like 'knexward%' and datname = current_database()`,
        );
        return asked.length >= 3;
      });
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await gate.open();
      const [one, two] = await Promise.all([first.ended, second.ended]);
      expect([one.code, two.code, one.stderr + two.stderr]).toEqual([0, 0, expect.any(String)]);
      expect([await ran(), await history()]).toEqual([['b'], [`${A}.js`, `${B}.js`]]);
    } finally {
      await database.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('a runner that lost its lock stops before its next change, and gives back no lock of another (FR-009)', async () => {
    const gate = await closeGate(database, 1);
    const other = await closeGate(database, 2);
    project.write({
      [`migrations/${A}.js`]: `exports.up = (knex) => knex.raw("${gate.statement}");`,
      [`migrations/${B}.js`]: `exports.up = (knex) => knex.raw("insert into ran values ('b'); ${other.statement}");`,
    });
    const first = start(['up', '--json']);
    await waitFor(async () => (await waitingSessions(database)) === 1);
    first.child.kill('SIGSTOP');
    await endTheLock();
    // Takes over, and waits behind the fence for the change that the first one is at.
    const second = start(['up', '--json']);
    await waitFor(async () => (await waitingSessions(database)) === 2);
    const number = await lockRow();
    await gate.open();
    first.child.kill('SIGCONT');
    await waitFor(
      async () => (await ran()).length === 0 && (await waitingSessions(database)) === 1,
    );
    const { code, stdout } = await first.ended;
    expect(JSON.parse(stdout)).toMatchObject({
      done: [{ name: `${A}.js` }],
      failed: { name: `${B}.js`, code: 'LOCK_LOST' },
    });
    expect(code).toBe(4);
    expect(await lockRow()).toBeGreaterThan(1);
    expect(await lockRow()).not.toBe(number);
    const knex = await project.node(['node_modules/knex/bin/cli.js', 'migrate:latest'], {
      TEST_DATABASE_URL: database.url,
    });
    expect(knex.stdout + knex.stderr).toContain('Migration table is already locked');
    await other.open();
    expect((await second.ended).code).toBe(0);
    expect([await ran(), await history(), await lockRow()]).toEqual([
      ['b'],
      [`${A}.js`, `${B}.js`],
      0,
    ]);
  });

  it("Knex's lock is freed by hand in the middle of a run: it stops before its next change (FR-009)", async () => {
    const gate = await closeGate(database, 1);
    project.write({
      [`migrations/${A}.js`]: `exports.up = (knex) => knex.raw("${gate.statement}");`,
      [`migrations/${B}.js`]: `exports.up = (knex) => knex.raw("insert into ran values ('b')");`,
    });
    const up = start(['up', '--json']);
    await waitFor(async () => (await waitingSessions(database)) === 1);
    await database.query('update knex_migrations_lock set is_locked = 0');
    await gate.open();
    const { code, stdout } = await up.ended;
    expect(JSON.parse(stdout)).toMatchObject({ failed: { name: `${B}.js`, code: 'LOCK_LOST' } });
    expect([code, await ran()]).toEqual([4, []]);
  });

  it('the lock is lost during a change outside a transaction: no other run begins that change (FR-009)', async () => {
    const gate = await closeGate(database, 1);
    project.write({
      'knexfile.js': KNEXFILE.replace(
        'migrations:',
        "knexward: { waitForLock: '1s' }, migrations:",
      ),
      [`migrations/${B}.js`]: `exports.config = { transaction: false };
        exports.up = async (knex) => {
          await knex.raw("insert into ran values ('b')");
          await knex.raw("${gate.statement}");
        };`,
    });
    const first = start(['up', '--json']);
    await waitFor(async () => (await waitingSessions(database)) === 1);
    const number = await lockRow();
    await endTheLock();
    const second = await start(['up', '--json']).ended;
    expect(JSON.parse(second.stdout)).toMatchObject({ error: { code: 'LOCKED' } });
    // Plain Knex has to keep out as well, as long as the change is at work.
    expect(await lockRow()).toBe(number);
    await gate.open();
    expect(JSON.parse((await first.ended).stdout)).toMatchObject({ done: [{ name: `${B}.js` }] });
    expect([await ran(), await history()]).toEqual([['b'], [`${B}.js`]]);
    expect((await start(['status', '--check']).ended).code).toBe(0);
  });

  it('lock and fence are both lost during a change outside a transaction: it is stopped (FR-006)', async () => {
    project.write({
      [`migrations/${B}.js`]: `exports.config = { transaction: false };
        exports.up = async (knex) => {
          for (;;) {
            await knex.raw("insert into ran values ('b')");
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        };`,
    });
    const up = start(['up', '--json']);
    await waitFor(async () => (await ran()).length > 3);
    await database.query(
      `select pg_terminate_backend(pid) from pg_locks
        where locktype = 'advisory' and classid in (x'6b6e7864'::int, x'6b6e7865'::int) and granted
          and database = (select oid from pg_database where datname = current_database())`,
    );
    const { code, stdout } = await up.ended;
    expect(JSON.parse(stdout)).toMatchObject({
      done: [],
      failed: { name: `${B}.js`, code: 'LOCK_LOST', leftovers: true },
    });
    expect(code).toBe(4);
    const again = await start(['up', '--json']).ended;
    expect(JSON.parse(again.stdout)).toMatchObject({ error: { code: 'UNFINISHED' } });
  });

  const outside = `exports.config = { transaction: false };
    exports.up = (knex) => knex.raw("insert into ran values ('b')");`;
  const endsItself = "insert into ran values ('b'); commit;";
  it.each([
    ['outside a transaction', `${B}.js`, outside, 'knex_migrations'],
    ['outside a transaction', `${B}.js`, outside, 'knexward_journal'],
    ['that ends its transaction', `${B}.up.sql`, endsItself, 'knex_migrations'],
    ['that ends its transaction', `${B}.up.sql`, endsItself, 'knexward_journal'],
  ])(
    'a change %s (%s) is not run again by itself where it is done and its row is refused (FR-006, FR-009): %#',
    async (_, file, content, table) => {
      project.write({
        [`migrations/${A}.js`]: 'exports.up = async () => {};',
        [`migrations/${file}`]: content,
      });
      await start(['up', '-c', '1']).ended;
      const isTheRecord = table === 'knexward_journal' ? "new.event = 'applied'" : 'true';
      await database.query(`
        create function full_disk() returns trigger language plpgsql as
          $$ begin raise exception 'no space left on device' using errcode = '53100'; end $$;
        create trigger full_disk before insert on ${table} for each row when (${isTheRecord})
          execute function full_disk()`);
      const { code, stdout, stderr } = await start(['up', '--json']).ended;
      expect(JSON.parse(stdout)).toMatchObject({
        done: [],
        failed: { leftovers: true, endUnknown: true },
      });
      expect(stderr).not.toContain('its history row was written');
      expect(code).toBe(1);
      await database.query(`drop trigger full_disk on ${table}`);
      const again = await start(['up', '--json']).ended;
      expect(JSON.parse(again.stdout)).toMatchObject({ error: { code: 'UNFINISHED' } });
      expect(await ran()).toEqual(['b']);
    },
  );

  it('a COMMIT in the middle of a message that never came back: told as left behind (FR-006)', async () => {
    const gate = await closeGate(database, 1);
    project.write({
      [`migrations/${B}.up.sql`]: `insert into ran values ('b'); commit; ${gate.statement}`,
    });
    const up = start(['up', '--json']);
    await waitFor(async () => (await waitingSessions(database)) === 1);
    up.child.kill('SIGINT');
    const { code, stdout } = await up.ended;
    await gate.open();
    expect(JSON.parse(stdout)).toMatchObject({ failed: { code: 'INTERRUPTED', leftovers: true } });
    expect([code, await ran()]).toEqual([130, ['b']]);
  });

  it.each(['set role', 'set application_name'])(
    'afterCreate with %s: a change outside a transaction is cancelled, and not resolved while at work (FR-006)',
    async (what) => {
      const role = `r_${process.pid}_${Date.now()}`;
      await database.query(
        `create role ${role}; grant all on schema public to ${role}; grant all on ran to ${role}`,
      );
      const statement = what === 'set role' ? `set role ${role}` : "set application_name = 'mine'";
      project.write({
        'knexfile.js': KNEXFILE.replace(
          'migrations:',
          `pool: { afterCreate: (connection, done) => connection.query("${statement}", done) }, migrations:`,
        ),
        [`migrations/${B}.js`]: `exports.config = { transaction: false };
          exports.up = (knex) => knex.raw("select pg_sleep(900)");`,
      });
      const sleeping = () =>
        database.query(
          `select from pg_stat_activity where datname = current_database() and state = 'active'
             and query like 'select pg_sleep(900)%'`,
        );
      try {
        const killed = start(['up']);
        await waitFor(async () => (await sleeping()).length === 1);
        killed.child.kill('SIGKILL');
        await killed.ended;
        const resolved = await start(['resolve', B, '--reverted', '--json']).ended;
        expect(JSON.parse(resolved.stdout)).toMatchObject({ error: { code: 'LOCKED' } });
        await database.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep(900)%'",
        );
        await waitFor(async () => (await sleeping()).length === 0);
        expect((await start(['resolve', B, '--reverted']).ended).code).toBe(0);
        const stopped = start(['up', '--json']);
        await waitFor(async () => (await sleeping()).length === 1);
        stopped.child.kill('SIGINT');
        expect((await stopped.ended).code).toBe(130);
        await waitFor(async () => (await sleeping()).length === 0);
      } finally {
        await database.query(`drop owned by ${role}; drop role ${role}`);
      }
    },
  );

  it("Knex's lock row is locked by another session: SIGINT ends the waiting (US7)", async () => {
    project.write({ [`migrations/${B}.js`]: 'exports.up = async () => {};' });
    await start(['up']).ended;
    project.write({ 'migrations/20260101000002_c.js': 'exports.up = async () => {};' });
    const other = new Client(database.config);
    await other.connect();
    await other.query('begin; select from knex_migrations_lock for update');
    const up = start(['up', '--json']);
    await waitFor(
      async () =>
        (
          await database.query(
            `select from pg_stat_activity where datname = current_database()
             and application_name like 'knexward%' and wait_event_type = 'Lock'`,
          )
        ).length > 0,
    );
    up.child.kill('SIGINT');
    const { code } = await up.ended;
    await other.end();
    expect(code).toBe(130);
  });

  it.each([
    ['was started', "('started', '{}')"],
    [
      'failed with its end unknown',
      `('started', '{}'), ('failed', '{"endUnknown": true, "direction": "up"}')`,
    ],
  ])(
    'a change that %s stays unfinished when another run, which never began it, fails at it (FR-006)',
    async (_, events) => {
      project.write({
        [`migrations/${A}.js`]: 'exports.up = async () => {}; exports.down = exports.up;',
        [`migrations/${B}.js`]: `exports.config = { transaction: false };
          exports.up = (knex) => knex.raw("insert into ran values ('b')"); exports.down = async () => {};`,
      });
      await start(['up', '-c', '1']).ended;
      const journal = (run: string, rows: string): Promise<unknown> =>
        database.query(`insert into knexward_journal (run_id, event, migration, actor, details)
          select '${run}', event, '${B}.js', 'somebody', details::jsonb from (values ${rows}) r (event, details)`);
      await journal(randomUUID(), events);
      await journal(randomUUID(), `('failed', '{"direction": "up"}')`);
      const { code, stdout } = await start(['up', '--json']).ended;
      expect(code).toBe(5);
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'UNFINISHED' } });
      expect(await names('select * from ran')).toEqual([]);
    },
  );

  it('two down at once in production: the second reverts nothing that it was not asked for (US7)', async () => {
    const gate = await closeGate(database, 1);
    const down = (wait: string) => `exports.up = async () => {};
      exports.down = (knex) => knex.raw("insert into ran values ('down'); ${wait}");`;
    project.write({
      'knexfile.js': KNEXFILE.replace('development:', 'production:'),
      [`migrations/${A}.js`]: down('select 1'),
      [`migrations/${B}.js`]: down(gate.statement),
    });
    await start(['up', '-c', '1', '-e', 'production']).ended;
    await start(['up', '-e', 'production']).ended;
    const args = ['down', '-y', '-e', 'production', '--json'];
    const first = start(args);
    await waitFor(async () => (await waitingSessions(database)) === 1);
    const second = start(args);
    await waitFor(
      async () =>
        (
          await names(
            `select application_name as name from pg_stat_activity where application_name like 'knexward%'
         and datname = current_database() and (query like '%pg_try_advisory%' or query = 'rollback')`,
          )
        ).length >= 1,
    );
    await gate.open();
    expect((await first.ended).code).toBe(0);
    const { code, stdout } = await second.ended;
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'PLAN_CHANGED' } });
    expect([code, await ran(), await history()]).toEqual([5, ['down'], [`${A}.js`]]);
  });

  it('redo applies again in the order in which it had been applied (FR-009)', async () => {
    const log = (
      name: string,
    ) => `exports.up = (knex) => knex.raw("insert into ran values ('${name}')");
      exports.down = async () => {};`;
    project.write({
      'knexfile.js': KNEXFILE.replace(
        "directory: './migrations'",
        "directory: ['./second', './first'], sortDirsSeparately: true",
      ),
      'second/20260101000002_b.js': log('second'),
      'first/20260101000001_a.js': log('first'),
    });
    await start(['up']).ended;
    expect(await ran()).toEqual(['second', 'first']);
    expect((await start(['redo']).ended).code).toBe(0);
    expect(await ran()).toEqual(['second', 'first', 'second', 'first']);
  });

  it('query_timeout of the connection: the statement is not waited for, and no lock is left (FR-009)', async () => {
    project.write({
      'knexfile.js': KNEXFILE.replace(
        'connection: process.env.TEST_DATABASE_URL',
        'connection: { connectionString: process.env.TEST_DATABASE_URL, query_timeout: 300 }',
      ),
      [`migrations/${A}.js`]: `exports.up = (knex) => knex.raw("insert into ran values ('a'); select pg_sleep(600)");`,
    });
    const { code, stdout } = await start(['up', '--json']).ended;
    expect(JSON.parse(stdout)).toMatchObject({ failed: { name: `${A}.js`, leftovers: false } });
    expect([code, await lockRow(), await ran()]).toEqual([1, 0, []]);
    const events = await names('select event as name from knexward_journal');
    expect(events).toEqual(['failed']);
  });

  it('who blocks a change is told: table, application, its growing age, and how to end it (FR-014)', async () => {
    project.write({
      'knexfile.js': KNEXFILE.replace(
        'migrations:',
        "knexward: { lockTimeout: '800ms', retries: 2 }, migrations:",
      ),
      [`migrations/${A}.js`]: `exports.up = (knex) => knex.raw('alter table ran add column more int');`,
    });
    const holder = new Client({ ...database.config, application_name: 'nightly report' });
    await holder.connect();
    await holder.query('begin; lock table ran in access share mode');
    const [{ pid } = { pid: 0 }] = (
      await holder.query<{ pid: number }>('select pg_backend_pid() as pid')
    ).rows;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const { stdout, stderr } = await start(['up', '--json']).ended;
    await holder.end();
    const ages = [
      ...stderr.matchAll(
        /ran is held by postgres \(pid \d+, nightly report, idle in transaction, for ([\d:]+)\)/g,
      ),
    ].map(([, age]) => age);
    expect(ages).toHaveLength(2);
    expect(ages[1]).not.toBe(ages[0]);
    const { failed } = JSON.parse(stdout) as { failed: { detail: string; fix: string } };
    expect(failed.detail).toContain('nightly report');
    expect(failed.fix).toContain(`select pg_terminate_backend(${pid})`);
  });

  it("a run that has lost its lock without knowing does not take Knex's lock from the run after it (FR-009)", async () => {
    const [lost, next, control] = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const client = new Client(database.config);
        await client.connect();
        return client;
      }),
    );
    if (!lost || !next || !control) throw new Error('no connections');
    try {
      await database.query(`create table knex_migrations (id serial primary key, name text);
        create table knex_migrations_lock (index serial primary key, is_locked integer);
        insert into knex_migrations_lock (is_locked) values (0)`);
      const tables = {
        schema: 'public',
        ...namesBeside('knex_migrations'),
        dbMigrate: { schema: 'public', table: 'migrations' },
      };
      const first = await acquireLock(lost, tables, { waitMs: 0 });
      // What a network does that ends a session behind its client's back.
      await lost.query('rollback');
      const second = await acquireLock(next, tables, { waitMs: 0 });
      const take = (number: number, held: string) =>
        takeKnexLock(control, tables, { number, held, waitMs: 1000 });
      expect(await take(7, second.held)).toBe(true);
      expect(await take(8, first.held)).toBeNull();
      expect(await lockRow()).toBe(7);
    } finally {
      await Promise.all([lost, next, control].map((client) => client.end()));
    }
  });
});
