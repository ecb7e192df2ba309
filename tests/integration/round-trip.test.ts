import { createDatabase, createRole, type TestDatabase, type TestRole } from '../support/database';
import { createProject, KNEXFILE, type Project } from '../support/project';

interface Difference {
  kind: string;
  object: string;
  expected: Record<string, unknown> | null;
  actual: Record<string, unknown> | null;
}

interface Trip {
  name: string;
  reversible: boolean;
  forgotten: Difference[];
  changed: Difference[];
  failed: { step: string; sqlstate: string | null; message: string; line: number } | null;
}

interface VerifyDocument {
  inSync: boolean;
  roundTrip: Trip[] | null;
  notTried: string[];
}

describe('verify --round-trip: pending migrations go up, down and up again (US8)', () => {
  let database: TestDatabase;
  let role: TestRole;
  let project: Project;
  const knexward = (...args: string[]) =>
    project.knexward(args, { TEST_DATABASE_URL: role.url(database) });
  const roundTrip = async (): Promise<VerifyDocument & { code: number | null }> => {
    const outcome = await knexward('verify', '--round-trip', '--json');
    return { ...outcome.json<VerifyDocument>(), code: outcome.code };
  };
  /** What each migration forgot, in few words. */
  const forgottenOf = ({ roundTrip: trips }: VerifyDocument) =>
    Object.fromEntries(
      (trips ?? []).map(({ name, forgotten }) => [
        name,
        forgotten.map(({ kind, object, expected, actual }) => {
          const how = expected === null ? 'behind' : actual === null ? 'gone' : 'changed';
          return `${how}: ${kind} ${object}`;
        }),
      ]),
    );

  beforeEach(async () => {
    database = await createDatabase();
    role = await createRole({ createDatabase: true });
    await database.query(`alter database ${database.name} owner to ${role.name}`);
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20150101000000-rooms.js': `
        exports.up = (db) => db.createTable('rooms', { id: { type: 'int', primaryKey: true }, name: 'string', size: 'int' });
        exports.down = (db) => db.dropTable('rooms');`,
    });
    expect((await knexward('up')).code).toBe(0);
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
    await role.drop();
  });

  it('a down that forgets an index, a type, a default, a privilege: each is named, whoever wrote it', async () => {
    const other = await createRole();
    project.write({
      'migrations/20160101000001-old-index.js': `
        exports.up = (db) => db.addIndex('rooms', 'rooms_old', ['name']);
        exports.down = () => null;`,
      'migrations/20260101000001_index.js': `
        exports.up = (knex) => knex.schema.alterTable('rooms', (t) => { t.integer('floor'); t.index(['name'], 'rooms_by_name'); });
        exports.down = (knex) => knex.schema.alterTable('rooms', (t) => { t.dropColumn('floor'); });`,
      'migrations/20260101000002_type.up.sql':
        "create type mood as enum ('a', 'b'); create table moods (mood mood);",
      'migrations/20260101000002_type.down.sql': 'drop table moods;',
      'migrations/20260101000003_default.js': `
        exports.up = (knex) => knex.raw("alter table rooms alter column name set default 'x'");
        exports.down = async () => {};`,
      'migrations/20260101000004_privilege.up.sql': `grant select on rooms to ${other.name};`,
      'migrations/20260101000004_privilege.down.sql': 'select 1;',
      'migrations/20260101000005_fine.js': `
        exports.up = (knex) => knex.schema.createTable('fine', (t) => { t.increments(); t.index(['id'], 'fine_id'); });
        exports.down = (knex) => knex.schema.dropTable('fine');`,
    });
    const found = await roundTrip();
    expect(found).toMatchObject({ code: 6, inSync: true, notTried: [] });
    expect(forgottenOf(found)).toEqual({
      '20160101000001-old-index.js': ['behind: index public.rooms_old'],
      '20260101000001_index.js': ['behind: index public.rooms_by_name'],
      '20260101000002_type.up.sql': ['behind: enum public.mood'],
      '20260101000003_default.js': ['changed: column public.rooms.name'],
      '20260101000004_privilege.up.sql': [expect.stringContaining(`behind: privileges`)],
      '20260101000005_fine.js': [],
    });
    // What is left behind makes the second up fail; the next one starts from clean ground.
    expect(found.roundTrip?.map(({ failed }) => failed && [failed.step, failed.sqlstate])).toEqual([
      ...[['up again', '42P07'], ['up again', '42P07'], ['up again', '42710'], null, null, null],
    ]);
    const { stdout, code } = await knexward('verify', '--round-trip');
    expect(code).toBe(6);
    for (const line of [
      'Found 5 of 6 pending migrations that do not go up, down and up again:',
      '20260101000001_index.js: down leaves index public.rooms_by_name behind',
      '20260101000003_default.js: down leaves column public.rooms.name changed: default',
      '✓ 20260101000005_fine.js',
    ])
      expect(stdout).toContain(line);
    expect(await database.query("select from pg_class where relname in ('fine', 'moods')")).toEqual(
      [],
    );
    await other.drop(database);
  });

  it('all in order: exit 0; without a way down is named and is no failure', async () => {
    project.write({
      'migrations/20160101000001-null.js':
        "exports.up = (db) => db.runSql('create table a ()'); exports.down = () => { throw new Error('INTENTIONAL'); };",
      'migrations/20260101000002_none.up.sql': 'create table b ();',
      'migrations/20260101000003_column.js': `
        exports.up = (knex) => knex.schema.alterTable('rooms', (t) => t.dropColumn('name'));
        exports.down = (knex) => knex.schema.alterTable('rooms', (t) => t.specificType('name', 'varchar'));`,
    });
    const found = await roundTrip();
    expect(found).toMatchObject({
      ...{ code: 0, inSync: true },
      roundTrip: [
        { reversible: false, failed: null },
        { reversible: false, failed: null },
        { reversible: true, failed: null, forgotten: [], changed: [] },
      ],
    });
    const { stdout } = await knexward('verify', '--round-trip');
    expect(stdout).toContain(
      'All 3 pending migrations go up, down and up again, except those without',
    );
    expect(stdout).toContain('20160101000001-null.js: has no down');
  });

  it('one that fails is named with its error: in down, the next goes on; in up, the rest is not tried', async () => {
    project.write({
      'migrations/20260101000001_down.js': `
        exports.up = (knex) => knex.raw('create table a ()');
        exports.down = (knex) => knex.raw('drop table misspelt');`,
      'migrations/20260101000002_slip.js': `
        exports.up = (knex) => knex.raw('create table b ()');
        exports.down = (knex) => knex.schema.dropTableIfItExists('b');`,
      'migrations/20260101000003_up.js':
        "exports.up = (knex) => knex.raw('create table c (id nothing)');",
      'migrations/20260101000004_after.js': 'exports.up = () => {};',
    });
    const found = await roundTrip();
    expect(found).toMatchObject({
      ...{ code: 6, notTried: ['20260101000004_after.js'] },
      roundTrip: [
        { reversible: true, failed: { step: 'down', sqlstate: '42P01' } },
        { reversible: true, failed: { step: 'down', sqlstate: null } },
        { failed: { step: 'up', sqlstate: '42704' } },
      ],
    });
    const { stdout } = await knexward('verify', '--round-trip');
    expect(stdout).toContain(
      '20260101000003_up.js: cannot be applied: type "nothing" does not exist',
    );
    expect(stdout).toContain('20260101000004_after.js: not tried');
  });

  it('one that stands on another that does not come back finds it applied', async () => {
    project.write({
      'migrations/20260101000001_first.js': `
        exports.up = (knex) => knex.raw('create table floors (id int)');
        exports.down = () => {};`,
      'migrations/20260101000002_second.js': `
        exports.up = (knex) => knex.raw('alter table floors add column name text');
        exports.down = (knex) => knex.raw('alter table floors drop column name');`,
    });
    expect(await roundTrip()).toMatchObject({
      ...{ code: 6, notTried: [] },
      roundTrip: [
        { forgotten: [{ kind: 'table', object: 'public.floors' }] },
        { reversible: true, forgotten: [], changed: [], failed: null },
      ],
    });
  });

  it('a second up that makes something else than the first', async () => {
    project.write({
      'migrations/20260101000001_else.js': `
        exports.up = async (knex) => {
          await knex.raw('create table if not exists kept (id int)');
          const { rows } = await knex.raw("select from pg_class where relname = 'rooms_mark'");
          await knex.raw(rows.length ? 'create table second ()' : 'create table first ()');
          await knex.raw('drop index if exists rooms_mark');
        };
        exports.down = async (knex) => {
          await knex.raw('drop table if exists first, second, kept');
          await knex.raw('create index rooms_mark on rooms (size)');
        };`,
    });
    const [trip] = (await roundTrip()).roundTrip ?? [];
    expect(trip?.forgotten.map(({ object }) => object)).toEqual(['public.rooms_mark']);
    expect(trip?.changed.map(({ object }) => object).sort()).toEqual([
      'public.first',
      'public.second',
    ]);
  });

  it('without the option it is not asked for; with nothing pending there is none', async () => {
    const { json } = await knexward('verify', '--json');
    expect(json()).toMatchObject({ inSync: true, roundTrip: null });
    expect(await roundTrip()).toMatchObject({ code: 0, roundTrip: [], notTried: [] });
  });
});
