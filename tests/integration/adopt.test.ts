import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, createRole, type TestDatabase } from '../support/database';
import { createLegacyProject, dbMigrate, legacyTable } from '../support/db-migrate';
import { type Outcome, type Project } from '../support/project';

interface AdoptDocument {
  dryRun: boolean;
  history: { from: string; name: string; batch: number; appliedAt: string; file: boolean }[];
  adopted: number;
  alreadyAdopted: number;
  files: { path: string; action: string }[];
  warnings: { code: string; message: string }[];
  verified: boolean;
}

describe('adopt (US4, FR-007, SC-003)', () => {
  let database: TestDatabase;
  let project: Project;
  let env: Record<string, string>;
  const knexward = (...args: string[]): Promise<Outcome> => project.knexward(args, env);
  const adopt = async (...args: string[]): Promise<AdoptDocument> => {
    const { code, json, stderr } = await knexward('adopt', '--yes', '--json', ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return json<AdoptDocument>();
  };
  const insertOld = (name: string, runOn: string) =>
    database.query('insert into migrations (name, run_on) values ($1, $2)', [name, runOn]);
  const carried = () =>
    database.query<{ name: string; batch: number; at: string }>(
      `select name, batch, to_char(migration_time at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as at
         from knex_migrations order by id`,
    );
  const oldTable = () => database.query('select * from migrations order by id');

  beforeEach(async () => {
    database = await createDatabase();
    env = { DATABASE_URL: database.url };
    project = createLegacyProject({
      'migrations/20150101000000-a.js': legacyTable('a'),
      'migrations/20160101000000-b.js': legacyTable('b'),
      'migrations/20170101000000-c.js': legacyTable('c'),
    });
    await database.query(
      'create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null)',
    );
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('carries over what real db-migrate wrote, to the row and the moment, and runs nothing again', async () => {
    const tz = { ...env, TZ: 'America/New_York' };
    const { code, stdout } = await dbMigrate(project, ['up'], tz);
    expect({ code, stdout }).toMatchObject({ code: 0 });
    const before = await database.query<{ name: string; at: string }>(
      `select name, to_char(run_on at time zone 'America/New_York' at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as at
         from migrations order by id`,
    );
    const document = await adopt('--time-zone', 'America/New_York');
    expect(document).toMatchObject({
      adopted: 3,
      alreadyAdopted: 0,
      verified: true,
      dryRun: false,
    });
    expect(await carried()).toEqual(
      before.map(({ name, at }, index) => ({ name: `${name.slice(1)}.js`, batch: index + 1, at })),
    );
    // The clock of the machine that ran db-migrate: the moments are those of just now, by no zone off.
    const [age] = await database.query<{ seconds: number }>(
      'select extract(epoch from now() - max(migration_time))::float as seconds from knex_migrations',
    );
    expect(Math.abs(age?.seconds ?? Infinity)).toBeLessThan(1800);
    expect((await knexward('up')).stdout).toContain('Already up to date');
    expect((await knexward('status', '--json')).json()).toMatchObject({
      upToDate: true,
      problems: [],
    });
  });

  it('keeps the original row to the letter in the journal, with the checksum of its file', async () => {
    await insertOld('/20150101000000-a', '2015-03-04 05:06:07.891234');
    await adopt('--time-zone', 'UTC');
    const [row] = await database.query<{ details: unknown; checksum: string }>(
      "select details, checksum from knexward_journal where event = 'adopted'",
    );
    expect(row?.details).toMatchObject({
      id: 1,
      name: '/20150101000000-a',
      run_on: '2015-03-04 05:06:07.891234',
      time_zone: 'UTC',
    });
    const { stdout } = await project.node([
      '-p',
      "require('crypto').createHash('sha256').update(require('fs').readFileSync('migrations/20150101000000-a.js')).digest('hex')",
    ]);
    expect(row?.checksum).toBe(stdout.trim());
    expect((await carried())[0]?.at).toBe('2015-03-04 05:06:07.891234');
  });

  it('reads times in the zone it is told, across daylight saving', async () => {
    await insertOld('/20150101000000-a', '2015-01-15 12:00:00');
    await insertOld('/20160101000000-b', '2016-07-15 12:00:00');
    const plan = await knexward('adopt', '--dry-run', '--time-zone', 'Europe/Berlin');
    expect(plan.stdout).toContain('assuming Europe/Berlin');
    await adopt('--time-zone', 'Europe/Berlin');
    expect((await carried()).map(({ at }) => at)).toEqual([
      '2015-01-15 11:00:00.000000',
      '2016-07-15 10:00:00.000000',
    ]);
  });

  it('warns of times that the zone does not have, or has twice', async () => {
    await insertOld('/20150101000000-a', '2015-03-29 02:30:00');
    await insertOld('/20160101000000-b', '2016-10-30 02:30:00');
    const { warnings } = await adopt('--time-zone', 'Europe/Berlin', '--dry-run');
    expect(warnings.map(({ code }) => code)).toEqual(['TIME_DOES_NOT_EXIST', 'TIME_AMBIGUOUS']);
    expect((await adopt('--time-zone', 'UTC', '--dry-run')).warnings).toEqual([]);
  });

  it.each([['+02:00'], ['Mars/Olympus'], ['FOO+2'], ["UTC'; drop table migrations; --"]])(
    'refuses %s as a time zone',
    async (zone) => {
      await insertOld('/20150101000000-a', '2015-01-15 12:00:00');
      const { code, json } = await knexward('adopt', '--yes', '--json', '--time-zone', zone);
      expect(code).toBe(2);
      expect(json()).toMatchObject({ error: { code: 'UNKNOWN_TIME_ZONE' } });
      expect(existsSync(join(project.root, 'database.json'))).toBe(true);
    },
  );

  it('a dry run changes nothing, in the database or in the folder', async () => {
    await insertOld('/20150101000000-a', '2015-01-15 12:00:00');
    const document = await adopt('--dry-run');
    expect(document).toMatchObject({ dryRun: true, adopted: 0, verified: false });
    expect(document.history).toMatchObject([{ from: '/20150101000000-a', file: true, batch: 1 }]);
    const [row] = await database.query("select to_regclass('knex_migrations') as found");
    expect(row).toEqual({ found: null });
    expect(existsSync(join(project.root, 'knexfile.js'))).toBe(false);
    expect(project.read('package.json')).toContain('"db-migrate up"');
  });

  it('sets the files: knexfile, scripts under their old names, database.json.bak (FR-011)', async () => {
    await insertOld('/20150101000000-a', '2015-01-15 12:00:00');
    const databaseJson = project.read('database.json');
    const { files } = await adopt();
    expect(files).toEqual([
      { path: 'knexward-adopted.json', action: 'create' },
      { path: 'knexfile.js', action: 'create' },
      { path: 'package.json', action: 'rewrite' },
      { path: 'database.json', action: 'rename' },
    ]);
    expect(project.read('database.json.bak')).toBe(databaseJson);
    expect(existsSync(join(project.root, 'database.json'))).toBe(false);
    expect(JSON.parse(project.read('package.json'))).toMatchObject({
      name: 'legacy',
      scripts: { 'migrate:up': 'knexward up', start: 'node server.js' },
    });
    expect(project.read('knexfile.js')).toContain('process.env.DATABASE_URL');
    expect(project.read('knexfile.js')).not.toContain(database.name);
  });

  it('needs a yes: without a terminal and without --yes it changes nothing', async () => {
    await insertOld('/20150101000000-a', '2015-01-15 12:00:00');
    const { code, stderr, stdout } = await knexward('adopt');
    expect(code).toBe(2);
    expect(stderr).toContain('CONFIRMATION_REQUIRED');
    expect(stdout).toContain('20150101000000-a.js  batch 1, ');
    expect(existsSync(join(project.root, 'database.json'))).toBe(true);
  });

  it('repeating it is harmless, and picks up rows that came in meanwhile', async () => {
    await insertOld('/20150101000000-a', '2015-01-15 12:00:00');
    await adopt();
    expect(await adopt()).toMatchObject({ adopted: 0, alreadyAdopted: 1 });
    await insertOld('/20160101000000-b', '2016-01-15 12:00:00');
    const up = await knexward('up');
    expect({ code: up.code, stderr: up.stderr }).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('1 of 2 rows') as string,
    });
    expect(await adopt('--database-only')).toMatchObject({
      adopted: 1,
      alreadyAdopted: 1,
      files: [],
    });
    expect((await carried()).map(({ name, batch }) => [name, batch])).toEqual([
      ['20150101000000-a.js', 1],
      ['20160101000000-b.js', 2],
    ]);
  });

  it('what was reverted since is not copied again', async () => {
    await dbMigrate(project, ['up'], env);
    await adopt();
    const down = await knexward('down');
    expect(down.stdout).toContain('Batch 3 rolled back: 1 migrations');
    expect(await adopt()).toMatchObject({ adopted: 0, alreadyAdopted: 2 });
    expect(await carried()).toHaveLength(2);
    expect((await knexward('up')).stdout).toContain('Batch 3 run: 1 migrations');
  });

  it('what db-migrate has reverted and applied again since is applied, and not run once more', async () => {
    await dbMigrate(project, ['up'], env);
    await adopt('--database-only');
    for (const command of ['down', 'up']) {
      expect(await dbMigrate(project, [command], env)).toMatchObject({ code: 0 });
    }
    await adopt('--database-only');
    expect((await carried()).map(({ name }) => name)).toEqual([
      '20150101000000-a.js',
      '20160101000000-b.js',
      '20170101000000-c.js',
    ]);
    expect((await knexward('up')).stdout).toContain('Already up to date');
  });

  it('a database without any history: files are set, nothing is carried, up runs everything', async () => {
    await database.query('drop table migrations');
    expect(await adopt()).toMatchObject({ history: [], adopted: 0, verified: true });
    expect((await knexward('up')).stdout).toContain('Batch 1 run: 3 migrations');
    expect(await database.query("select to_regclass('c')::text as c")).toEqual([{ c: 'c' }]);
  });

  it('a history row without a file is kept, shown, and does not stop up (EC-08)', async () => {
    await insertOld('/20140101000000-gone', '2014-01-15 12:00:00');
    const { history, warnings } = await adopt();
    expect(history).toMatchObject([{ name: '20140101000000-gone.js', file: false }]);
    expect(warnings).toMatchObject([{ code: 'MISSING_FILE' }]);
    expect((await knexward('up')).stdout).toContain('Batch 2 run: 3 migrations');
    const status = await knexward('status');
    expect(status.code).toBe(0);
    expect(status.stdout).toContain('MISSING_FILE 20140101000000-gone.js');
    // Plain Knex would call the directory corrupt; the knexfile that adopt wrote prevents that.
    const knex = await project.node(
      ['node_modules/knex/bin/cli.js', 'migrate:latest', '--env', 'dev'],
      env,
    );
    expect({ code: knex.code, out: knex.stdout + knex.stderr }).toMatchObject({
      code: 0,
      out: expect.stringContaining('Already up to date') as string,
    });
  });

  it('two rows for one file are both kept; reverting it takes both, as db-migrate did (EC-11)', async () => {
    await database.query('create table a (id int)');
    await insertOld('20150101000000-a', '2015-01-15 12:00:00');
    await insertOld('/20150101000000-a', '2015-01-16 12:00:00');
    const { adopted, warnings } = await adopt();
    expect({ adopted, codes: warnings.map(({ code }) => code) }).toEqual({
      adopted: 2,
      codes: ['DUPLICATE_ROW'],
    });
    expect(await carried()).toHaveLength(2);
    expect((await knexward('status', '--json')).json()).toMatchObject({
      problems: [{ code: 'DUPLICATE_ROW' }],
    });
    expect((await knexward('down')).stdout).toContain('rolled back: 1 migrations');
    expect(await carried()).toEqual([]);
  });

  it('two files for one row: a clear error', async () => {
    project.write({
      'migrations/20150101000000-a.v2.js': legacyTable('a2'),
    });
    await insertOld('/20150101000000-a', '2015-01-15 12:00:00');
    const { code, json } = await knexward('adopt', '--yes', '--json');
    expect(code).toBe(2);
    expect(json()).toMatchObject({ error: { code: 'DUPLICATE_FILE' } });
  });

  it('a file whose row is gone shows as pending (EC-09)', async () => {
    await insertOld('/20150101000000-a', '2015-01-15 12:00:00');
    await insertOld('/20170101000000-c', '2017-01-15 12:00:00');
    await adopt();
    const status = (await knexward('status', '--json')).json();
    expect(status).toMatchObject({
      pending: [{ name: '20160101000000-b.js', origin: 'db-migrate' }],
    });
  });

  it('a table of another shape is refused, and stays as it is (EC-03)', async () => {
    await database.query(
      'drop table migrations; create table migrations (id int, name text, executed_at timestamptz)',
    );
    const { code, json } = await knexward('adopt', '--yes', '--json');
    expect(code).toBe(5);
    expect(json()).toMatchObject({
      error: {
        code: 'HISTORY_TABLE_SHAPE',
        message: expect.stringContaining('executed_at') as string,
      },
    });
    expect(existsSync(join(project.root, 'knexfile.js'))).toBe(false);
  });

  it('a history in another schema and under another table name (EC-12)', async () => {
    await database.query(`create schema "App One";
      create table "App One"."db-history" (id serial primary key, name varchar(255) not null, run_on timestamp not null);
      insert into "App One"."db-history" (name, run_on) values ('/20150101000000-a', '2015-01-15 12:00:00')`);
    project.write({
      'database.json': JSON.stringify({ dev: { driver: 'pg', schema: 'App One' } }),
      '.db-migraterc': JSON.stringify({ table: 'db-history' }),
    });
    expect(await adopt('--time-zone', 'UTC')).toMatchObject({ adopted: 1 });
    const rows = await database.query('select name, batch from "App One".knex_migrations');
    expect(rows).toEqual([{ name: '20150101000000-a.js', batch: 1 }]);
    const up = await knexward('up');
    expect(up.stdout).toContain('Batch 2 run: 2 migrations');
    expect(await database.query(`select to_regclass('"App One".b') is not null as found`)).toEqual([
      { found: true },
    ]);
  });

  it('a scope: its rows are kept under their names (EC-13)', async () => {
    await insertOld('tenant/20150101000000-a', '2015-01-15 12:00:00');
    const { history } = await adopt();
    expect(history).toMatchObject([{ name: 'tenant/20150101000000-a.js' }]);
  });

  it('a role that may only read: an error before anything is changed', async () => {
    await insertOld('/20150101000000-a', '2015-01-15 12:00:00');
    const role = await createRole();
    await database.query(`grant select on migrations to "${role.name}"`);
    const { code, json } = await project.knexward(['adopt', '--yes', '--json'], {
      DATABASE_URL: role.url(database),
    });
    expect(code).toBe(2);
    expect(json()).toMatchObject({ error: { code: 'PERMISSION_DENIED' } });
    expect(existsSync(join(project.root, 'database.json'))).toBe(true);
    await role.drop(database);
  });

  it('what it cannot prove by comparison it rolls back (SC-003)', async () => {
    await insertOld('/20150101000000-a', '2015-01-15 12:00:00');
    // A trigger that changes what is written stands for any cause of a difference.
    await database.query(`create table knex_migrations (id serial primary key, name varchar(255), batch int, migration_time timestamptz);
      create function meddle() returns trigger language plpgsql as $$ begin new.migration_time = new.migration_time + interval '1 hour'; return new; end $$;
      create trigger meddle before insert on knex_migrations for each row execute function meddle()`);
    const { code, json } = await knexward('adopt', '--yes', '--json');
    expect(code).toBe(5);
    expect(json()).toMatchObject({ error: { code: 'ADOPT_MISMATCH' } });
    expect(await database.query('select * from knex_migrations')).toEqual([]);
    expect(await database.query("select to_regclass('knexward_journal') as j")).toEqual([
      { j: null },
    ]);
    expect(existsSync(join(project.root, 'database.json'))).toBe(true);
  });

  it('adopt: "auto" carries the history over at the first up (EC-14)', async () => {
    await dbMigrate(project, ['up', '-c', '2'], env);
    project.write({
      'knexfile.js': `module.exports = { client: 'pg', connection: process.env.DATABASE_URL,
        migrations: { directory: './migrations' }, knexward: { adopt: 'auto' } };`,
    });
    const up = await knexward('up');
    expect(up.stdout).toContain('Batch 3 run: 1 migrations');
    expect((await carried()).map(({ batch }) => batch)).toEqual([1, 2, 3]);
  });

  it('leaves the old table as it was; a down takes its row out of it, as db-migrate would', async () => {
    await dbMigrate(project, ['up'], env);
    const before = await oldTable();
    await adopt();
    expect(await oldTable()).toEqual(before);
    await knexward('down');
    expect(await oldTable()).toEqual(before.slice(0, 2));
  });

  it('production and development behave the same until production is named (EC-06)', async () => {
    project.write({
      'database.json': JSON.stringify({ dev: { driver: 'pg' }, production: { driver: 'pg' } }),
    });
    await insertOld('/20150101000000-a', '2015-01-15 12:00:00');
    await adopt('--env', 'production');
    const down = await knexward('down', '--env', 'production');
    expect(down.code).toBe(2);
    expect(down.stderr).toContain('This is production.');
  });
});
