import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { createDatabase, createRole, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

/** Everything in the database that a command could have changed, as one text. */
async function fingerprint(database: TestDatabase): Promise<string> {
  const rows = await database.query(
    `select c.oid::regclass::text, c.relkind, c.relnatts, c.xmin::text from pg_class c
      where relnamespace not in (select oid from pg_namespace where nspname like 'pg\\_%')
        and relnamespace <> 'information_schema'::regnamespace order by 1`,
  );
  return JSON.stringify(rows);
}

describe('bad input: a clear error that changes nothing', () => {
  let database: TestDatabase;
  let project: Project;
  const MIGRATION = `
    exports.up = (knex) => knex.schema.createTable('a', (t) => { t.increments(); });
    exports.down = (knex) => knex.schema.dropTable('a');`;

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20260101000000_a.js': MIGRATION,
    });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  const run = (args: string[], url = database.url): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: url });

  /** Runs a command that must fail, as text and as JSON, and must change nothing. */
  async function expectError(
    args: string[],
    expected: { exit: number; code: string; says: RegExp },
    url?: string,
  ): Promise<void> {
    const before = await fingerprint(database);
    const text = await run(args, url);
    expect(text.stderr).toMatch(expected.says);
    expect(text.stderr).not.toMatch(/\bat .*node_modules/);
    expect(text.code).toBe(expected.exit);
    const json = await run([...args, '--json'], url);
    expect(json.json()).toMatchObject({ version: 1, error: { code: expected.code } });
    expect(json.json<{ error: { fix: string } }>().error.fix).not.toBe('');
    expect(json.code).toBe(expected.exit);
    expect(await fingerprint(database)).toBe(before);
  }

  it('no database: the server is unreachable', () =>
    expectError(
      ['up'],
      {
        exit: 3,
        code: 'CONNECTION_FAILED',
        says: /No connection to the database "x" at 127.0.0.1:1/,
      },
      'postgresql://u:s3cret@127.0.0.1:1/x',
    ));

  it('no database of that name', () =>
    expectError(
      ['up'],
      { exit: 3, code: 'DATABASE_MISSING', says: /has no database "nowhere"/ },
      database.url.replace(/[^/]+$/, 'nowhere'),
    ));

  it('a wrong password, which no output shows', async () => {
    const url = database.url.replace(/:[^:@/]+@/, ':wr0ng-s3cret@');
    await expectError(
      ['up'],
      { exit: 3, code: 'AUTHENTICATION_FAILED', says: /refuses the user/ },
      url,
    );
    const debug = await run(['up', '--log-level', 'debug'], url);
    expect(debug.stdout + debug.stderr).not.toContain('wr0ng-s3cret');
  });

  it('no database named at all, in production', async () => {
    const { code, stderr } = await project.knexward(['up', '--env', 'production'], {});
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/UNKNOWN_ENVIRONMENT/) as string,
    });
    project.write({ 'knexfile.js': "module.exports = { client: 'pg' };" });
    await expectError(['up', '--env', 'production'], {
      exit: 2,
      code: 'NO_DATABASE',
      says: /names no database for the environment "production"/,
    });
  });

  it.each([
    [
      'a function that throws nothing',
      'connection: () => { throw null; }',
      /function connection cannot be used: null/,
    ],
    [
      'a file for TLS that is not there',
      "connection: 'postgresql://u@127.0.0.1/x?sslmode=require&sslrootcert=/nope'",
      /INVALID_CONNECTION .*\/nope/,
    ],
    [
      'knexward.embedded as the text of a variable',
      "knexward: { embedded: 'false' }",
      /'false' is no value .*knexward\.embedded/,
    ],
    [
      'knexward.embedded as a number',
      'knexward: { embedded: 1 }',
      /1 is no value .*knexward\.embedded/,
    ],
    ['knexward.embedded with a zero byte', "knexward: { embedded: 'a\\0b' }", /knexward\.embedded/],
    [
      'knexward.formats as a number',
      'knexward: { formats: 5 }',
      /knexward\.formats is a number\. It has to be an object/,
    ],
    [
      'formats of a kind that does not exist',
      'knexward: { formats: { a: 5 } }',
      /knexward\.formats/,
    ],
    [
      'a table name with a zero byte',
      "migrations: { tableName: 'x\\0y' }",
      /migrations\.tableName/,
    ],
    [
      'a schema name with a zero byte',
      "migrations: { schemaName: 'x\\0y' }",
      /migrations\.schemaName/,
    ],
    ['a search path that is a number', 'searchPath: 5', /searchPath is neither/],
    ['a search path with a zero byte', "searchPath: 'a\\0'", /searchPath is neither/],
  ])('%s: exit 2, with the entry that is wrong', async (_, entry, says) => {
    project.write({
      'knexfile.js': `module.exports = { client: 'pg', connection: process.env.TEST_DATABASE_URL, ${entry} };`,
    });
    const code = entry.includes('sslrootcert') ? 'INVALID_CONNECTION' : 'KNEXFILE_BROKEN';
    await expectError(['up'], { exit: 2, code, says });
  });

  it.each(['Prod', 'PRODUCTION', 'prod'])('reset in the environment %s: refused', async (name) => {
    project.write({
      'knexfile.js': `module.exports = { ${name}: { client: 'pg', connection: process.env.TEST_DATABASE_URL } };`,
    });
    await expectError(['reset', '--yes', '--env', name], {
      exit: 2,
      code: 'RESET_REFUSED',
      says: /reset drops the database, so it never runs in production/,
    });
  });

  it.each([
    [
      'a variable that is set to nothing goes before it',
      'DATABASE_URL=postgresql://u@127.0.0.1:1/x\n',
      { DATABASE_URL: '' },
    ],
    ['it is in UTF-16', '\ufeffDATABASE_URL=postgresql://u@127.0.0.1:1/x\n', {}],
  ])('a .env that names a database, and %s: never the embedded server', async (why, text, env) => {
    rmSync(join(project.root, 'knexfile.js'));
    const encoding = why.includes('16') ? 'utf16le' : 'utf8';
    writeFileSync(join(project.root, '.env'), text, encoding);
    const { code, stderr } = await project.knexward(['up'], env);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^NO_DATABASE .*\n.*\.env file names one/),
    ]);
  });

  it.each([
    ['in the repository', { 'repo/.git/HEAD': '' }],
    ['in the outermost package, where there is no repository', { 'repo/package.json': '{}' }],
  ])('a .env above, %s, names a database: never the embedded server', async (_, marks) => {
    rmSync(join(project.root, 'knexfile.js'));
    project.write({
      ...marks,
      'repo/.env': 'DATABASE_URL=postgresql://u:s3cret@127.0.0.1:1/x\n',
      'repo/packages/api/.env': 'PORT=3000\n',
      'repo/packages/api/migrations/20260101000000_a.js': MIGRATION,
    });
    const args = ['--cwd', 'repo/packages/api'];
    for (const command of ['up', 'status', 'reset']) {
      const { code, stderr } = await project.knexward([command, ...args]);
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(
          /^NO_DATABASE .*repo\/\.env names a database\.\n.*Set DATABASE_URL.*: cd \/\S+\/repo\n/,
        ),
      ]);
    }
    expect(existsSync(join(project.root, 'repo/packages/api/.knexward'))).toBe(false);
    // What is above the repository is somebody else's.
    project.write({ '.env': project.read('repo/.env'), 'repo/.env': 'PORT=3000\n' });
    const { stdout } = await project.knexward(['status', ...args]);
    expect(stdout).toContain('embedded PostgreSQL');
  });

  it('a read-only role', async () => {
    const role = await createRole();
    await database.query(`grant connect on database "${database.name}" to "${role.name}"`);
    await expectError(
      ['up'],
      { exit: 2, code: 'PERMISSION_DENIED', says: /permission denied for schema public/ },
      role.url(database),
    );
    const status = await run(['status'], role.url(database));
    expect(status).toMatchObject({ code: 0 });
    await role.drop(database);
  });

  it('an unknown environment', () =>
    expectError(['up', '-e', 'staging'], {
      exit: 2,
      code: 'UNKNOWN_ENVIRONMENT',
      says: /has no environment "staging".*\n.*It has: development/,
    }));

  it.each([
    ['a syntax error', 'module.exports = {'],
    ['an exception', "throw new Error('boom')"],
    ['nothing exported', ''],
    [
      'a setting with a word that means nothing',
      "module.exports = { client: 'pg', knexward: { checksums: 'strict' } }",
    ],
    ['a misspelt setting', "module.exports = { client: 'pg', knexward: { lockTimout: 5 } }"],
  ])('a broken knexfile: %s', async (_what, content) => {
    project.write({ 'knexfile.js': content });
    await expectError(['up'], { exit: 2, code: 'KNEXFILE_BROKEN', says: /knexfile/ });
  });

  it('a knexfile that is not there', () =>
    expectError(['up', '--knexfile', 'nowhere.js'], {
      exit: 2,
      code: 'KNEXFILE_NOT_FOUND',
      says: /no knexfile at .*nowhere\.js/,
    }));

  it('a client other than PostgreSQL (US10)', async () => {
    project.write({ 'knexfile.js': "module.exports = { client: 'mysql2', connection: {} };" });
    await expectError(['up'], { exit: 2, code: 'UNSUPPORTED_CLIENT', says: /PostgreSQL only/ });
  });

  it('a migration that exports no up, found before the ones in front of it run', async () => {
    project.write({ 'migrations/20260101000001_b.js': 'exports.down = () => {};' });
    await expectError(['up'], {
      exit: 2,
      code: 'INVALID_MIGRATION',
      says: /20260101000001_b\.js exports no function "up"/,
    });
  });

  it('a file of db-migrate without an up', async () => {
    project.write({ 'migrations/20150101000000-b.js': 'exports.down = () => {};' });
    await expectError(['up'], { exit: 2, code: 'INVALID_MIGRATION', says: /20150101000000-b\.js/ });
  });

  it('a migration with a syntax error', async () => {
    project.write({ 'migrations/20260101000001_b.js': 'exports.up = (' });
    await expectError(['up'], { exit: 2, code: 'INVALID_MIGRATION', says: /cannot be loaded/ });
  });

  it('a migration without a down, when it is to be reverted', async () => {
    project.write({ 'migrations/20260101000001_b.js': 'exports.up = async () => {};' });
    await run(['up']);
    await expectError(['down'], { exit: 2, code: 'INVALID_MIGRATION', says: /has no "down"/ });
  });

  it('a row without its file, when it is to be reverted; up goes on without it (EC-08)', async () => {
    await run(['up']);
    await database.query("update knex_migrations set name = '20200101000000_gone.js'");
    await expectError(['down'], { exit: 5, code: 'MISSING_FILE', says: /no such file/ });
    const status = await run(['status', '--json']);
    expect(status.json()).toMatchObject({
      problems: [{ code: 'MISSING_FILE', migration: '20200101000000_gone.js' }],
    });
  });

  it('two files for one migration', async () => {
    project.write({ 'migrations/20260101000000_a.ts': 'export async function up() {}' });
    await expectError(['up'], {
      exit: 2,
      code: 'DUPLICATE_FILE',
      says: /20260101000000_a\.js and .*20260101000000_a\.ts/,
    });
  });

  it("a history table that is not Knex's (EC-03)", async () => {
    await database.query('create table knex_migrations (version bigint)');
    await expectError(['up'], {
      exit: 5,
      code: 'HISTORY_TABLE_SHAPE',
      says: /it has the columns version/,
    });
  });

  it("Knex's own lock, taken", async () => {
    await run(['up']);
    await run(['down']);
    await database.query('update knex_migrations_lock set is_locked = 1');
    await expectError(['up'], { exit: 4, code: 'LOCKED', says: /If none runs: knexward unlock/ });
  });

  it("db-migrate's history, not adopted (EC-14)", async () => {
    await database.query(
      `create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
       insert into migrations (name, run_on) values ('/20150101000000-x', now())`,
    );
    await expectError(['up'], {
      exit: 5,
      code: 'NOT_ADOPTED',
      says: /1 of 1 row of.*knexward adopt/s,
    });
    await expectError(['down'], { exit: 5, code: 'NOT_ADOPTED', says: /knexward adopt/ });
  });

  it("another tool's table called migrations is none of our business", async () => {
    await database.query('create table migrations (id int, timestamp bigint, name text)');
    expect(await run(['up'])).toMatchObject({ code: 0 });
  });

  it('a hostile table name is quoted, not run', async () => {
    const name = `x"; drop table victim; --`;
    await database.query('create table victim (id int)');
    project.write({
      'knexfile.js': `module.exports = { client: 'pg', connection: process.env.TEST_DATABASE_URL,
        migrations: { directory: './migrations', tableName: ${JSON.stringify(name)} } };`,
    });
    expect(await run(['up'])).toMatchObject({ code: 0 });
    const rows = await database.query<{ relname: string }>(
      "select relname from pg_class where relkind = 'r' and relname like any (array['victim', 'x\"%'])",
    );
    expect(rows.map(({ relname }) => relname).sort()).toEqual(
      ['victim', name, `${name}_knexward_journal`, `${name}_lock`].sort(),
    );
    expect((await run(['down'])).code).toBe(0);
  });

  it('a hostile file name is recorded to the letter', async () => {
    const name = `20260101000001_b'); drop table a; --.js`;
    project.write({ [`migrations/${name}`]: 'exports.up = async () => {};' });
    expect(await run(['up'])).toMatchObject({ code: 0 });
    expect(await database.query('select name from knex_migrations order by id')).toEqual([
      { name: '20260101000000_a.js' },
      { name },
    ]);
  });

  it.each([
    ['../../outside'],
    ['a/b'],
    [''],
    ['.hidden'],
    ["x'; drop table a"],
    ['a\0b'.replace('\0', '\t/')],
    ['x'.repeat(300)],
  ])('a hostile name for a new migration: %j', (name) =>
    expectError(['create', name], { exit: 2, code: 'INVALID_NAME', says: /cannot be the name/ }),
  );

  it.each([
    ['an unknown command', ['uup'], /unknown command 'uup'[\s\S]*up/],
    ['an unknown verb', ['fleet', 'nope'], /unknown command 'nope'[\s\S]*knexward fleet --help/],
    ['a bad option of a verb', ['fleet', 'up', '--canary', '-1'], /knexward fleet up --help/],
    ['an unknown option', ['up', '--frobnicate'], /unknown option '--frobnicate'/],
    ['a count that is none', ['up', '-c', 'many'], /whole number/],
    ['a count of nothing', ['up', '-c', '0'], /at least 1/],
    ['a file for --cwd', ['status', '--cwd', 'knexfile.js'], /There is no folder/],
  ])('%s', async (_what, args, says) => {
    const { code, stderr } = await run(args);
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(says) as string,
    });
  });

  it('ways to go that exclude each other', () =>
    expectError(['down', '--all', '-c', '1'], {
      exit: 2,
      code: 'USAGE',
      says: /only one of them/,
    }));

  it('an empty folder: nothing is started and nothing is made', async () => {
    const empty = createProject({});
    const { code, stderr } = await empty.knexward(['up']);
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no knexfile and no migrations folder/) as string,
    });
    const { stdout } = await empty.node(['-p', "require('fs').readdirSync('.').join()"]);
    expect(stdout.trim()).toBe('node_modules');
    empty.remove();
  });

  it('production asks before it reverts, and without a terminal that is an error (SC-002, EC-06)', async () => {
    project.write({
      'knexfile.js': KNEXFILE.replace('development', 'production'),
    });
    await run(['up', '-e', 'production']);
    await expectError(['down', '-e', 'production'], {
      exit: 2,
      code: 'CONFIRMATION_REQUIRED',
      says: /This is production\. Revert 1 migration \(20260101000000_a\.js\)/,
    });
    expect(await run(['down', '-e', 'production', '--yes'])).toMatchObject({ code: 0 });
  });

  it('the connection lost in the middle: nothing of the change stays, and the next run does it (EC-05)', async () => {
    project.write({
      'migrations/20260101000001_b.js': `exports.up = async (knex) => {
        await knex.raw('create table b (id int)');
        await knex.raw("select pg_terminate_backend(pg_backend_pid()) where current_setting('application_name') <> 'spared'");
      };`,
    });
    const up = await run(['up', '--json']);
    expect(up.code).toBe(1);
    expect(up.json()).toMatchObject({ failed: { name: '20260101000001_b.js', sqlstate: '57P01' } });
    const client = new Client(database.config);
    await client.connect();
    expect((await client.query("select to_regclass('b') as b")).rows).toEqual([{ b: null }]);
    await client.end();
    project.write({
      'migrations/20260101000001_b.js': `exports.up = (knex) => knex.raw('create table b (id int)');`,
    });
    expect((await run(['up'])).stdout).toContain('Batch 2 run: 1 migrations');
  });
});
