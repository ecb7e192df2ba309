import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import { createDatabase, createRole, type TestDatabase, type TestRole } from '../support/database';
import { describeWithPgBouncer, type PgBouncer, startPgBouncer } from '../support/pgbouncer';
import { createProject, type Outcome, type Project, REPOSITORY } from '../support/project';
import { waitFor } from '../support/wait-for';

const TABLE = (name: string) => `
exports.up = (knex) => knex.schema.createTable('${name}', (table) => { table.increments(); });
exports.down = (knex) => knex.schema.dropTable('${name}');`;

const KNEXFILE = `module.exports = {
  client: 'pg',
  connection: process.env.TEST_DATABASE_URL,
  searchPath: process.env.SEARCH_PATH && JSON.parse(process.env.SEARCH_PATH),
  migrations: { directory: './migrations' },
  knexward: { lockTimeout: '300ms', statementTimeout: '1h', retries: 1000, waitForLock: '10min' },
};
`;

/** Longer than any test waits: whoever gets past it was let past it. */
const ENDLESS = 'select pg_sleep(900)';
/** Waits until the test lets go, whatever the limits of the session are. */
const HELD_UP = 'set local lock_timeout = 0; select pg_advisory_xact_lock(1)';

const CONCURRENTLY = `
exports.config = { transaction: false };
exports.up = (knex) => knex.raw('create index concurrently a_id on a (id)');
exports.down = (knex) => knex.raw('drop index concurrently a_id');`;

/** A settled place: a database, a role that works in it, and a schema that the role's tables go to. */
interface Place {
  database: TestDatabase;
  role: TestRole;
  schema: string;
}

describeWithPgBouncer('through PgBouncer (US7)', () => {
  let project: Project;
  let pooler: PgBouncer;
  let places: Place[] = [];

  async function createPlace(schema: string): Promise<Place> {
    const database = await createDatabase();
    const role = await createRole();
    await database.query(`create schema ${schema} authorization ${role.name}`);
    await database.query(`grant create on schema public to ${role.name}`);
    return { database, role, schema };
  }

  const pooled = ({ role, database }: Place): string => pooler.through(role.url(database));
  const environment = (place: Place, withPath = true): Record<string, string> => ({
    TEST_DATABASE_URL: pooled(place),
    ...(withPath && { SEARCH_PATH: JSON.stringify([place.schema, 'public']) }),
  });
  const knexward = (place: Place, ...args: string[]): Promise<Outcome> =>
    project.knexward(args, environment(place));
  const tablesIn = async ({ database }: Place): Promise<string[]> =>
    (
      await database.query<{ name: string }>(
        `select schemaname || '.' || tablename as name from pg_tables
          where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
      )
    ).map(({ name }) => name);
  const activity = async ({ database }: Place, statement: string): Promise<number> =>
    (
      await database.query(
        `select from pg_stat_activity where datname = current_database() and state = 'active'
            and query like $1 and pid <> pg_backend_pid()`,
        [`%${statement}%`],
      )
    ).length;
  const start = (place: Place, ...args: string[]): ChildProcess =>
    spawn(process.execPath, [join(REPOSITORY, 'bin/knexward.js'), ...args], {
      cwd: project.root,
      env: { PATH: process.env['PATH'], ...environment(place, false) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  /** What a process says, while it runs and at its end. */
  const listenTo = (child: ChildProcess) => {
    const said = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }));
    return { said, ended };
  };

  /** What each of the pool's sessions on the server would give to its next client. */
  async function settingsLeft(place: Place): Promise<Record<string, unknown>[]> {
    const servers = await pooler.console<{ database: string; user: string }>('show servers');
    const count = servers.filter(({ database }) => database === place.database.name).length;
    const clients = Array.from({ length: count }, () => new Client(pooled(place)));
    try {
      const seen = new Map<number, Record<string, unknown>>();
      // Each holds on to a session of its own, so that all of them are seen.
      for (const client of clients) {
        await client.connect();
        await client.query('begin');
        const { rows } = await client.query<{ pid: number }>(
          `select pg_backend_pid() as pid, current_setting('search_path') as path,
                  current_setting('lock_timeout') as lock, current_setting('statement_timeout') as statement,
                  current_setting('idle_in_transaction_session_timeout') as idle`,
        );
        const { pid = 0, ...settings } = rows[0] ?? {};
        seen.set(pid, settings);
      }
      expect(seen.size).toBe(count);
      return [...seen.values()];
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  }
  const UNTOUCHED = { path: '"$user", public', lock: '0', statement: '0', idle: '0' };

  beforeEach(async () => {
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20260101000000_a.js': TABLE('a'),
    });
    places = [await createPlace('app'), await createPlace('shop')];
    const roles = places.map(({ role }) => role);
    pooler = await startPgBouncer({ mode: 'transaction', roles });
  });
  afterEach(async () => {
    await pooler.stop();
    for (const { role, database } of places) {
      await role.drop(database);
      await database.drop();
    }
    project.remove();
  });

  it('the tests really go through it: a session setting stays with the server connection', async () => {
    const [place] = places as [Place];
    const [first, second] = [new Client(pooled(place)), new Client(pooled(place))];
    await Promise.all([first.connect(), second.connect()]);
    await first.query("set lock_timeout = '1234ms'");
    const { rows } = await second.query('show lock_timeout');
    await Promise.all([first.end(), second.end()]);
    expect(rows).toEqual([{ lock_timeout: '1234ms' }]);
  });

  it('searchPath: two databases and roles at once, each in its schema; nothing stays in the pool', async () => {
    project.write({
      'migrations/20150101000000-old.js': `
        exports.up = (db) => db.createTable('old', { id: 'int' });
        exports.down = (db) => db.dropTable('old');`,
      'migrations/20260101000001_b.up.sql': 'create table b (id int);',
      'migrations/20260101000001_b.down.sql': 'drop table b;',
    });
    const outcomes = await Promise.all(places.map((place) => knexward(place, 'up')));
    expect(outcomes.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
      expect.objectContaining({ code: 0 }),
      expect.objectContaining({ code: 0 }),
    ]);
    for (const place of places) {
      const names = [
        'a',
        'b',
        'knex_migrations',
        'knex_migrations_lock',
        'knexward_journal',
        'old',
      ];
      expect(await tablesIn(place)).toEqual(names.map((name) => `${place.schema}.${name}`));
      const left = await settingsLeft(place);
      expect(left).toEqual(left.map(() => UNTOUCHED));
      expect((await knexward(place, 'status', '--json')).json()).toMatchObject({ upToDate: true });
      expect((await knexward(place, 'down', '--all')).code).toBe(0);
      expect(await tablesIn(place)).toHaveLength(3);
    }
  });

  it("searchPath: what another client left in the pool's sessions does not lead astray", async () => {
    const [place] = places as [Place];
    const client = new Client(pooled(place));
    await client.connect();
    await client.query('set search_path to public');
    await client.end();
    expect((await knexward(place, 'up')).code).toBe(0);
    expect(await tablesIn(place)).toContain('app.a');
  });

  it("searchPath: db-migrate's schema in front of it is set for the transaction only", async () => {
    const [place] = places as [Place];
    const { database, role } = place;
    await database.query(`create schema legacy authorization ${role.name}`);
    project.write({
      'knexfile.js': KNEXFILE.replace(
        'knexward: {',
        "knexward: { dbMigrate: { schema: 'legacy' },",
      ),
      'migrations/20150101000000-old.js':
        "exports.up = (db) => db.runSql('create table old (id int)');",
    });
    expect((await knexward(place, 'up')).code).toBe(0);
    expect(await tablesIn(place)).toEqual(expect.arrayContaining(['app.a', 'legacy.old']));
    const left = await settingsLeft(place);
    expect(left).toEqual(left.map(() => UNTOUCHED));
  });

  it('searchPath: a change outside a transaction is refused, unless the role has the same path', async () => {
    const [place] = places as [Place];
    project.write({ 'migrations/20260101000001_index.js': CONCURRENTLY });
    const refused = await knexward(place, 'up', '--json');
    expect(refused.code).toBe(2);
    expect(refused.json()).toMatchObject({ error: { code: 'SEARCH_PATH_POOLED' } });
    expect(await tablesIn(place)).not.toContain('app.a');
    const { role, database } = place;
    await database.query(
      `alter role ${role.name} in database ${database.name} set search_path = app, public`,
    );
    await pooler.console('reconnect');
    expect((await knexward(place, 'up')).code).toBe(0);
    expect(
      await database.query(
        "select indisvalid as valid from pg_index where indexrelid = 'app.a_id'::regclass",
      ),
    ).toEqual([{ valid: true }]);
  });

  it('searchPath: in session mode it holds outside a transaction too', async () => {
    const [place] = places as [Place];
    await pooler.stop();
    pooler = await startPgBouncer({ mode: 'session', roles: [place.role] });
    project.write({ 'migrations/20260101000001_index.js': CONCURRENTLY });
    expect((await knexward(place, 'up')).code).toBe(0);
    expect(await tablesIn(place)).toContain('app.a');
    const left = await settingsLeft(place);
    expect(left).toEqual(left.map(() => UNTOUCHED));
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    '%s cancels the statement behind the pooler, rolls back, and exits with %i',
    async (signal, code) => {
      const [place] = places as [Place];
      project.write({
        'migrations/20260101000001_b.js': `exports.up = async (knex) => {
          await knex.raw('create table b (id int)');
          await knex.raw('${ENDLESS}');
        };`,
      });
      const child = start(place, 'up', '--json');
      let stdout = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      await waitFor(async () => (await activity(place, ENDLESS)) > 0);
      child.kill(signal);
      // Without the cancel it would go on for longer than this test may.
      expect(await once(child, 'close')).toEqual([code, null]);
      expect(JSON.parse(stdout)).toMatchObject({
        done: [{ name: '20260101000000_a.js' }],
        failed: { name: '20260101000001_b.js', code: 'INTERRUPTED' },
      });
      expect(await activity(place, ENDLESS)).toBe(0);
      const tables = await tablesIn(place);
      expect(tables).toContain('public.a');
      expect(tables).not.toContain('public.b');
      expect(await place.database.query('select is_locked from knex_migrations_lock')).toEqual([
        { is_locked: 0 },
      ]);
    },
  );

  it('killed behind it: lock and statement go with the connection, and the next run does the rest', async () => {
    const [place] = places as [Place];
    project.write({
      'migrations/20260101000001_b.js': `exports.up = (knex) => knex.raw('${ENDLESS}');`,
    });
    const child = start(place, 'up');
    await waitFor(async () => (await activity(place, ENDLESS)) > 0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const locks = () =>
      place.database.query(
        `select from pg_locks where locktype = 'advisory' and classid = x'6b6e7864'::int
            and database = (select oid from pg_database where datname = current_database())`,
      );
    await waitFor(async () => (await locks()).length === 0);
    // The server looks once a second; without that the statement would go on for longer than this waits.
    await waitFor(async () => (await activity(place, ENDLESS)) === 0);
    project.write({ 'migrations/20260101000001_b.js': TABLE('b') });
    const { code, stdout } = await project.knexward(['up'], environment(place, false));
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('run: 1 migrations') as string,
    });
  });

  it('a runner waits beside one that builds an index concurrently, and says for whom: both finish', async () => {
    const [place] = places as [Place];
    project.write({
      'migrations/20260101000001_index.js': CONCURRENTLY.replace(
        'exports.up = (knex) => ',
        `exports.up = (knex) => knex.raw('${HELD_UP}').then(() => `,
      ).replace("(id)')", "(id)'))"),
    });
    await place.database.query('select pg_advisory_lock(1)');
    const first = project.knexward(['up'], environment(place, false));
    await waitFor(async () => (await activity(place, HELD_UP)) > 0);
    const second = listenTo(start(place, 'up'));
    const forWhom = `Waiting for another runner to finish: ${place.role.name}`;
    await waitFor(() => Promise.resolve(second.said.stderr.includes(forWhom)));
    await place.database.query('select pg_advisory_unlock(1)');
    expect((await second.ended).stdout).toContain('Already up to date');
    expect((await first).stdout).toContain('Batch 1 run: 2 migrations');
  });

  it('a busy table is waited for and retried, and the blocking session is named (SC-008)', async () => {
    const [place] = places as [Place];
    const { database } = place;
    project.write({
      'migrations/20260101000001_b.js':
        "exports.up = (knex) => knex.raw('alter table a add column n int');",
    });
    await project.knexward(['up', '20260101000000_a.js'], environment(place, false));
    const holder = new Client(database.config);
    await holder.connect();
    await holder.query('begin; lock table a in access share mode');
    const up = listenTo(start(place, 'up'));
    const told = /a table is busy, (?:app\.|public\.)?a is held by postgres \(pid \d+/;
    await waitFor(() => Promise.resolve(told.test(up.said.stderr)));
    await holder.end();
    const { code, stderr } = await up.ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const left = await settingsLeft(place);
    expect(left).toEqual(left.map(() => UNTOUCHED));
  });

  it('adopt, wait, unlock and resolve go through it as well', async () => {
    const [place] = places as [Place];
    const { database, role } = place;
    await database.query(`
      create table app.migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
      insert into app.migrations (name, run_on) values ('/20260101000000-x', '2015-01-01 00:00:00');
      alter table app.migrations owner to ${role.name}`);
    project.write({ 'migrations/20260101000000-x.js': 'exports.up = async () => {};' });
    expect(await knexward(place, 'up')).toMatchObject({ code: 5 });
    const adopted = await knexward(
      place,
      'adopt',
      '--yes',
      '--database-only',
      '--time-zone',
      'UTC',
    );
    expect({ code: adopted.code, stderr: adopted.stderr }).toMatchObject({ code: 0 });
    expect((await knexward(place, 'up')).code).toBe(0);
    expect((await knexward(place, 'resolve', '20260101000000_a.js', '--reverted')).code).toBe(0);
    expect((await knexward(place, 'resolve', '20260101000000_a.js', '--applied')).code).toBe(0);
    await database.query('update app.knex_migrations_lock set is_locked = 1');
    expect((await knexward(place, 'unlock', '--yes')).stdout).toContain('Released the lock.');
    expect((await knexward(place, 'wait', '--timeout', '10min')).code).toBe(0);
    const left = await settingsLeft(place);
    expect(left).toEqual(left.map(() => UNTOUCHED));
  });

  it('a statement outside a transaction that may go on to its end is told as unknown', async () => {
    const [place] = places as [Place];
    const sleeps = "select pg_sleep(3), 'it goes on'";
    const late = `${sleeps}; create table app.late ()`;
    project.write({
      'migrations/20260101000000_a.js': `
        exports.config = { transaction: false };
        exports.up = (knex) => knex.raw(${JSON.stringify(late)});`,
    });
    const child = start(place, 'up', '--json');
    const up = listenTo(child);
    await waitFor(async () => (await activity(place, sleeps)) > 0);
    child.kill('SIGTERM');
    const { stdout } = await up.ended;
    expect(JSON.parse(stdout)).toMatchObject({
      done: [],
      failed: { code: 'INTERRUPTED', endUnknown: true, leftovers: true },
    });
    await waitFor(async () => (await tablesIn(place)).includes('app.late'));
  });

  const THROWS = "throw new Error('no');";
  it.each([
    [
      'a change outside a transaction that fails',
      '',
      `await knex.raw('select pg_sleep(1)'); ${THROWS}`,
    ],
    [
      'a hook that fails',
      `afterAll: async (knex) => { await knex.raw('select pg_sleep(1)'); ${THROWS} },`,
      '',
    ],
  ])('%s ends nobody else, though the name of the run stays in the pool', async (_, hook, work) => {
    const [place] = places as [Place];
    project.write({
      'knexfile.js': KNEXFILE.replace(
        "directory: './migrations'",
        `directory: './migrations', ${hook}`,
      ),
      'migrations/20260101000000_a.js': `
        exports.config = { transaction: ${work === ''} };
        exports.up = async (knex) => { ${work} };`,
    });
    const others = Array.from({ length: 6 }, () => new Client(pooled(place)));
    const errors: Error[] = [];
    let going = true;
    await Promise.all(others.map((client) => client.connect()));
    const busy = others.map(async (client) => {
      client.on('error', (error) => errors.push(error));
      while (going && errors.length === 0)
        await client.query('select pg_sleep(0.02)').catch((error: Error) => errors.push(error));
    });
    const { code, stderr } = await project.knexward(['up'], environment(place, false));
    going = false;
    await Promise.all(busy);
    await Promise.all(others.map((client) => client.end()));
    expect([code, stderr]).toEqual([1, expect.stringContaining('no')]);
    expect(stderr).not.toContain('outcome is unknown');
    expect(errors).toEqual([]);
  });
});
