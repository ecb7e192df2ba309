import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject, dbMigrate, legacyTable } from '../support/db-migrate';
import { type Outcome, type Project } from '../support/project';

describe('several histories of db-migrate in one database', () => {
  let database: TestDatabase;
  let env: Record<string, string>;
  let projects: Project[];

  beforeEach(async () => {
    database = await createDatabase();
    env = { DATABASE_URL: database.url };
    projects = [];
    await database.query('create schema shop; create schema "Back Office"');
  });
  afterEach(async () => {
    for (const project of projects) project.remove();
    await database.drop();
  });

  const createProject = (files: Record<string, string>): Project => {
    const project = createLegacyProject(files);
    projects.push(project);
    return project;
  };
  const succeed = async (outcome: Promise<Outcome>) => {
    const { code, stdout, stderr, json } = await outcome;
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
    return { stdout, json };
  };
  const knexward = (project: Project, ...args: string[]) => succeed(project.knexward(args, env));
  const legacy = (project: Project, ...args: string[]) => succeed(dbMigrate(project, args, env));

  /** The name of every row of a schema's knex_migrations, or `null` where it has no such table. */
  const history = async (schema: string) => {
    const [found] = await database.query<{ oid: string | null }>(
      `select to_regclass('${schema}.knex_migrations')::text as oid`,
    );
    if (found?.oid === null) return null;
    const rows = await database.query<{ name: string }>(
      `select name from ${schema}.knex_migrations order by id`,
    );
    return rows.map(({ name }) => name);
  };
  const hasTable = async (name: string) => {
    const [row] = await database.query<{ found: boolean }>(
      `select to_regclass('${name}') is not null as found`,
    );
    return row?.found;
  };

  /** db-migrate's table, as it makes it, with one row. */
  const insertHistory = (table: string) =>
    database.query(`
      create table ${table} (id serial primary key, name varchar(255) not null, run_on timestamp not null);
      insert into ${table} (name, run_on) values ('/20150101000000-a', '2015-01-15 12:00:00')`);

  it.each([
    ['--schema', 'migrations', {}, {}, ['--schema', 'shop']],
    ['--schema and --table', 'old', {}, {}, ['--schema', 'shop', '--table', 'old']],
    ['database.json and .db-migraterc', 'old', { schema: 'shop' }, { table: 'old' }, []],
  ])(
    'one in another schema, named with %s: copied into that schema (EC-12)',
    async (_, table, settings, rc, args) => {
      const project = createProject({
        'database.json': JSON.stringify({ dev: { driver: 'pg', ...settings } }),
        '.db-migraterc': JSON.stringify(rc),
        'migrations/20150101000000-a.js': legacyTable('a'),
      });
      await insertHistory(`shop.${table}`);
      const { json } = await knexward(project, 'adopt', '--yes', '--json', ...args);
      expect(json()).toMatchObject({ adopted: 1 });
      expect(await history('shop')).toEqual(['20150101000000-a.js']);
      expect(await history('public')).toBeNull();
      expect((await knexward(project, 'up')).stdout).toContain('Already up to date');
      project.write({ 'migrations/20160101000000-b.js': legacyTable('b') });
      await knexward(project, 'up');
      expect(await hasTable('shop.b')).toBe(true);
    },
  );

  it('one that a knexfile names: copied to where the knexfile keeps its own', async () => {
    const project = createProject({
      'knexfile.js': `module.exports = { client: 'pg', connection: process.env.DATABASE_URL,
        migrations: { schemaName: 'shop' },
        knexward: { dbMigrate: { table: 'old history', schema: 'Back Office' } } };`,
      'migrations/20150101000000-a.js': legacyTable('a'),
    });
    await insertHistory('"Back Office"."old history"');
    const { json } = await knexward(project, 'adopt', '--database-only', '--yes', '--json');
    expect(json()).toMatchObject({ adopted: 1 });
    expect(await history('shop')).toEqual(['20150101000000-a.js']);
    expect(await history('"Back Office"')).toBeNull();
    expect((await knexward(project, 'up')).stdout).toContain('Already up to date');
  });

  it('environments of one database.json, a schema each: adopted one by one, refused before, and independent (EC-14)', async () => {
    const project = createProject({
      'database.json': JSON.stringify({
        dev: { driver: 'pg', schema: 'shop' },
        office: { driver: 'pg', schema: 'Back Office' },
        plain: { driver: 'pg' },
      }),
      'migrations/20150101000000-a.js': legacyTable('a'),
      'migrations/20160101000000-b.js': legacyTable('b'),
    });
    // The same names under the same ids in each: nothing but the schema tells them apart.
    for (const name of ['dev', 'office', 'plain'])
      await legacy(project, 'up', '-c', '1', '-e', name);
    const schemas = { dev: 'shop', office: '"Back Office"', plain: 'public' };

    await knexward(project, 'adopt', '--yes', '--env', 'dev');
    expect(await history(schemas.dev)).toEqual(['20150101000000-a.js']);
    expect([await history(schemas.office), await history(schemas.plain)]).toEqual([null, null]);
    const early = await project.knexward(['up', '--env', 'office'], env);
    expect([early.code, early.stderr]).toEqual([5, expect.stringContaining('NOT_ADOPTED')]);

    for (const name of ['office', 'plain']) {
      const args = ['--database-only', '--yes', '--json', '--env', name];
      expect((await knexward(project, 'adopt', ...args)).json()).toMatchObject({
        adopted: 1,
        alreadyAdopted: 0,
      });
    }
    await knexward(project, 'up', '--env', 'office');
    expect([
      await hasTable('"Back Office".b'),
      await hasTable('shop.b'),
      await hasTable('public.b'),
    ]).toEqual([true, false, false]);
    expect((await knexward(project, 'status', '--env', 'dev', '--json')).json()).toMatchObject({
      applied: [{ name: '20150101000000-a.js' }],
      pending: [{ name: '20160101000000-b.js' }],
      problems: [],
    });
    await knexward(project, 'down', '--all', '--env', 'dev');
    expect([
      await hasTable('shop.a'),
      await hasTable('"Back Office".a'),
      await hasTable('public.a'),
    ]).toEqual([false, true, true]);
    expect(await history(schemas.dev)).toEqual([]);
    expect(await history(schemas.office)).toHaveLength(2);
    expect(await history(schemas.plain)).toHaveLength(1);
  });

  it('projects of their own, a schema each: neither sees the other', async () => {
    const shop = createProject({
      'database.json': JSON.stringify({ dev: { driver: 'pg', schema: 'shop' } }),
      'migrations/20150101000000-orders.js': legacyTable('orders'),
    });
    const office = createProject({
      'database.json': JSON.stringify({ dev: { driver: 'pg', schema: 'Back Office' } }),
      '.db-migraterc': JSON.stringify({ table: 'office-history' }),
      'migrations/20140101000000-staff.js': legacyTable('staff'),
      'migrations/20150101000000-rooms.js': legacyTable('rooms'),
    });
    await legacy(shop, 'up');
    await legacy(office, 'up');
    await knexward(shop, 'adopt', '--yes');
    await knexward(office, 'adopt', '--yes');
    expect(await history('shop')).toEqual(['20150101000000-orders.js']);
    expect(await history('"Back Office"')).toEqual([
      '20140101000000-staff.js',
      '20150101000000-rooms.js',
    ]);
    for (const project of [shop, office]) {
      expect((await knexward(project, 'up')).stdout).toContain('Already up to date');
      expect((await knexward(project, 'status', '--json')).json()).toMatchObject({ problems: [] });
    }
    await knexward(office, 'down');
    expect([await hasTable('"Back Office".rooms'), await hasTable('shop.orders')]).toEqual([
      false,
      true,
    ]);
    expect(await history('shop')).toHaveLength(1);
  });
});
