import { Client, escapeIdentifier } from 'pg';
import {
  createDatabase,
  createRole,
  serverAddress,
  type TestDatabase,
  urlFor,
} from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const FILES = {
  'knexfile.js': KNEXFILE,
  'migrations/20260101000000_a.js': `exports.up = (knex) => knex.raw('create table a (id int)');
    exports.down = (knex) => knex.raw('drop table a');`,
  'seeds/a.js': "exports.seed = (knex) => knex('a').insert({ id: 7 });",
};

describe('knexward reset', () => {
  let database: TestDatabase;
  let project: Project;
  const reset = (args: string[] = ['--yes'], url = database.url, env = {}): Promise<Outcome> =>
    project.knexward(['reset', ...args], { TEST_DATABASE_URL: url, ...env });
  const oid = async (): Promise<unknown> => {
    const rows = await database.query(
      'select oid from pg_database where datname = current_database()',
    );
    await database.disconnect();
    return rows;
  };

  beforeEach(async () => {
    database = await createDatabase();
    await database.query('create table old (id int)');
    await database.disconnect();
    project = createProject(FILES);
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('drops, creates, migrates and seeds; owner, encoding and locale are as before', async () => {
    const facts = `select datdba, encoding, datcollate, datctype, datconnlimit, dattablespace
      from pg_database where datname = current_database()`;
    const role = await createRole({ createDatabase: true });
    await database.query(
      `alter database ${database.name} owner to ${role.name}; alter database ${database.name} connection limit 17`,
    );
    const [before, old] = [await database.query(facts), await oid()];
    const { code, stdout } = await reset(['--yes'], role.url(database));
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /Recreated the database test_\w+\nBatch 1 run: 1 migrations\nRan 1 seed files\n$/,
      ),
    ]);
    expect(await database.query('select * from a')).toEqual([{ id: 7 }]);
    expect(await database.query("select to_regclass('old') as old")).toEqual([{ old: null }]);
    expect(await database.query(facts)).toEqual(before);
    expect(await oid()).not.toEqual(old);
    await database.query(`alter database ${database.name} owner to postgres`);
    await role.drop(database);
  });

  it('--no-seed; --json', async () => {
    const { json } = await reset(['--yes', '--no-seed', '--json']);
    expect(json()).toMatchObject({
      reset: database.name,
      up: { batch: 1, failed: null },
      ran: null,
    });
    expect(await database.query('select * from a')).toEqual([]);
  });

  it.each([
    ['production', {}, ['-e', 'production', '--yes', '--force']],
    ['NODE_ENV=prod', { NODE_ENV: 'prod' }, ['-e', 'development', '--yes', '--force']],
  ])('is refused in %s, whatever is given (SC-002)', async (_, env, args) => {
    project.write({
      'knexfile.js': `${KNEXFILE}module.exports.production = module.exports.development;`,
    });
    const before = await oid();
    const { code, stderr } = await reset(args, database.url, env);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(
        /^RESET_REFUSED reset drops the database, so it never runs in production/,
      ),
    ]);
    expect(await oid()).toEqual(before);
  });

  it('empties the database of the embedded server', async () => {
    project.write({
      'knexfile.js':
        "module.exports = { development: { client: 'pg', knexward: { embedded: '.pg' } } };",
    });
    const embedded = (...args: string[]) => project.knexward(args);
    expect((await embedded('up')).code).toBe(0);
    const { code, stdout } = await embedded('reset', '--yes');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /Recreated the database postgres\nBatch 1 run: 1 migrations\nRan 1 seed files\n$/,
      ),
    ]);
  });

  it('needs a yes', async () => {
    const before = await oid();
    const { code, stderr } = await reset([]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^CONFIRMATION_REQUIRED/)]);
    expect(await oid()).toEqual(before);
  });

  it.each(['postgres', 'template1'])('refuses the database %s', async (name) => {
    const { code, stderr } = await reset(['--yes', '--force'], urlFor(serverAddress(), name));
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^RESET_REFUSED/)]);
  });

  it('refuses while others are connected, and names them; --force ends them', async () => {
    const other = new Client({ connectionString: database.url, application_name: 'my app' });
    const lost = new Promise((resolve) => other.on('error', resolve));
    await other.connect();
    const refused = await reset();
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/^DATABASE_IN_USE .*my app as/),
    ]);
    expect((await other.query("select to_regclass('old')::text as old")).rows).toEqual([
      { old: 'old' },
    ]);
    expect((await reset(['--yes', '--force'])).code).toBe(0);
    await lost;
    expect(await database.query('select * from a')).toEqual([{ id: 7 }]);
  });

  it('a role that may not create databases is refused before the drop', async () => {
    const role = await createRole();
    await database.query(`alter database ${database.name} owner to ${role.name}`);
    const before = await oid();
    const { code, stderr } = await reset(['--yes'], role.url(database));
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^PERMISSION_DENIED .*may not create/),
    ]);
    await database.query(`alter database ${database.name} owner to postgres`);
    const stranger = await reset(['--yes'], role.url(database));
    expect(stranger.stderr).toMatch(/^(PERMISSION_DENIED|DATABASE_IN_USE)/);
    expect(await oid()).toEqual(before);
    await role.drop(database);
  });

  it('a name with quotes and spaces in it', async () => {
    const name = `it's "odd"; drop database ${database.name}`;
    await database.query(`create database ${escapeIdentifier(name)}`);
    await database.disconnect();
    const url = urlFor(serverAddress(), encodeURI(name));
    const { code, stdout } = await reset(['--yes'], url);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`Recreated the database ${name}`)]);
    await database.query(`drop database ${escapeIdentifier(name)}`);
  });

  it('keeps the settings, the privileges and the comment of the database', async () => {
    const role = await createRole();
    await database.query(`create schema app`);
    await database.query(`alter database "${database.name}" set search_path to "$user", app`);
    await database.query(`alter database "${database.name}" set app.note to 'it''s odd'`);
    await database.query(
      `alter role "${role.name}" in database "${database.name}" set work_mem to '1MB'`,
    );
    await database.query(`revoke connect on database "${database.name}" from public`);
    await database.query(`grant create on database "${database.name}" to "${role.name}"`);
    await database.query(`comment on database "${database.name}" is 'it''s ours'`);
    const belongings = () =>
      database.query(
        `select array(select unnest(d.datacl)::text order by 1) as acl, array(select s.setrole::regrole || ': ' || array_to_string(s.setconfig, '; ')
           from pg_db_role_setting s where s.setdatabase = d.oid order by 1) as settings,
             shobj_description(d.oid, 'pg_database') as comment
           from pg_database d where d.datname = current_database()`,
      );
    const before = await belongings();
    await database.disconnect();
    expect((await reset(['--yes', '--no-seed'])).stderr).not.toContain('Error');
    expect(await belongings()).toEqual(before);
    await role.drop(database);
  });
});
