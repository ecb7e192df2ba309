import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
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
/** Those who wait for another runner wait until it is done, however long that takes. */
const PATIENT = KNEXFILE.replace('migrations:', "knexward: { waitForLock: '10min' }, migrations:");
/** Longer than any test waits: whoever gets past it was let past it. */
const ENDLESS = 'select pg_sleep(900)';
/** Waits until the test lets go, whatever the limits of the session are. */
const HELD_UP = 'set local lock_timeout = 0; select pg_advisory_xact_lock(1)';

describe('crashes and races (US7, FR-009, SC-007)', () => {
  let database: TestDatabase;
  let project: Project;
  let env: Record<string, string>;
  const knexward = (...args: string[]): Promise<Outcome> => project.knexward(args, env);
  const names = async (sql: string): Promise<string[]> =>
    (await database.query<{ name: string }>(sql)).map(({ name }) => name);
  const history = () => names('select name from knex_migrations order by id');

  beforeEach(async () => {
    database = await createDatabase();
    env = { TEST_DATABASE_URL: database.url };
    project = createProject({
      'knexfile.js': PATIENT,
      'migrations/20260101000000_a.js': TABLE('a'),
    });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  /** knexward in a process of its own, whose end can be awaited while what it says is looked at. */
  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [join(REPOSITORY, 'bin/knexward.js'), ...args], {
      cwd: project.root,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }));
    const says = (what: RegExp) => waitFor(() => Promise.resolve(what.test(said.stderr)));
    return { child, ended, says };
  };

  /** Starts knexward and kills it for good once the server runs a statement that matches. */
  async function killAt(
    args: string[],
    statement: string,
    before?: () => Promise<void>,
  ): Promise<void> {
    const { child } = start(...args);
    await waitForStatement(statement);
    await before?.();
    await end(child);
  }

  /** The same in a transaction, where the server notices it, and ends the statement. */
  async function killDuring(args: string[], statement: string): Promise<void> {
    await killAt(args, statement);
    await waitFor(async () => (await activity(statement)) === 0);
  }

  /** The same elsewhere, where the server does not look: its session is ended for it. */
  async function killOutside(
    args: string[],
    statement: string,
    before?: () => Promise<void>,
  ): Promise<void> {
    await killAt(args, statement, before);
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query like $1 and pid <> pg_backend_pid()`,
      [`%${statement}%`],
    );
    await waitFor(async () => (await activity(statement)) === 0);
  }

  /** A statement's note leaves together with it, and may arrive later: then the kill would come between. */
  const noted = (statement: string): Promise<void> =>
    waitFor(async () => {
      const found = "select from knexward_journal where details ->> 'statement' = $1";
      return (await database.query(found, [statement])).length > 0;
    });

  /** From here on, who is `HELD_UP` waits. */
  const holdUp = () => database.query('select pg_advisory_lock(1)');
  const letGo = () => database.query('select pg_advisory_unlock(1)');

  const activity = async (statement: string): Promise<number> => {
    const [row] = await database.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity
        where datname = current_database() and query like $1 and pid <> pg_backend_pid() and state = 'active'`,
      [`%${statement}%`],
    );
    return row?.count ?? 0;
  };
  const waitForStatement = (statement: string) =>
    waitFor(async () => (await activity(statement)) > 0);

  it('killed in the middle of a change: no trace of it, no lock, and the next run does it', async () => {
    project.write({
      'migrations/20260101000001_b.js': `exports.up = async (knex) => {
        await knex.raw('create table b (id int)');
        if (!process.env.CALM) await knex.raw('${ENDLESS}');
      };`,
    });
    await killDuring(['up'], ENDLESS);
    expect(await history()).toEqual(['20260101000000_a.js']);
    expect(await database.query("select to_regclass('b') as b")).toEqual([{ b: null }]);
    env['CALM'] = 'yes';
    const up = await knexward('up', '--json');
    expect(up.json()).toMatchObject({ done: [{ name: '20260101000001_b.js' }], failed: null });
    expect(await history()).toEqual(['20260101000000_a.js', '20260101000001_b.js']);
  });

  it('killed in the middle of a long statement: the server ends it, and the next run need not wait for it', async () => {
    project.write({
      'migrations/20260101000001_b.js': `exports.up = (knex) => knex.raw('${ENDLESS}');`,
    });
    await killDuring(['up'], ENDLESS);
    project.write({ 'migrations/20260101000001_b.js': TABLE('b') });
    expect((await knexward('up')).code).toBe(0);
  });

  it('killed in the middle of a change outside a transaction: noticed, and never guessed about (FR-006)', async () => {
    const name = '20260101000001_b.js';
    project.write({
      [`migrations/${name}`]: `exports.config = { transaction: false };
        exports.up = async (knex) => {
          await knex.raw('create table b (id int)');
          await knex.raw('${ENDLESS}');
        };`,
      'migrations/20260101000002_c.js': TABLE('c'),
    });
    await killOutside(['up'], ENDLESS, () => noted(ENDLESS));
    const refused = await knexward('up', '--json');
    expect(refused.code).toBe(5);
    expect(refused.json()).toMatchObject({ error: { code: 'UNFINISHED' } });
    expect((await knexward('status', '--json')).json()).toMatchObject({
      upToDate: false,
      problems: [
        {
          ...{ code: 'UNFINISHED', migration: name },
          message: expect.stringContaining(`its last statement: ${ENDLESS}`) as string,
        },
      ],
    });
    expect(await knexward('resolve', name)).toMatchObject({ code: 2 });
    expect((await knexward('resolve', name, '--applied')).stdout).toContain(
      `Recorded as applied: ${name}\n`,
    );
    expect((await knexward('up')).stdout).toContain('run: 1 migrations');
    expect(await history()).toEqual(['20260101000000_a.js', name, '20260101000002_c.js']);
  });

  it('killed in the middle of a revert outside a transaction: up stops too, though nothing is pending', async () => {
    const name = '20260101000001_b.js';
    project.write({
      [`migrations/${name}`]: `exports.config = { transaction: false };
        exports.up = (knex) => knex.raw('create table b (id int)');
        exports.down = async (knex) => {
          await knex.raw('drop table b');
          await knex.raw('${ENDLESS}');
        };`,
    });
    await knexward('up');
    await killOutside(['down', '-c', '1'], ENDLESS);
    // With the lock row that it left, the next run would look more closely for that reason alone.
    await database.query('update knex_migrations_lock set is_locked = 0');
    const refused = await knexward('up', '--json');
    expect(refused.code).toBe(5);
    expect(refused.json()).toMatchObject({ error: { code: 'UNFINISHED' } });
    await knexward('resolve', name, '--reverted');
    expect((await knexward('up', '--json')).json()).toMatchObject({ done: [{ name }] });
  });

  it('a server that goes on after its client was killed: said, and resolved only when it has ended', async () => {
    const name = '20260101000001_b.js';
    await database.query('create table busy (id int)');
    project.write({
      [`migrations/${name}`]: `exports.config = { transaction: false };
        exports.up = (knex) => knex.raw('create index concurrently late on busy (id)');`,
    });
    // The build waits for this transaction, and the server does not notice that its client is gone.
    const holder = new Client(database.config);
    await holder.connect();
    holder.on('error', () => undefined);
    await holder.query('begin; lock table busy in row exclusive mode');
    const statement = 'create index concurrently late on busy (id)';
    await killAt(['up'], 'create index concurrently late', () => noted(statement));
    const problem = async () =>
      (await knexward('status', '--json')).json<{ problems: { code: string; message: string }[] }>()
        .problems[0];
    expect(await problem()).toMatchObject({ code: 'UNFINISHED' });
    expect((await problem())?.message).toMatch(
      /its last statement: create index concurrently late on busy \(id\); the server is still running it \(pid \d+\)/,
    );
    const early = await knexward('resolve', name, '--applied', '--json');
    expect(early.code).toBe(4);
    expect(early.json()).toMatchObject({ error: { code: 'LOCKED' } });
    // Cancelled, the build leaves an index that is not valid.
    await database.query(`select pg_cancel_backend(pid) from pg_stat_activity
      where datname = current_database() and query like 'create index concurrently late%'
        and pid <> pg_backend_pid()`);
    await holder.end();
    await waitFor(async () => (await activity('create index concurrently late')) === 0);
    expect((await problem())?.message).toMatch(/invalid indexes: public\.late$/);
    const refused = (await knexward('up', '--json')).json<{
      error: { message: string; fix: string };
    }>();
    expect(refused.error.message).toContain('invalid indexes: public.late');
    expect(refused.error.fix).toContain('drop index concurrently public.late');
    await database.query('drop index concurrently late');
    expect((await knexward('resolve', name, '--reverted')).code).toBe(0);
    expect((await knexward('up')).code).toBe(0);
    expect(
      await names(
        'select indexrelid::regclass::text as name from pg_index where indisvalid and indrelid = $$busy$$::regclass',
      ),
    ).toEqual(['late']);
  });

  it('the same, resolved as reverted, runs it again', async () => {
    const name = '20260101000001_b.js';
    project.write({
      [`migrations/${name}`]: `exports.config = { transaction: false };
        exports.up = (knex) => knex.raw(process.env.CALM ? 'create table b (id int)' : '${ENDLESS}');`,
    });
    await killOutside(['up'], ENDLESS);
    await knexward('resolve', '20260101000001', '--reverted');
    env['CALM'] = 'yes';
    expect((await knexward('up')).code).toBe(0);
    expect(await history()).toEqual(['20260101000000_a.js', name]);
  });

  it('ten runners at once on an empty database: each change runs once, all of them succeed (EC-04)', async () => {
    await database.query('create table ran (name text)');
    const counted = (name: string) => `exports.up = async (knex) => {
      await knex('ran').insert({ name: '${name}' });
      await knex.raw('select pg_sleep(0.05)');
    };`;
    project.write({
      'migrations/20260101000001_b.js': counted('b'),
      'migrations/20260101000002_c.js': counted('c'),
      'migrations/20260101000003-d.js': `exports.up = function (db, callback) { db.runSql("insert into ran values ('d')", callback); };`,
    });
    const runners = await Promise.all(Array.from({ length: 10 }, () => knexward('up', '--json')));
    expect(runners.map(({ code }) => code)).toEqual(Array.from({ length: 10 }, () => 0));
    const done = runners.flatMap(({ json }) => json<{ done: { name: string }[] }>().done);
    expect(done.map(({ name }) => name)).toEqual(await history());
    expect(await names('select name from ran order by name')).toEqual(['b', 'c', 'd']);
  });

  it('killed between a change and its history row: Knex is left broken, knexward is not (FR-006)', async () => {
    project.write({
      // Ends the process in the moment in which the first history row is about to be written.
      'knexfile.js': `const dieAtHistoryRow = (connection, done) => {
          const { query } = connection;
          connection.query = function (statement, ...rest) {
            const text = statement.text ?? statement.sql ?? statement;
            if (process.env.DIE && /insert into ("public"\\.)?"knex_migrations"/.test(text)) process.kill(process.pid, 'SIGKILL');
            return query.call(this, statement, ...rest);
          };
          done(null, connection);
        };
        module.exports = { development: { client: 'pg', connection: process.env.TEST_DATABASE_URL,
          migrations: { directory: './migrations' }, pool: { afterCreate: dieAtHistoryRow } } };`,
      'migrations/20260101000001_outside.js': `exports.config = { transaction: false };
        exports.up = (knex) => knex.raw('create table outside (id int)');
        exports.down = (knex) => knex.raw('drop table outside');`,
    });
    const commands = {
      knex: ['node_modules/knex/bin/cli.js', 'migrate:latest'],
      knexward: ['node_modules/knexward/bin/knexward.js', 'up'],
    };
    const outcome: Record<string, unknown> = {};
    for (const [tool, command] of Object.entries(commands)) {
      const own = await createDatabase();
      const url = { TEST_DATABASE_URL: own.url };
      const { signal } = await project.node(command, { ...url, DIE: 'yes' });
      const [table] = await own.query("select to_regclass('a') is not null as made");
      const rows = await own.query('select name from knex_migrations');
      const [lock] = await own.query('select is_locked <> 0 as taken from knex_migrations_lock');
      const { code } = await project.node(command, url);
      outcome[tool] = { signal, ...table, rows: rows.length, ...lock, next: code };
      await own.drop();
    }
    expect(outcome).toEqual({
      // The table is there, its row is not, and the next run fails.
      knex: { signal: 'SIGKILL', made: true, rows: 0, taken: true, next: 1 },
      // Neither is there, and the next run does it all.
      knexward: { signal: 'SIGKILL', made: false, rows: 0, taken: true, next: 0 },
    });
  });

  it('a runner waits for another, says for whom, and gives up with exit code 4', async () => {
    project.write({
      'knexfile.js': KNEXFILE.replace(
        'migrations:',
        "knexward: { waitForLock: '3s' }, migrations:",
      ),
      'migrations/20260101000001_b.js': `exports.up = (knex) => knex.raw('${HELD_UP}');`,
    });
    await holdUp();
    const first = knexward('up');
    await waitForStatement(HELD_UP);
    const second = await knexward('up');
    expect(second.stderr).toMatch(
      /Waiting for another runner to finish: \S+ from 127\.0\.0\.1, since 20/,
    );
    expect(second.stderr).toContain('LOCKED Another runner holds the lock');
    expect(second.code).toBe(4);
    await letGo();
    expect(await first).toMatchObject({ code: 0 });
  });

  it('a waiting runner beside one that builds an index concurrently: both finish', async () => {
    project.write({
      'migrations/20260101000001_slow.js': `exports.config = { transaction: false };
        exports.up = async (knex) => {
          await knex.raw('${HELD_UP}');
          await knex.raw('create index concurrently a_id on a (id)');
        };`,
    });
    await holdUp();
    const first = knexward('up');
    await waitForStatement(HELD_UP);
    const second = start('up');
    await second.says(/Waiting for another runner to finish/);
    await letGo();
    expect((await first).stdout).toContain('Batch 1 run: 2 migrations');
    expect((await second.ended).stdout).toContain('Already up to date');
  });

  it('a runner whose turn comes with work left does it, an index built concurrently too', async () => {
    project.write({
      'migrations/20260101000001_slow.js': `exports.up = async (knex) => {
        if (!process.env.FAIL) return;
        await knex.raw('${HELD_UP}');
        throw new Error('as asked');
      };`,
      'migrations/20260101000002_index.js': `exports.config = { transaction: false };
        exports.up = (knex) => knex.raw('create index concurrently a_id on a (id)');`,
    });
    await holdUp();
    const first = project.knexward(['up'], { ...env, FAIL: 'yes' });
    await waitForStatement(HELD_UP);
    const second = start('up');
    await second.says(/Waiting for another runner to finish/);
    await letGo();
    expect((await second.ended).stdout).toContain('Batch 2 run: 2 migrations');
    expect((await first).code).toBe(1);
  });

  it('a table that stays locked: up waits, retries, succeeds, says so; others wait no longer than lockTimeout at a time (SC-008)', async () => {
    project.write({
      'knexfile.js': KNEXFILE.replace(
        'migrations:',
        `knexward: { lockTimeout: 500, retries: 1000 }, migrations:`,
      ),
      'migrations/20260101000001_b.js': `exports.up = async (knex) => {
        await knex.raw("create table seen as select current_setting('lock_timeout') as limit");
        await knex.raw('alter table busy add column n int');
      };`,
    });
    await database.query('create table busy (id int)');
    const holder = new Client(database.config);
    const reader = new Client(database.config);
    await Promise.all([holder.connect(), reader.connect()]);
    await holder.query('begin; lock table busy in access share mode');
    const up = start('up');
    // Queries queue behind the change, and get their answers, while the table stays locked: the
    // change gives way to them. It is tried again and again, so that one of them has to wait.
    const queued =
      "select from pg_locks where relation = 'busy'::regclass and mode = 'AccessShareLock' and not granted";
    let hadToWait = false;
    await waitFor(async () => {
      let answered = false;
      const answer = reader.query('select count(*) from busy').then(() => (answered = true));
      while (!answered) if ((await database.query(queued)).length > 0) hadToWait = true;
      await answer;
      return hadToWait;
    });
    const told =
      /a table is busy, busy is held by postgres \(pid \d+, idle in transaction, for [\d:]+\): begin; lock table busy.*attempt \d+/;
    await up.says(told);
    await holder.query('commit');
    await Promise.all([holder.end(), reader.end()]);
    const { code, stderr } = await up.ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/attempt 2/);
    expect(
      await names(
        "select attname as name from pg_attribute where attrelid = 'busy'::regclass and attname = 'n'",
      ),
    ).toEqual(['n']);
    expect(await database.query('select "limit" from seen')).toEqual([{ limit: '500ms' }]);
  });

  it('a deadlock with another session: retried, and it succeeds', async () => {
    await database.query('create table one (id int); create table two (id int)');
    project.write({
      // The victim is whoever looks last, deadlock_timeout after it began to wait: at its first try
      // the change waits until the other waits, and then looks at once.
      'migrations/20260101000001_b.js': `let tried = 0;
      exports.up = async (knex) => {
        await knex.raw('lock table one in access exclusive mode');
        const waits = "select from pg_locks where relation = 'one'::regclass and not granted";
        for (let other = tried++; other === 0;) other = (await knex.raw(waits)).rows.length;
        await knex.raw("set local deadlock_timeout = '10ms'; alter table two add column n int");
      };`,
    });
    const other = new Client(database.config);
    await other.connect();
    await other.query("set deadlock_timeout = '1h'; begin; lock table two in access share mode");
    const up = knexward('up');
    const locks = "select from pg_locks where relation = 'one'::regclass and granted";
    await waitFor(async () => (await database.query(locks)).length > 0);
    await other.query('lock table one in access share mode');
    await other.query('commit');
    await other.end();
    const { code, stderr } = await up;
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/a deadlock.*attempt 2/) as string,
    });
    expect(await history()).toEqual(['20260101000000_a.js', '20260101000001_b.js']);
  });

  it('the fence holds where the database has another isolation level by default', async () => {
    await database.query('create table ran (name text)');
    await knexward('up');
    await database.query(
      `alter database ${database.name} set default_transaction_isolation = 'repeatable read'`,
    );
    const name = '20260101000001_b.js';
    project.write({
      [`migrations/${name}`]: `exports.up = (knex) => knex('ran').insert({ name: 'b' });`,
    });
    // A runner that has lost its lock is at the end of this very change.
    const other = new Client(database.config);
    await other.connect();
    await other.query(`begin isolation level read committed;
      select pg_advisory_xact_lock(x'6b6e7865'::int, hashtext('"public"."knex_migrations"'))`);
    const up = knexward('up', '--json');
    await waitFor(async () => {
      const waiting = await database.query(`select from pg_locks
        where locktype = 'advisory' and not granted
          and database = (select oid from pg_database where datname = current_database())`);
      return waiting.length > 0;
    });
    await other.query(`insert into ran values ('b');
      insert into knex_migrations (name, batch) values ('${name}', 2); commit`);
    await other.end();
    expect((await up).json()).toMatchObject({ done: [], failed: null });
    expect(await names('select name from ran')).toEqual(['b']);
  });

  it('the lock lost in the middle: the run stops before its next change', async () => {
    project.write({
      'migrations/20260101000001_b.js': `exports.up = (knex) => knex.raw('${HELD_UP}');`,
      // Outside a transaction: what never began must not count as unfinished.
      'migrations/20260101000002_c.js': `exports.config = { transaction: false };${TABLE('c')}`,
    });
    await holdUp();
    const up = knexward('up', '--json');
    await waitForStatement(HELD_UP);
    const itsLock = `from pg_locks where locktype = 'advisory' and classid = x'6b6e7864'::int
      and database = (select oid from pg_database where datname = current_database())`;
    await database.query(`select pg_terminate_backend(pid) ${itsLock}`);
    await waitFor(async () => (await database.query(`select ${itsLock}`)).length === 0);
    await letGo();
    const { code, json } = await up;
    expect(code).toBe(4);
    expect(json()).toMatchObject({
      done: [{ name: '20260101000000_a.js' }, { name: '20260101000001_b.js' }],
      failed: { name: '20260101000002_c.js', code: 'LOCK_LOST' },
    });
    expect((await knexward('up')).stdout).toContain('run: 1 migrations');
  });

  it('adopt killed in the middle leaves nothing, and can be repeated', async () => {
    await database.query(`
      create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
      insert into migrations (name, run_on) values ('/20150101000000-x', '2015-01-01 00:00:00');
      create table knex_migrations (id serial primary key, name varchar(255), batch int, migration_time timestamptz);
      create function wait() returns trigger language plpgsql as $$ begin perform pg_sleep(900); return new; end $$;
      create trigger wait before insert on knex_migrations for each row execute function wait()`);
    await killOutside(['adopt', '--yes', '--database-only'], 'json_to_recordset');
    expect(await history()).toEqual([]);
    expect(await database.query("select to_regclass('knexward_journal') as j")).toEqual([
      { j: null },
    ]);
    await database.query('drop trigger wait on knex_migrations');
    expect((await knexward('adopt', '--yes', '--database-only')).code).toBe(0);
    expect(await history()).toEqual(['20150101000000-x.js']);
  });

  it('while adopt runs, db-migrate can read its table and cannot write to it', async () => {
    await database.query(`
      create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
      insert into migrations (name, run_on) values ('/20150101000000-x', '2015-01-01 00:00:00');
      create table knex_migrations (id serial primary key, name varchar(255), batch int, migration_time timestamptz);
      create function wait() returns trigger language plpgsql as $$ begin
        perform set_config('lock_timeout', '0', true);
        perform pg_advisory_xact_lock(1);
        return new;
      end $$;
      create trigger wait before insert on knex_migrations for each row execute function wait()`);
    await holdUp();
    const adopt = knexward('adopt', '--yes', '--database-only');
    await waitForStatement('json_to_recordset');
    expect(await database.query('select count(*)::int as n from migrations')).toEqual([{ n: 1 }]);
    await expect(
      database.query(
        "set lock_timeout = '100ms'; insert into migrations (name, run_on) values ('/late', now())",
      ),
    ).rejects.toMatchObject({ code: '55P03' });
    await letGo();
    expect((await adopt).code).toBe(0);
  });
});

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
