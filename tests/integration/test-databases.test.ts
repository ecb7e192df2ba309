import createKnex from 'knex';
import { Client } from 'pg';
import { createTestDatabase, prepareTestDatabases, type TestDatabaseOptions } from 'knexward';
import { ownersComment } from '../../src/throwaway/left-overs';
import { newOwner, type Purpose, temporaryName } from '../../src/throwaway/names';
import { createDatabase, createRole, type TestDatabase } from '../support/database';
import { describeWithPgBouncer, startPgBouncer } from '../support/pgbouncer';
import { createProject, type Project } from '../support/project';
import { waitFor } from '../support/wait-for';

const USERS = {
  'migrations/20260101000000_users.js': `
    exports.up = (knex) => knex.raw("create table users (name text primary key); insert into users values ('ada')");
    exports.down = (knex) => knex.raw('drop table users');`,
};

describe('a test database from the template', () => {
  let home: TestDatabase;
  let project: Project;

  beforeEach(async () => {
    home = await createDatabase();
    project = createProject({
      'package.json': JSON.stringify({ name: `${home.name.slice(5)} "shop"` }),
      ...USERS,
    });
  });
  afterEach(async () => {
    project.remove();
    for (const name of await own('template')) {
      await home.query(`alter database "${name}" with is_template false`);
      await home.query(`drop database "${name}"`);
    }
    await home.drop();
  });

  const options = (more: object = {}, url = home.url): TestDatabaseOptions => ({
    cwd: project.root,
    env: 'test',
    config: { client: 'pg', connection: url, ...more },
  });
  /** This project's databases of a kind. */
  const own = async (kind: string): Promise<string[]> => {
    const rows = await home.query<{ name: string }>(
      `select datname as name from pg_database where datname like $1 order by 1`,
      [`knexward_${kind}_${home.name.slice(5)}%`],
    );
    return rows.map(({ name }) => name);
  };
  const ask = async (url: string, sql: string): Promise<unknown[]> => {
    const client = new Client(url);
    await client.connect();
    try {
      return (await client.query({ text: sql, rowMode: 'array' })).rows.flat() as unknown[];
    } finally {
      await client.end();
    }
  };

  it('has what the migrations make, and their history; the project’s own database is not touched', async () => {
    const database = await createTestDatabase(options());
    expect(await ask(database.url, 'select name from users')).toEqual(['ada']);
    expect(await ask(database.url, 'select name from knex_migrations')).toEqual([
      '20260101000000_users.js',
    ]);
    expect(await home.query("select 1 from pg_class where relname = 'users'")).toEqual([]);
    const knex = createKnex(database.knexConfig);
    expect(await knex('users').select()).toEqual([{ name: 'ada' }]);
    await knex.destroy();
    await database.drop();
    await database.drop();
    expect(await own('test')).toEqual([]);
  });

  it('is its test’s own: what one writes the other does not see', async () => {
    const [one, other] = await Promise.all([
      createTestDatabase(options()),
      createTestDatabase(options()),
    ]);
    await ask(one.url, "insert into users values ('grace')");
    expect(await ask(other.url, 'select count(*)::int from users')).toEqual([1]);
    expect(await own('template')).toHaveLength(1);
    await Promise.all([one.drop(), other.drop()]);
  });

  it('is dropped with the connections that a test left open, and at the end of a block', async () => {
    const database = await createTestDatabase(options());
    const left = new Client(database.url);
    left.on('error', () => undefined);
    await left.connect();
    await database[Symbol.asyncDispose]();
    expect(await own('test')).toEqual([]);
  });

  it('comes from a template that is built once, closed, and complete', async () => {
    const first = await prepareTestDatabases(options());
    const second = await prepareTestDatabases(options());
    expect([first.built, second.built]).toEqual([true, false]);
    expect(second.template).toBe(first.template);
    const [template] = await home.query(
      'select datallowconn, datistemplate from pg_database where datname = $1',
      [first.template],
    );
    expect(template).toEqual({ datallowconn: false, datistemplate: true });
    expect(await own('building')).toEqual([]);
    await Promise.all([first.close(), second.close()]);
  });

  it('has what an edited body makes, and what a new file does', async () => {
    const before = await createTestDatabase(options());
    const path = 'migrations/20260101000000_users.js';
    project.write({
      [path]: project.read(path).replace("'ada'", "'edith'"),
      'migrations/20260101000001_polls.up.sql': 'create table polls (id int);',
    });
    const after = await createTestDatabase(options());
    expect(await ask(after.url, 'select name from users')).toEqual(['edith']);
    expect(await ask(after.url, 'select count(*)::int from polls')).toEqual([0]);
    expect(await ask(before.url, 'select name from users')).toEqual(['ada']);
    expect(await own('template')).toHaveLength(2);
    await Promise.all([before.drop(), after.drop()]);
  });

  it('tells of an edited file that fails, or cannot be loaded, as of a new one', async () => {
    const before = await createTestDatabase(options());
    const path = Object.keys(USERS)[0] as string;
    project.write({ [path]: "exports.up = (knex) => knex.raw('select broken');" });
    await expect(createTestDatabase(options())).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringContaining('column "broken" does not exist') as string,
    });
    project.write({ [path]: 'exports.down = () => {};' });
    await expect(createTestDatabase(options())).rejects.toMatchObject({
      code: 'INVALID_MIGRATION',
    });
    await before.drop();
  });

  it('USAGE where an edited file would have to be loaded anew, and the configuration has functions', async () => {
    const afterCreate = (_: unknown, done: () => void) => done();
    const given = options({ pool: { afterCreate } });
    const before = await createTestDatabase(given);
    const path = Object.keys(USERS)[0] as string;
    project.write({ [path]: `${project.read(path)} // edited` });
    await expect(createTestDatabase(given)).rejects.toMatchObject({ code: 'USAGE' });
    await before.drop();
  });

  it('has the schemas that the configuration names, and works with its search path', async () => {
    const database = await createTestDatabase(options({ searchPath: ['App "one"', 'public'] }));
    expect(await ask(database.url, 'select name from "App ""one""".users')).toEqual(['ada']);
    const knex = createKnex(database.knexConfig);
    expect(await knex('users').pluck('name')).toEqual(['ada']);
    await knex.destroy();
    await database.drop();
  });

  it('has the settings that migrations give to the database itself', async () => {
    project.write({
      'migrations/20260101000001_settings.js': `exports.up = async (knex) => {
        const { rows: [{ name }] } = await knex.raw('select current_database() as name');
        await knex.raw('alter database ?? set search_path to "My app", public', [name]);
        await knex.raw("alter database ?? set app.tenant to 'it''s'", [name]);
      };
      exports.down = () => {};`,
    });
    const database = await createTestDatabase(options());
    expect(await ask(database.url, "select current_setting('app.tenant')")).toEqual(["it's"]);
    expect(await ask(database.url, 'show search_path')).toEqual(['"My app", public']);
    await database.drop();
  });

  it('runs changes outside a transaction, such as an index that is built concurrently', async () => {
    project.write({
      'migrations/20260101000001_index.up.sql':
        '-- knexward: no-transaction\ncreate index concurrently users_upper on users (upper(name));',
    });
    const database = await createTestDatabase(options());
    expect(
      await ask(
        database.url,
        "select indisvalid from pg_index where indexrelid = 'users_upper'::regclass",
      ),
    ).toEqual([true]);
    await database.drop();
  });

  it('needs no database of the name that the configuration has, and copes with a hostile one', async () => {
    const missing = home.url.replace(/[^/]+$/, encodeURIComponent('no "such"; -- %'));
    const database = await createTestDatabase(options({}, missing));
    expect(await ask(database.url, 'select name from users')).toEqual(['ada']);
    await database.drop();
  });

  it('copes with hostile names of folders and files', async () => {
    const folder = `mig"rations '; drop`;
    project.write({ [`${folder}/20260101000000_it's "x".js`]: Object.values(USERS)[0] as string });
    const database = await createTestDatabase(
      options({ migrations: { directory: `./${folder}` } }),
    );
    expect(await ask(database.url, 'select name from users')).toEqual(['ada']);
    await database.drop();
  });

  it('takes a connection without a URL, with a password that is asked for', async () => {
    const { password, ...rest } = home.config;
    const connection = { ...rest, password: () => Promise.resolve(password) };
    const given = options({ connection });
    const database = await createTestDatabase(given);
    expect(await ask(database.url, 'select name from users')).toEqual(['ada']);
    await database.drop();
  });

  it('MIGRATION_FAILED names the change and its place, and leaves nothing behind', async () => {
    const path = 'migrations/20260101000001_broken.js';
    project.write({
      [path]: "exports.up = (knex) => knex.raw('select broken');\nexports.down = () => {};",
    });
    const failed = createTestDatabase(options());
    await expect(failed).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringMatching(/20260101000001_broken\.js failed .*:1\)/) as string,
    });
    expect([...(await own('building')), ...(await own('template'))]).toEqual([]);
    project.write({ [path]: 'exports.up = () => {};' });
    await (await createTestDatabase(options())).drop();
  });

  it('PERMISSION_DENIED for a role that may not create databases, with what to grant', async () => {
    const role = await createRole();
    await expect(createTestDatabase(options({}, role.url(home)))).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      fix: expect.stringContaining(`alter role "${role.name}" createdb`) as string,
    });
    await role.drop(home);
  });

  it('a role that may create databases and nothing else has databases of its own', async () => {
    const role = await createRole({ createDatabase: true });
    const [theirs, ours] = [
      await createTestDatabase(options({}, role.url(home))),
      await createTestDatabase(options()),
    ];
    expect(await ask(theirs.url, 'delete from users returning name')).toEqual(['ada']);
    expect(await own('template')).toHaveLength(2);
    await Promise.all([theirs.drop(), ours.drop()]);
    for (const name of await own('template')) {
      await home.query(`alter database "${name}" with is_template false`);
      await home.query(`drop database "${name}"`);
    }
    await role.drop(home);
  });

  it('CONNECTION_FAILED where no server is; USAGE for what it does not know', async () => {
    const nowhere = options({}, 'postgres://app:s3cret@127.0.0.1:1/app');
    await expect(createTestDatabase(nowhere)).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
    const unknown = { ...options(), knex: {} } as TestDatabaseOptions;
    await expect(createTestDatabase(unknown)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('USAGE where a database of the template’s name is none of ours', async () => {
    const prepared = await prepareTestDatabases(options());
    await home.query(`comment on database "${prepared.template}" is 'mine'`);
    await expect(createTestDatabase(options())).rejects.toMatchObject({ code: 'USAGE' });
    await prepared.close();
  });

  it('drops what is left over, and nothing that it did not make or that somebody uses', async () => {
    const owner = newOwner();
    const name = (purpose: Purpose, count: number): string =>
      temporaryName(purpose, 'shop', owner, count);
    const ours = [name('test', 1), name('building', 2), name('shadow', 3)];
    const used = name('test', 4);
    // Each lacks one of what shows that knexward has made it.
    const theirs = new Map<string, string | null>([
      [name('test', 5), 'please keep'],
      [name('shadow', 6), null],
      [name('building', 7), ownersComment(newOwner())],
      [`${name('shadow', 8)}0`, ownersComment(owner)],
      [`knexward_test_${home.name}`, ownersComment(owner)],
      [`knexward_shadow_${home.name}`, null],
      [`knexward_shadow_${(Date.now() - 120_000).toString(36)}_1234abcd`, null],
    ]);
    const comments = new Map([
      ...[...ours, used].map((each) => [each, ownersComment(owner)] as const),
      ...theirs,
    ]);
    // Until all is in place their owner lives: other tests drop what is left over on this server, too.
    await home.query(`select pg_advisory_lock(x'${owner}'::bigint)`);
    for (const [each, comment] of comments) {
      await home.query(`create database "${each}"`);
      if (comment !== null) await home.query(`comment on database "${each}" is '${comment}'`);
    }
    const user = new Client({ ...home.config, database: used });
    user.on('error', () => undefined);
    await user.connect();
    await home.query(`select pg_advisory_unlock(x'${owner}'::bigint)`);
    // A server that this process has not been to yet.
    const { close } = await prepareTestDatabases(options({}, `${home.url}?application_name=x`));
    await close();
    const there = async (...names: string[]): Promise<unknown[]> => {
      const sql = 'select datname from pg_database where datname = any ($1)';
      return (await home.query<{ datname: string }>(sql, [names])).map(({ datname }) => datname);
    };
    // Where another test is at it at the same moment, it is the one that drops them.
    await waitFor(async () => (await there(...ours)).length === 0);
    const kept = [used, ...theirs.keys()].sort();
    expect((await there(...kept)).sort()).toEqual(kept);
    await user.end();
    for (const each of kept) await home.query(`drop database "${each}"`);
  });

  it('drops old templates of its project that nobody has used for a week', async () => {
    const build = async (body: string): Promise<string> => {
      project.write({ 'migrations/20260101000001_b.js': `exports.up = () => {}; // ${body}` });
      const { template, close } = await prepareTestDatabases(options());
      await close();
      return template;
    };
    const usedDaysAgo = async (name: string, days: number): Promise<void> => {
      const day = new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
      const [row] = await home.query<{ comment: string }>(
        "select shobj_description(oid, 'pg_database') as comment from pg_database where datname = $1",
        [name],
      );
      const comment = row?.comment.replace(/"usedOn":"[^"]*"/, `"usedOn":"${day}"`) ?? '';
      await home.query(`comment on database "${name}" is '${comment}'`);
    };
    const [old, young, again] = [await build('old'), await build('young'), await build('again')];
    await usedDaysAgo(old, 8);
    await usedDaysAgo(young, 6);
    await usedDaysAgo(again, 30);
    // Its use is written down.
    await build('again');
    const newest = await build('newest');
    expect(await own('template')).toEqual([young, again, newest].sort());
  });

  it('a template that is dropped in between is built again', async () => {
    const prepared = await prepareTestDatabases(options());
    await home.query(`alter database "${prepared.template}" with is_template false`);
    await home.query(`drop database "${prepared.template}"`);
    const database = await createTestDatabase(options());
    expect(await ask(database.url, 'select name from users')).toEqual(['ada']);
    await Promise.all([database.drop(), prepared.close()]);
  });

  it('a call after the server has cut the connections works, and so does drop', async () => {
    const given = options({}, `${home.url}?application_name=${home.name}`);
    const before = await createTestDatabase(given);
    const cut = await home.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
      [home.name],
    );
    expect(cut).toHaveLength(2);
    const sessions = 'select from pg_stat_activity where application_name = $1';
    await waitFor(async () => (await home.query(sessions, [home.name])).length === 0);
    const after = await createTestDatabase(given);
    expect(await ask(after.url, 'select name from users')).toEqual(['ada']);
    await Promise.all([before.drop(), after.drop()]);
    expect(await own('test')).toEqual([]);
  });

  describeWithPgBouncer('through PgBouncer in transaction mode', () => {
    it('builds, copies and drops', async () => {
      const pooler = await startPgBouncer({ mode: 'transaction' });
      const database = await createTestDatabase(options({}, pooler.through(home.url)));
      expect(await ask(database.url, 'select name from users')).toEqual(['ada']);
      const other = await createTestDatabase(options({}, pooler.through(home.url)));
      await database.drop();
      await other.drop();
      expect(await own('test')).toEqual([]);
      await pooler.stop();
    });
  });
});
