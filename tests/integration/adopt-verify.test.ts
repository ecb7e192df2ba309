import { createDatabase, createRole, type TestDatabase, type TestRole } from '../support/database';
import { createLegacyProject, dbMigrate, legacyTable } from '../support/db-migrate';
import { type Outcome, type Project } from '../support/project';

interface Adopted {
  adopted: number;
  verified: boolean;
  drift: { kind: string; object: string }[] | null;
  unproven: string[] | null;
  warnings: { code: string; message: string }[];
}

describe('adopt --verify: the old files give the schema that is there, or what differs is named (US8)', () => {
  let database: TestDatabase;
  let role: TestRole;
  let project: Project;
  let env: Record<string, string>;
  const knexward = (...args: string[]): Promise<Outcome> => project.knexward(args, env);
  const adopt = async (...args: string[]): Promise<Adopted> => {
    const { code, json, stderr } = await knexward('adopt', '--verify', '--json', ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) as string });
    return json<Adopted>();
  };
  const shadows = () =>
    database.query(
      `select datname from pg_database
        where datname like 'knexward\\_shadow\\_%' and pg_get_userbyid(datdba) = '${role.name}'`,
    );
  const isAdopted = async (): Promise<boolean> =>
    (await database.query("select where to_regclass('knex_migrations') is not null")).length > 0;

  beforeEach(async () => {
    database = await createDatabase();
    role = await createRole({ createDatabase: true });
    await database.query(`alter database ${database.name} owner to ${role.name}`);
    env = { DATABASE_URL: role.url(database) };
    project = createLegacyProject({
      'migrations/20150101000000-a.js': legacyTable('a'),
      'migrations/20160101000000-b.js': `
exports.up = (db) => db.addColumn('a', 'name', { type: 'string', length: 20 }).then(() => db.addIndex('a', 'a_name', ['name']));
exports.down = (db) => db.removeColumn('a', 'name');`,
    });
    expect(await dbMigrate(project, ['up'], env)).toMatchObject({ code: 0 });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
    await role.drop();
  });

  it('what real db-migrate made is proven, before anything is written; the shadow is gone again', async () => {
    const dry = await adopt('--dry-run');
    expect(dry).toMatchObject({ drift: [], unproven: [], verified: false, warnings: [] });
    expect(await isAdopted()).toBe(false);
    expect(await adopt('--yes')).toMatchObject({ adopted: 2, drift: [], verified: true });
    expect(await shadows()).toEqual([]);
    const { stdout } = await knexward('adopt', '--verify');
    expect(stdout).toContain('Schema: it matches its 2 migrations');
  });

  it('without --verify nothing is said about the schema', async () => {
    const { json } = await knexward('adopt', '--yes', '--json');
    expect(json()).toMatchObject({ drift: null, unproven: null });
  });

  it('changes by hand: each is named with kind and object; it asks, and --yes goes on with a warning', async () => {
    await database.query(
      `drop index a_name; create view by_hand as select 1 as one; alter table a alter name type varchar(30)`,
    );
    const asked = await knexward('adopt', '--verify');
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain('CONFIRMATION_REQUIRED');
    expect(asked.stdout).toContain('+ view public.by_hand');
    expect(await isAdopted()).toBe(false);
    const { drift, warnings, adopted } = await adopt('--yes');
    expect(drift?.map(({ kind, object }) => `${kind} ${object}`).sort()).toEqual([
      'column public.a.name',
      'index public.a_name',
      'view public.by_hand',
    ]);
    expect({ adopted, codes: warnings.map(({ code }) => code) }).toEqual({
      adopted: 2,
      codes: ['DRIFT'],
    });
  });

  it('rows without files are unproven, and named', async () => {
    await database.query(
      "insert into migrations (name, run_on) values ('/20140101000000-gone', '2014-01-01'); create table gone (id int)",
    );
    expect(await adopt('--yes')).toMatchObject({
      unproven: ['20140101000000-gone.js'],
      drift: [{ kind: 'table', object: 'public.gone' }],
    });
  });

  it('with --database-only too, by the knexfile, in another environment', async () => {
    await knexward('adopt', '--yes');
    const other = await createDatabase();
    await other.query(`alter database ${other.name} owner to ${role.name}`);
    env = { DATABASE_URL: role.url(other) };
    expect(await dbMigrate(project, ['up', '--config', 'database.json.bak'], env)).toMatchObject({
      code: 0,
    });
    await other.query('create table by_hand (id int)');
    expect(await adopt('--database-only', '--yes')).toMatchObject({
      adopted: 2,
      drift: [{ kind: 'table', object: 'public.by_hand' }],
    });
    await other.drop();
  });

  it('a history that cannot be replayed: the error says which migration, and nothing is changed', async () => {
    project.write({
      'migrations/20160101000000-b.js': "exports.up = (db) => db.runSql('select broken');",
    });
    const { code, json } = await knexward('adopt', '--verify', '--yes', '--json');
    expect(code).toBe(1);
    expect(json()).toMatchObject({
      error: {
        code: 'REPLAY_FAILED',
        message: expect.stringContaining('20160101000000-b.js') as string,
      },
    });
    expect(await isAdopted()).toBe(false);
    expect(await shadows()).toEqual([]);
  });

  it('what db-migrate applies while the proof is made is not copied unproven', async () => {
    project.write({ 'migrations/20170101000000-slow.js': 'exports.up = () => null;' });
    expect(await dbMigrate(project, ['up'], env)).toMatchObject({ code: 0 });
    // The replay itself is the moment: it writes as a db-migrate would that runs at the same time.
    project.write({
      'migrations/20170101000000-slow.js': `
const { Client } = require('pg');
exports.up = async () => {
  const client = new Client(process.env.REAL_URL);
  await client.connect();
  await client.query("insert into migrations (name, run_on) values ('/20180101000000-late', now())");
  await client.end();
};`,
    });
    env['REAL_URL'] = database.url;
    const { code, json } = await knexward('adopt', '--verify', '--yes', '--json');
    expect({ code, ...json() }).toMatchObject({ code: 5, error: { code: 'ADOPT_MISMATCH' } });
    expect(await isAdopted()).toBe(false);
  });

  it.each([['--finish'], ['--undo']])('with %s it is refused', async (step) => {
    const { code, json } = await knexward('adopt', '--verify', step, '--json');
    expect({ code, ...json() }).toMatchObject({ code: 2, error: { code: 'USAGE' } });
  });
});
