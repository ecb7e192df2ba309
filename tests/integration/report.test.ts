import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, createRole, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

interface ReportDocument {
  applied: {
    name: string;
    recorded: string | null;
    durationMs: number | null;
    actor: string | null;
  }[];
  pending: { name: string }[];
  plan: {
    changes: { name: string; statements: { sql: string }[] }[];
    failed: { name: string } | null;
  } | null;
  planFailed: { code: string; message: string; fix: string } | null;
  drift: { inSync: boolean; differences: { object: string; fix: string[] }[] } | null;
  driftFailed: { code: string; fix: string } | null;
  checks: { code: string; status: string }[];
  tables: {
    table: string;
    change: string | null;
    columns: { name: string; change: string | null }[];
  }[];
  foreignKeys: { from: string; to: string; columns: string[]; change: string | null }[];
}

const USERS = 'migrations/20260101000000_users.js';
const ORDERS = 'migrations/20260102000000_orders.js';
const SECRET = 'migrations/20260103000000_secret.js';

const APPLIED = {
  [USERS]: `exports.up = (knex) => knex.raw('create table users (id int primary key, name text)');
    exports.down = (knex) => knex.raw('drop table users');`,
};
const PENDING = {
  [ORDERS]: `exports.up = async (knex) => {
      await knex.schema.createTable('orders', (t) => { t.increments(); t.integer('user_id').references('users.id'); t.text('note'); });
      await knex.schema.alterTable('users', (t) => t.text('email'));
    };
    exports.down = () => {};`,
  [SECRET]: `exports.up = (knex) => knex('users').insert({ id: 7, name: 'password=hunter2secret' });
    exports.down = () => {};`,
};

/** All that a report must leave as it is: the objects with their last changes, and the rows. */
async function stateOf(database: TestDatabase): Promise<unknown> {
  const objects = await database.query(`
    select 'class' as kind, oid::text, relname::text as name, xmin::text from pg_class where relnamespace = 'public'::regnamespace
    union all select 'attribute', attrelid::text, attname::text, xmin::text from pg_attribute where attrelid in
      (select oid from pg_class where relnamespace = 'public'::regnamespace)
    union all select 'setting', setdatabase::text, setconfig::text, xmin::text from pg_db_role_setting
    order by 1, 2, 3`);
  const tables = await database.query<{ name: string }>(
    "select format('%I', tablename) as name from pg_tables where schemaname = 'public' order by 1",
  );
  const rows: unknown[] = [];
  for (const { name } of tables)
    rows.push([name, await database.query(`select xmin::text, t.* from ${name} t order by 2`)]);
  return { objects, rows };
}

describe('knexward report (US14)', () => {
  let project: Project;
  let database: TestDatabase;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });
  const document = async (...args: string[]): Promise<ReportDocument> => {
    const outcome = await knexward('report', '--json', ...args);
    expect(outcome).toMatchObject({ code: 0 });
    return outcome.json<ReportDocument>();
  };

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({ 'knexfile.js': KNEXFILE, ...APPLIED });
    expect(await knexward('up')).toMatchObject({ code: 0 });
    project.write(PENDING);
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('tells of history, plan, drift, checks and tables, and changes nothing', async () => {
    await database.query('create index by_hand on users (name)');
    const before = await stateOf(database);
    const told = await document();
    expect(await stateOf(database)).toEqual(before);
    expect(told.applied).toMatchObject([{ name: '20260101000000_users.js', recorded: 'applied' }]);
    expect(told.applied[0]?.durationMs).toBeGreaterThan(0);
    expect(told.applied[0]?.actor).toContain('@');
    expect(told.plan?.changes.map(({ name }) => `migrations/${name}`)).toEqual([ORDERS, SECRET]);
    expect(told.plan?.failed).toBeNull();
    expect(told.drift).toMatchObject({
      inSync: false,
      differences: [{ object: 'public.by_hand', fix: ['DROP INDEX public.by_hand'] }],
    });
    expect(told.checks.length).toBeGreaterThan(20);
    expect(told.tables).toEqual([
      {
        table: 'public.users',
        change: 'changed',
        columns: [
          { name: 'id', primary: true, foreign: false, change: null },
          { name: 'email', primary: false, foreign: false, change: 'created' },
        ],
      },
      {
        table: 'public.orders',
        change: 'created',
        columns: [
          { name: 'id', primary: true, foreign: false, change: null },
          { name: 'user_id', primary: false, foreign: true, change: null },
        ],
      },
    ]);
    expect(told.foreignKeys).toMatchObject([
      { from: 'public.orders', to: 'public.users', columns: ['user_id'], change: 'created' },
    ]);
  });

  it('marks nothing that is drift only: what changes is found out between two states of one shadow', async () => {
    await database.query(
      'create table by_hand (id int primary key); alter table users add by_hand int',
    );
    const { tables } = await document();
    const changes = Object.fromEntries(tables.map(({ table, change }) => [table, change]));
    expect(changes).toEqual({
      'public.users': 'changed',
      'public.by_hand': null,
      'public.orders': 'created',
    });
    expect(
      tables.find(({ table }) => table === 'public.users')?.columns.map(({ name }) => name),
    ).toEqual(['id', 'email']);
  });

  it('shows no password: not the connection’s, and not one in a value', async () => {
    const { password } = database.config;
    for (const args of [['--json'], ['--format', 'md'], ['--format', 'html']]) {
      const { stdout, stderr, code } = await knexward('report', ...args);
      expect(code).toBe(0);
      expect(stdout).toContain('insert into');
      expect(stdout + stderr).not.toContain('hunter2secret');
      expect(stdout + stderr).not.toContain(String(password));
    }
  });

  it('writes the file that was named, and only over a report', async () => {
    const written = await knexward('report', '-o', 'out/report.html');
    expect(written).toMatchObject({ code: 0 });
    expect(written.stdout).toContain('Wrote out/report.html: 1 applied migration, 2 pending\n');
    expect(project.read('out/report.html')).toMatch(/^<!doctype html>/);
    expect(project.read('out/report.html').length).toBeLessThan(500_000);
    expect(await knexward('report', '-o', 'out/report.html')).toMatchObject({ code: 0 });
    expect(await knexward('report', '-o', 'report.md')).toMatchObject({ code: 0 });
    expect(project.read('report.md')).toMatch(/^<!-- knexward report -->/);
    // A report in the other format is a report, too.
    expect(await knexward('report', '-o', 'report.md', '--format', 'html')).toMatchObject({
      code: 0,
    });
    const both = await knexward('report', '-o', 'report.md', '--json');
    expect(both.json()).toMatchObject({ file: 'report.md' });

    project.write({ 'notes.md': '# Notes\n' });
    const refused = await knexward('report', '-o', 'notes.md');
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('it is not a report that knexward wrote');
    expect(project.read('notes.md')).toBe('# Notes\n');
    expect(await knexward('report', '-o', 'notes.md', '--force')).toMatchObject({ code: 0 });
    expect(project.read('notes.md')).toMatch(/^<!-- knexward report -->/);
  });

  it('refuses a folder, a path outside, a link that leads outside, and what makes no sense, before it reads', async () => {
    mkdirSync(join(project.root, 'folder'));
    symlinkSync('/tmp', join(project.root, 'link'));
    for (const [args, message] of [
      [['-o', 'folder'], 'it is not a report that knexward wrote'],
      [['-o', '../report.html'], 'not inside of the project'],
      [['-o', 'link/report.html', '--force'], 'not inside of the project'],
      [['--force'], '--force has no effect'],
      [['--json', '--format', 'md'], '--format has no effect'],
      [['--format', 'pdf'], 'Allowed choices are html, md'],
      [['-o', ''], ''],
    ] as const) {
      const outcome = await knexward('report', ...args);
      expect([args, outcome.code]).toEqual([args, 2]);
      expect(outcome.stdout + outcome.stderr).toContain(message);
      expect(outcome.stderr).not.toContain('Replaying');
    }
    expect(existsSync(join(project.root, '../report.html'))).toBe(false);
  });

  it('goes to stdout alone without --output, and everything else to stderr', async () => {
    const page = await knexward('report');
    expect(page.stdout).toMatch(/^<!doctype html>[^]*<\/html>\n$/);
    expect(page.stderr).toContain('Using environment: development');
    const comment = await knexward('report', '--format', 'md');
    expect(comment.stdout).toMatch(/^<!-- knexward report -->\n## Migration report: /);
  });

  it('says which migration fails, with those before it', async () => {
    project.write({
      'migrations/20260102500000_bad.js': `exports.up = (knex) => knex.raw('select nothing from nowhere'); exports.down = () => {};`,
    });
    const told = await document();
    expect(told.plan).toMatchObject({
      failed: { name: '20260102500000_bad.js' },
      notReached: ['20260103000000_secret.js'],
    });
    expect(told.plan?.changes).toHaveLength(1);
    const { stdout } = await knexward('report', '--format', 'md');
    expect(stdout).toContain('bad.js fails');
  });

  it('tells the rest where there is no temporary database, and why (NO_SHADOW)', async () => {
    project.write({
      'knexfile.js': KNEXFILE.replace(
        'migrations: {',
        'knexward: { shadow: process.env.SHADOW_URL }, migrations: {',
      ),
    });
    const role = await createRole();
    try {
      const env = { TEST_DATABASE_URL: database.url, SHADOW_URL: role.url(database) };
      const outcome = await project.knexward(['report', '--json'], env);
      expect(outcome).toMatchObject({ code: 0 });
      const told = outcome.json<ReportDocument>();
      expect(told).toMatchObject({
        plan: null,
        planFailed: { code: 'NO_SHADOW' },
        drift: null,
        driftFailed: { code: 'NO_SHADOW' },
      });
      expect(told.planFailed?.fix).toContain('createdb');
      expect(told.applied).toHaveLength(1);
      expect(told.tables.map(({ table }) => table)).toEqual(['public.users']);
      const { stdout } = await project.knexward(['report'], env);
      expect(stdout).toContain('No SQL is shown. There is no server for a temporary database.');
    } finally {
      await role.drop(database);
    }
  });

  it('is enough for a role that may connect and read the history', async () => {
    project.write({
      'knexfile.js': KNEXFILE.replace(
        'migrations: {',
        'knexward: { shadow: process.env.SHADOW_URL }, migrations: {',
      ),
    });
    const role = await createRole();
    await database.query(
      `grant select on knex_migrations, knex_migrations_lock, knexward_journal to ${role.name}`,
    );
    const env = { TEST_DATABASE_URL: role.url(database), SHADOW_URL: database.url };
    const outcome = await project.knexward(['report', '--json'], env);
    const told = outcome.json<ReportDocument>();
    await role.drop(database);
    expect(outcome.code).toBe(0);
    expect(told).toMatchObject({ applied: [{ recorded: 'applied' }], drift: { inSync: true } });
    expect(told.plan?.changes).toHaveLength(2);
    expect(outcome.stdout + outcome.stderr).not.toContain(role.password);
  });

  it('says that there is no journal where plain Knex alone has run', async () => {
    await database.query('drop table knexward_journal');
    const told = await document();
    expect(told.applied).toMatchObject([{ recorded: null, durationMs: null }]);
    const { stdout } = await knexward('report');
    expect(stdout).toContain('There is no journal, so durations and who applied them are unknown');
  });

  it('says that a history of db-migrate is not adopted, as status and verify do', async () => {
    const empty = await createDatabase();
    await empty.query(
      "create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null); insert into migrations (name, run_on) values ('/20150101000000-a', now())",
    );
    const outcome = await project.knexward(['report', '--json'], { TEST_DATABASE_URL: empty.url });
    expect(outcome).toMatchObject({ code: 0 });
    const told = outcome.json<ReportDocument>();
    expect(told.driftFailed?.code).toBe('NOT_ADOPTED');
    expect(told.planFailed?.code).toBe('NOT_ADOPTED');
    expect(told.checks.find(({ code }) => code === 'NOT_ADOPTED')?.status).toBe('red');
    await empty.drop();
  });

  it('is a report of an empty folder and an empty database', async () => {
    const [empty, bare] = [await createDatabase(), createProject({ 'knexfile.js': KNEXFILE })];
    mkdirSync(join(bare.root, 'migrations'));
    const outcome = await bare.knexward(['report'], { TEST_DATABASE_URL: empty.url });
    expect(outcome).toMatchObject({ code: 0 });
    expect(outcome.stdout).toContain('The database has no tables besides those of the history.');
    expect(outcome.stdout).toContain('No migration is applied.');
    expect(await empty.query("select from pg_class where relname like 'kn%'")).toEqual([]);
    bare.remove();
    await empty.drop();
  });

  it('fails as status does where the server or the history cannot be reached', async () => {
    const unreachable = { TEST_DATABASE_URL: 'postgres://a:b@127.0.0.1:1/x' };
    const [status, report] = [
      await project.knexward(['status', '--json'], unreachable),
      await project.knexward(['report', '--json', '-o', 'report.html'], unreachable),
    ];
    expect(report.code).toBe(3);
    expect(report.json()['error']).toEqual(status.json()['error']);
    expect(existsSync(join(project.root, 'report.html'))).toBe(false);
    await database.query('alter table knex_migrations rename name to other');
    const [first, second] = [
      await knexward('status', '--json'),
      await knexward('report', '--json'),
    ];
    expect(second.code).toBe(first.code);
    expect(second.json()['error']).toEqual(first.json()['error']);
  });

  it('reads a database of hostile names, and draws it', async () => {
    await database.query(`
      create table "<script>alert(1)</script>" (id int primary key);
      create table "quote "" back\\slash" (id int primary key, "line
break" int references "<script>alert(1)</script>");
      create table "🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄" (id int, "a,(b)" int references "quote "" back\\slash", primary key (id, "a,(b)"));
      create schema "S.x"; create table "S.x"."T.y" (id int references "<script>alert(1)</script>" on delete cascade);
      create table parts (id int primary key references users) partition by range (id);
      create table parts_1 partition of parts for values from (0) to (10);`);
    const told = await document();
    expect(told.foreignKeys.filter(({ change }) => change === null)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          from: 'public."quote "" back\\slash"',
          to: 'public."<script>alert(1)</script>"',
          columns: ['line\nbreak'],
        }),
        expect.objectContaining({
          from: 'public."🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄"',
          columns: ['a,(b)'],
        }),
        expect.objectContaining({ from: '"S.x"."T.y"', to: 'public."<script>alert(1)</script>"' }),
        expect.objectContaining({ from: 'public.parts', to: 'public.users' }),
      ]),
    );
    expect(told.tables.map(({ table }) => table)).not.toContain('public.parts_1');
    const { stdout, code } = await knexward('report');
    expect(code).toBe(0);
    expect(stdout).not.toContain('<script');
    expect(stdout).toContain('line␊break');
    expect(stdout).toContain('1 partition is shown as the table that it is a part of.');
  });
});
