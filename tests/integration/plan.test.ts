import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { compareCatalogs, readCatalog } from '../support/catalog';
import { createDatabase, createRole, type TestDatabase, type TestRole } from '../support/database';
import {
  createProject,
  KNEXFILE,
  type Outcome,
  type Project,
  REPOSITORY,
} from '../support/project';
import { waitFor } from '../support/wait-for';

interface Change {
  name: string;
  transaction: boolean;
  readsData: boolean;
  warnings: string[];
  statements: { sql: string; bindings: unknown[]; refused?: string }[];
}

interface PlanDocument {
  environment: string;
  direction: string;
  batch: number | null;
  base: string | null;
  baseReason: string | null;
  shadow: string | null;
  changes: Change[];
  failed: { name: string; code: string; sqlstate: string; file: string; line: number } | null;
  notReached: string[];
}

const PSQL = spawnSync('psql', ['--version']).status === 0;

/** In each way that there is to write a migration, with values that are awkward. */
const MIGRATIONS = {
  'migrations/20150101000000-rooms.js': `
    exports.up = (db) => db.createTable('rooms', { id: { type: 'int', primaryKey: true, autoIncrement: true }, name: 'string' })
      .then(() => db.insert('rooms', ['name'], ["it's $1"]))
      .then(() => db.runSql('insert into rooms (name) values (?), (?)', ['a?', null]))
      .then(() => db.all('select name from rooms where id = $1 or id = $1', [1]));
    exports.down = (db) => db.dropTable('rooms');`,
  'migrations/20260101000001_values.ts': `
    import { type Knex } from 'knex';
    export async function up(knex: Knex): Promise<void> {
      await knex.schema.createTable('things', (t) => {
        t.increments(); t.boolean('yes'); t.timestamp('at'); t.jsonb('doc'); t.specificType('list', 'text[]');
        t.binary('bytes'); t.text('text'); t.decimal('amount', 20, 4); t.date('day');
      });
      await knex('things').insert([
        { yes: true, at: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)), doc: { a: ["it's", '$1', '\\\\'] },
          list: ['a', 'b"c', null, '{}'], bytes: Buffer.from([0, 1, 255, 92, 39]), text: "$1 'q' \\\\ é 漢 😀", amount: 12.5 },
        { yes: null, doc: JSON.stringify([1, null]), text: '', amount: -0.0001, day: '2026-02-28' },
      ]);
      await knex.raw("update things set text = text || '$1 $2' || ? where id = ?", ['--', 1]);
      await knex.raw('insert into things (amount, text) values (:n, :n)', { n: 7 });
      await knex.transaction(async (inner) => { await inner('things').insert({ text: 'nested' }); });
    }
    export async function down(knex: Knex): Promise<void> { await knex.schema.dropTable('things'); }`,
  'migrations/20260101000002_looks.js': `
    exports.up = async (knex) => {
      if (!(await knex.schema.hasColumn('things', 'added'))) await knex.schema.alterTable('things', (t) => t.integer('added'));
    };
    exports.down = (knex) => knex.schema.alterTable('things', (t) => t.dropColumn('added'));`,
  'migrations/20260101000003_decides.js': `
    exports.up = async (knex) => {
      for (const { id } of await knex('things').select('id').orderBy('id')) await knex('things').where({ id }).update({ added: id });
    };
    exports.down = () => {};`,
  'migrations/20260101000004_index.up.sql': `-- knexward: no-transaction
    create index concurrently things_text on things (text) -- the end`,
  'migrations/20260101000004_index.down.sql': 'drop index things_text;',
  'migrations/20260101000005_functions.up.sql': `
    create function f() returns int language sql as $$ select 1; -- ; $1
    $$;
    comment on function f() is 'it''s; $1 ?';
    select f();`,
};

describe('plan: the SQL that up would run (US8)', () => {
  let database: TestDatabase;
  let other: TestDatabase;
  let project: Project;
  let role: TestRole;
  const knexward = (args: string[], on = database, url = role.url(on)): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: url });
  const plan = async (...args: string[]): Promise<PlanDocument> => {
    const outcome = await knexward(['plan', '--json', ...args]);
    return outcome.json<PlanDocument>();
  };
  const shadows = () =>
    database.query(
      `select datname from pg_database where datname like 'knexward\\_shadow\\_%' and pg_get_userbyid(datdba) = '${role.name}'`,
    );
  /** As psql would: one statement after the other, on one connection, on which nothing is bound. */
  const apply = async (script: string, on: TestDatabase): Promise<void> => {
    const client = new Client({ connectionString: role.url(on) });
    await client.connect();
    try {
      for (const statement of statementsIn(script)) await client.query(statement);
    } finally {
      await client.end();
    }
  };
  const contentOf = async (on: TestDatabase) => ({
    catalog: await readCatalog(async (sql, params) => ({ rows: await on.query(sql, params) })),
    history: await on.query('select id, name, batch from knex_migrations order by id'),
    lock: await on.query('select * from knex_migrations_lock'),
    journal: await on.query(
      // A run may note the statement that it is at, beside the change's own event.
      'select distinct event, migration, batch, checksum from knexward_journal order by 2, 1',
    ),
    rooms: await on.query('select * from rooms order by id'),
    things: await on.query('select * from things order by id'),
  });

  beforeEach(async () => {
    [database, other] = await Promise.all([createDatabase(), createDatabase()]);
    role = await createRole({ createDatabase: true });
    for (const { name } of [database, other])
      await database.query(`alter database ${name} owner to ${role.name}`);
    project = createProject({ 'knexfile.js': KNEXFILE, ...MIGRATIONS });
  });
  afterEach(async () => {
    project.remove();
    await Promise.all([database.drop(), other.drop()]);
    await role.drop();
  });

  it('its SQL file, run by the server alone, does what up does: schema, data, history, journal', async () => {
    const written = await knexward(['plan', '-o', 'plan.sql']);
    expect(written).toMatchObject({ code: 0 });
    expect(written.stdout).toContain('Wrote plan.sql: 6 migrations as batch 1\n');
    expect(await database.query("select from pg_class where relname ~ 'knex|rooms'")).toEqual([]);
    const script = project.read('plan.sql');
    expect((await knexward(['up'])).code).toBe(0);
    await apply(script, other);
    const expected = await contentOf(database);
    const found = await contentOf(other);
    expect(compareCatalogs(expected.catalog, found.catalog)).toEqual([]);
    expect(found).toEqual(expected);
    expect(expected.journal).toHaveLength(7);
    expect((await knexward(['up'], other)).stdout).toContain('Already up to date');
    expect(await shadows()).toEqual([]);

    // Not a second time, and not on a database whose history is still db-migrate's.
    const legacy = await createDatabase();
    await legacy.query(`alter database ${legacy.name} owner to ${role.name};
      create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
      insert into migrations (name, run_on) values ('/20150101000000-rooms', now());
      alter table migrations owner to ${role.name}`);
    await expect(apply(script, legacy)).rejects.toThrow(/not taken over/);
    expect(await legacy.query("select from pg_class where relname ~ 'knex'")).toEqual([]);
    await legacy.drop();
    await expect(apply(script, other)).rejects.toThrow(/not the one that this plan is for/);
    expect(await contentOf(other)).toEqual(expected);
  });

  // Where it is not installed, the cutter above stands in for it.
  (PSQL ? it : it.skip)('psql itself runs it, and stops at what refuses it', async () => {
    expect((await knexward(['plan', '-o', 'plan.sql'])).code).toBe(0);
    expect((await knexward(['up'])).code).toBe(0);
    const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', 'plan.sql', role.url(other)];
    const psql = () => spawnSync('psql', args, { cwd: project.root, encoding: 'utf8' });
    expect(psql()).toMatchObject({ status: 0, stderr: '' });
    expect(await contentOf(other)).toEqual(await contentOf(database));
    const again = psql();
    expect(again.status).toBe(3);
    expect(again.stderr).toContain('not the one that this plan is for');
    expect(await contentOf(other)).toEqual(await contentOf(database));
  });

  it('the way down likewise', async () => {
    for (const on of [database, other]) expect((await knexward(['up'], on)).code).toBe(0);
    project.write({ 'migrations/20260101000005_functions.down.sql': 'drop function f();' });
    const { stdout } = await knexward(['plan', '--down', '--all', '--sql']);
    expect((await knexward(['down', '--all'])).code).toBe(0);
    await apply(stdout, other);
    const bare = async (on: TestDatabase) => ({
      catalog: await readCatalog(async (sql, params) => ({ rows: await on.query(sql, params) })),
      history: await on.query('select name from knex_migrations'),
      journal: await on.query(
        "select event, migration, batch, checksum from knexward_journal where event = 'reverted' order by id",
      ),
    });
    expect(await bare(other)).toEqual(await bare(database));
  });

  it('JSON: each change with its statements and bindings, in order; what depends on data is marked', async () => {
    const { changes, ...rest } = await plan();
    expect(rest).toEqual({
      ...{ version: 1, environment: 'development', database: expect.any(Object) as object },
      ...{ direction: 'up', batch: 1, base: 'replay' },
      shadow: 'a temporary database on the same server',
      ...{ baseReason: null, failed: null, notReached: [] },
    });
    expect(changes.map(({ transaction }) => transaction)).toEqual([
      ...[true, true, true, true, false, true],
    ]);
    expect(changes.map(({ readsData }) => readsData)).toEqual([
      // The first looks at its rows; a SQL file cannot look at anything.
      ...[true, false, false, true, false, false],
    ]);
    const [rooms, values] = changes;
    expect(rooms?.statements.slice(1)).toEqual([
      { sql: `INSERT INTO "rooms" ("name") VALUES ('it''s $1')`, bindings: [] },
      { sql: 'insert into rooms (name) values ($1), ($2)', bindings: ['a?', null] },
      { sql: 'select name from rooms where id = $1 or id = $1', bindings: [1] },
    ]);
    const nested = values?.statements
      .slice(-3)
      .map(({ sql }) =>
        sql.replace(/trx\d+/, 'trx').replace('RELEASE trx', 'RELEASE SAVEPOINT trx'),
      );
    expect(nested).toEqual([
      'SAVEPOINT trx;',
      'insert into "things" ("text") values ($1)',
      'RELEASE SAVEPOINT trx;',
    ]);
    expect(values?.statements[1]?.bindings).toContain(true);
    expect(changes[4]?.statements).toEqual([
      {
        sql: readFileSync(join(project.root, 'migrations/20260101000004_index.up.sql'), 'utf8'),
        bindings: [],
      },
    ]);
  });

  it('what is applied is replayed first, so that what a migration finds there is there', async () => {
    await knexward(['up', '-c', '3']);
    const { batch, base, changes } = await plan('-c', '1');
    expect({ batch, base }).toEqual({ batch: 2, base: 'replay' });
    expect(changes).toMatchObject([{ name: '20260101000003_decides.js', readsData: true }]);
    // Four rows by migrations.
    expect(changes[0]?.statements).toHaveLength(5);
    expect(changes[0]?.statements[1]?.bindings).toEqual([1, 1]);
  });

  it('rows without files: on the schema of the real database, which is said', async () => {
    await knexward(['up', '-c', '3']);
    rmSync(join(project.root, 'migrations/20150101000000-rooms.js'));
    const found = await plan();
    expect(found).toMatchObject({
      ...{ base: 'schema', failed: null, batch: 2 },
      baseReason: expect.stringContaining('20150101000000-rooms.js') as string,
      changes: [{ statements: [{ sql: expect.stringContaining('select') as string }] }, {}, {}],
    });
    // Its SQL fits the real database all the same.
    const { stdout } = await knexward(['plan', '--sql']);
    await apply(stdout, database);
    expect((await plan()).batch).toBeNull();
    project.write({ 'migrations/20260101000005_functions.down.sql': 'drop function f();' });
    const { stdout: text } = await knexward(['plan', '--down', '-c', '1']);
    expect(text).toContain('without data');
  });

  it('an applied file that cannot be replayed any more: the same', async () => {
    await knexward(['up', '-c', '1']);
    project.write({
      'migrations/20150101000000-rooms.js': "exports.up = (db) => db.runSql('select broken');",
    });
    const { base, baseReason, changes } = await plan('-c', '1');
    expect({ base, names: changes.map(({ name }) => name) }).toEqual({
      ...{ base: 'schema', names: ['20260101000001_values.ts'] },
    });
    expect(baseReason).toContain('"broken" does not exist');
  });

  it('one that fails: shown as up would, exit 1, and the SQL of those before it', async () => {
    project.write({
      'migrations/20260101000003_decides.js':
        "exports.up = async (knex) => {\n  await knex('things').insert({ nothing: 1 });\n};",
    });
    const { code, json } = await knexward(['plan', '--json']);
    const { changes, failed, notReached } = json<PlanDocument>();
    expect(code).toBe(1);
    expect(changes).toHaveLength(3);
    expect(failed).toMatchObject({
      ...{
        name: '20260101000003_decides.js',
        code: 'MIGRATION_FAILED',
        sqlstate: '42703',
        line: 2,
      },
    });
    expect(notReached).toHaveLength(2);
    const text = await knexward(['plan', '-o', 'plan.sql']);
    expect(text.code).toBe(1);
    expect(text.stderr).toContain('20260101000003_decides.js failed');
    expect(project.read('plan.sql')).toContain('INCOMPLETE: 20260101000003_decides.js failed');
    await apply(project.read('plan.sql'), other);
    expect(await other.query('select from knex_migrations')).toHaveLength(3);
    expect(await shadows()).toEqual([]);
  });

  it('what a migration tries in vain is left out of the SQL file, and told', async () => {
    project.write({
      'migrations/20260101000003_decides.js': `exports.up = async (knex) => {
        await knex.transaction((inner) => inner.raw('select broken')).catch(() => undefined);
        await knex.raw('create table after_all ()');
      };`,
    });
    const { changes } = await plan();
    expect(changes[3]?.warnings).toEqual([expect.stringContaining('42703')]);
    expect(changes[3]?.statements.map(({ refused }) => refused)).toEqual([
      ...[undefined, '42703', undefined, undefined],
    ]);
    await apply((await knexward(['plan', '--sql'])).stdout, other);
    expect(await other.query("select from pg_class where relname = 'after_all'")).toHaveLength(1);
  });

  it('several statements in one message, outside a transaction, are one transaction in the file too', async () => {
    project.write({
      'migrations/20140101000000_both.up.sql':
        '-- knexward: no-transaction\ncreate table one (); create table two ();',
    });
    const { stdout } = await knexward(['plan', '--sql', '-c', '1']);
    await other.query('create table two ()');
    await expect(apply(stdout, other)).rejects.toThrow('relation "two" already exists');
    expect(await other.query("select from pg_class where relname = 'one'")).toEqual([]);
    // It was announced, so that a person is told.
    const { code, stderr } = await knexward(['plan'], other);
    expect({ code, told: stderr.includes('UNFINISHED') }).toEqual({ code: 5, told: true });
    expect((await knexward(['status'], other)).stdout).toContain('20140101000000_both.up.sql');
  });

  it('a migration that ends its transaction itself', async () => {
    project.write({
      'migrations/20160101000000-own.js':
        "exports.up = (db) => db.runSql('BEGIN; create table own (); COMMIT; create table later ()');",
    });
    await apply((await knexward(['plan', '--sql'])).stdout, other);
    expect((await knexward(['up'], other)).stdout).toContain('Already up to date');
    expect(
      await other.query("select from pg_class where relname in ('own', 'later')"),
    ).toHaveLength(2);
  });

  it('a role that may only read: the database is untouched', async () => {
    await knexward(['up', '-c', '1']);
    const reader = await createRole();
    await database.query(
      `grant select on knex_migrations, knex_migrations_lock, knexward_journal to ${reader.name}`,
    );
    const counters = async () => {
      const [row] = await database.query(
        `select sum(n_tup_ins + n_tup_upd + n_tup_del) as rows from pg_stat_user_tables`,
      );
      return row;
    };
    const before = await contentOf(database).catch(() => null);
    const catalog = () =>
      readCatalog(async (sql, params) => ({ rows: await database.query(sql, params) }));
    const [schema, first] = [await catalog(), await counters()];
    const outcome = await knexward(['plan', '--json'], database, reader.url(database));
    expect(outcome.json<PlanDocument>()).toMatchObject({
      shadow: 'a temporary database on the embedded PostgreSQL',
      ...{ failed: null, base: 'replay', batch: 2 },
    });
    expect(compareCatalogs(schema, await catalog())).toEqual([]);
    expect(before).toBeNull();
    expect((await counters())?.['rows']).toEqual(first?.['rows']);
    await reader.drop(database);
  });

  it('up --dry-run and down --dry-run: the names as ever, then the SQL of each', async () => {
    const up = await knexward(['up', '--dry-run', '-c', '1']);
    expect(up).toMatchObject({ code: 0 });
    expect(up.stdout).toMatch(
      /^Using environment: development\nUsing database: .*\nFound 1 pending migration:\n {2}20150101000000-rooms.js\nDry run: nothing was changed.\n\n-- 1\/1 20150101000000-rooms.js, in a transaction\n(?:-- !.*\n)?CREATE TABLE/,
    );
    expect(up.stdout).toContain("insert into rooms (name) values ('a?'), (NULL);");
    await knexward(['up', '-c', '2']);
    const { json } = await knexward(['down', '--dry-run', '--json']);
    expect(json()).toMatchObject({
      ...{ dryRun: true, failed: null, done: [], direction: 'down', batch: 1 },
      notReached: ['20260101000001_values.ts', '20150101000000-rooms.js'],
      changes: [
        { name: '20260101000001_values.ts', statements: [{ sql: 'drop table "things"' }] },
        { name: '20150101000000-rooms.js' },
      ],
    });
  });

  it('with nothing to do no shadow is opened', async () => {
    expect((await knexward(['plan', '--down'])).stdout).toContain(
      'Already at the base schema version',
    );
    await knexward(['up']);
    const { stdout, stderr, code } = await knexward(['plan']);
    expect({ stdout, stderr, code }).toEqual({
      ...{
        stdout: expect.stringMatching(/\nAlready up to date\n$/) as string,
        stderr: '',
        code: 0,
      },
    });
    expect(await plan()).toMatchObject({ batch: null, shadow: null, changes: [] });
  });

  it('a file that is something else is left alone', async () => {
    project.write({ 'mine.sql': 'select 1;' });
    const { code, stderr } = await knexward(['plan', '-o', 'mine.sql']);
    expect({ code, told: stderr.includes('FILE_NOT_WRITABLE') }).toEqual({ code: 2, told: true });
    expect(project.read('mine.sql')).toBe('select 1;');
    expect((await knexward(['plan', '-o', 'plans/a.sql'])).code).toBe(0);
    expect((await knexward(['plan', '-o', 'plans/a.sql', '-c', '1'])).code).toBe(0);
    expect(project.read('plans/a.sql')).toContain('1/1 20150101000000-rooms.js');
  });

  it('a path that leads out of the project is refused before anything is tried', async () => {
    for (const path of ['../plan.sql', join(tmpdir(), 'plan.sql')]) {
      const { code, stderr } = await knexward(['plan', '-o', path]);
      expect({ code, told: stderr.includes('USAGE') }).toEqual({ code: 2, told: true });
      expect(existsSync(resolve(project.root, path))).toBe(false);
    }
  });

  it('hooks around a change are a part of it; a schema that a migration makes is not there before', async () => {
    project.write({
      'knexfile.js': `module.exports = { client: 'pg', connection: process.env.TEST_DATABASE_URL, searchPath: ['public', 'app'],
        migrations: { beforeEach: (knex) => knex.raw("select set_config('app.by', 'hook', true)") } };`,
      'migrations/20140101000000_schema.js':
        "exports.up = (knex) => knex.raw('create schema app').then(() => knex.raw('create table app.inside ()'));",
    });
    const { changes } = await plan('-c', '1');
    expect(changes[0]?.statements.map(({ sql }) => sql)).toEqual([
      "select set_config('app.by', 'hook', true)",
      'create schema app',
      'create table app.inside ()',
    ]);
    await apply((await knexward(['plan', '--sql', '-c', '1'])).stdout, database);
    // Now the database has the schema, and the replay makes it all the same.
    expect(await knexward(['verify'])).toMatchObject({ code: 0 });
    expect((await plan('-c', '1')).base).toBe('replay');
  });

  describe('where no shadow is to be had', () => {
    const elsewhere = {
      'other-system.js': "Object.defineProperty(process, 'arch', { value: 'mips' });",
    };
    const env = { NODE_OPTIONS: '--require ./other-system.js' };
    it('plan says what the two ways out are; a dry run lists the names and says why there is no SQL', async () => {
      project.write(elsewhere);
      const poor = await createRole();
      const run = (...args: string[]) =>
        project.knexward(args, { ...env, TEST_DATABASE_URL: poor.url(database) });
      const planned = await run('plan');
      expect(planned.code).toBe(2);
      expect(planned.stderr).toContain('NO_SHADOW');
      expect(planned.stderr).toContain('knexward.shadow');
      expect(planned.stderr).toContain('alter role … createdb');
      const dry = await run('up', '--dry-run');
      expect(dry.code).toBe(0);
      expect(dry.stdout).toMatch(
        /Found 6 pending migrations:\n {2}20150101000000-rooms.js\n[^]*Dry run: nothing was changed.\n$/,
      );
      expect(dry.stderr).toContain('No SQL is shown. There is no server for a temporary database.');
      expect((await run('up', '--dry-run', '--json')).json()).toMatchObject({ changes: null });
      await poor.drop(database);
    });
  });

  it('killed in the middle: its shadow is dropped by the next; stopped by a signal: at once', async () => {
    project.write({
      'migrations/20260101000001_values.ts':
        "export const up = (knex: any) => knex.raw('select pg_sleep(900)');",
    });
    const start = async () => {
      const child = spawn(process.execPath, [join(REPOSITORY, 'bin/knexward.js'), 'plan'], {
        cwd: project.root,
        env: { PATH: process.env['PATH'], TEST_DATABASE_URL: role.url(database) },
        stdio: 'ignore',
      });
      const ended = once(child, 'exit');
      const asleep = `select pid from pg_stat_activity where usename = '${role.name}' and query like '%pg_sleep(900)%'`;
      await waitFor(async () => (await database.query(asleep)).length > 0);
      return { child, ended, asleep };
    };
    for (const [signal, code] of [
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      const stopped = await start();
      stopped.child.kill(signal);
      expect((await stopped.ended)[0]).toBe(code);
      expect(await shadows()).toEqual([]);
    }

    const killed = await start();
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(await shadows()).toHaveLength(1);
    const sessions = `select from pg_stat_activity where usename = '${role.name}'`;
    await waitFor(async () => (await database.query(sessions)).length === 0);
    expect((await plan('-c', '1')).failed).toBeNull();
    expect(await shadows()).toEqual([]);
  });

  it('a dry run that would fail says so as up would, and exits with 1', async () => {
    project.write({
      'migrations/20140101000000_broken.js': "exports.up = (k) => k.raw('select x');",
    });
    const { code, stdout, stderr } = await knexward(['up', '--dry-run', '-c', '1']);
    expect(code).toBe(1);
    expect(stdout).toContain('Found 1 pending migration:\n  20140101000000_broken.js\n');
    expect(stderr).toContain('42703');
    const { json } = await knexward(['up', '--dry-run', '--json']);
    expect(json()).toMatchObject({ failed: { sqlstate: '42703' }, changes: [], dryRun: true });
    expect(json()['notReached']).toHaveLength(7);
  });

  it('a schema of its own for old files: the path is a part of each change', async () => {
    project.write({
      'knexfile.js': `module.exports = { client: 'pg', connection: process.env.TEST_DATABASE_URL,
        migrations: { schemaName: 'own' }, knexward: { dbMigrate: { schema: 'own' } } };`,
    });
    for (const on of [database, other]) {
      const client = new Client({ connectionString: role.url(on) });
      await client.connect();
      await client.query('create schema own').finally(() => client.end());
    }
    const { stdout } = await knexward(['plan', '--sql', '-c', '1']);
    expect(await knexward(['up', '-c', '1'])).toMatchObject({ code: 0 });
    await apply(stdout, other);
    const tables =
      "select relname from pg_class where relnamespace = 'own'::regnamespace order by 1";
    expect(await other.query(tables)).toEqual(await database.query(tables));
    expect(await other.query('select name from own.rooms')).toHaveLength(3);
    const [, statement] = (await plan('--down', '-c', '1')).changes[0]?.statements ?? [];
    expect(statement?.sql).toMatch(/DROP TABLE/);
  });

  it.each([
    [['--all'], '--all needs --down'],
    [['--sql', '--json'], '--sql prints SQL'],
    [['--sql', '-o', 'a.sql'], '--sql prints SQL'],
    [['--down', '--all', '-c', '1'], 'only one of them'],
  ])('%j contradict each other', async (args, told) => {
    const { code, stderr, stdout } = await knexward(['plan', ...args]);
    expect({ code, told: (stderr + stdout).includes(told) }).toEqual({ code: 2, told: true });
  });
});

/** The statements of a script, as psql cuts them: our own cutter is not the judge of itself. */
function statementsIn(script: string): string[] {
  const statements: string[] = [];
  let current = '';
  const pattern =
    /\/\*[^]*?\*\/|--[^\n]*|E'(?:[^'\\]|''|\\[^])*'|'(?:[^']|'')*'|"[^"]*"|(\$\w*\$)[^]*?\1|[^]/g;
  for (const [piece] of script.matchAll(pattern)) {
    current += piece;
    if (piece !== ';') continue;
    statements.push(current);
    current = '';
  }
  return statements;
}
