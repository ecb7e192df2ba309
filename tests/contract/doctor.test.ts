import { createDatabase, createRole, type TestDatabase } from '../support/database';
import { runDoctor } from '../support/doctor';
import { createProject, KNEXFILE, type Project } from '../support/project';

describe('the contract of doctor', () => {
  let database: TestDatabase;
  let project: Project;
  const doctor = (...args: string[]) =>
    project.knexward(['doctor', ...args], { TEST_DATABASE_URL: database.url });

  beforeAll(async () => (database = await createDatabase()));
  afterAll(() => database.drop());
  beforeEach(() => {
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20260101000000_a.js': 'exports.up = async () => {};',
    });
  });
  afterEach(() => project.remove());

  it('well: exit 0, one JSON document, a fix for nothing', async () => {
    const { code, json, stderr } = await doctor('--json');
    const {
      version,
      environment,
      database: used,
      healthy,
      checks,
      ...more
    } = json<{
      version: number;
      environment: string;
      database: unknown;
      healthy: boolean;
      checks: Record<string, unknown>[];
    }>();
    expect([code, stderr, more]).toEqual([0, '', {}]);
    expect(used).toMatchObject({ database: database.name });
    expect([version, environment, healthy]).toEqual([1, 'development', true]);
    for (const check of checks) {
      expect(Object.keys(check)).toEqual(['code', 'status', 'message', 'fix']);
      expect(check).toMatchObject({ status: 'green', fix: null });
    }
  });

  it('as text: what is wrong last with its command below, then the counts; what passed with --verbose', async () => {
    project.write({
      'knexfile.js': KNEXFILE.replace("client: 'pg',", "client: 'pg', pool: { max: 0 },"),
    });
    await database.query('create table p (n int) partition by range (n)');
    await database.query('create table p1 partition of p for values from (0) to (9)');
    await database.query('create index p_n on only p (n)');
    const { code, stdout } = await doctor('--verbose');
    const short = await doctor();
    await database.query('drop table p');
    expect([code, short.code]).toEqual([6, 6]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toBe('Using environment: development');
    const marks = lines.slice(2, -1).map((line) => line.slice(0, 3).trim());
    const passed = marks.filter((mark) => mark === '✓').length;
    expect(marks).toEqual([...Array<string>(passed).fill('✓'), '!', '', '✗', '']);
    expect(lines.at(-4)).toMatch(/^ {6}alter index public\.p_n attach partition/);
    expect(lines.at(-3)).toMatch(/^ {2}✗ POOL /);
    expect(lines.at(-2)).toMatch(/^ {6}In the knexfile: pool/);
    expect(lines.at(-1)).toBe(`${passed} checks passed, 1 warning, 1 error`);
    expect(short.stdout).toBe(`${lines.filter((line) => !line.startsWith('  ✓')).join('\n')}\n`);
  });

  it('no connection: exit 3, the local checks and why, and no password anywhere', async () => {
    const url = 'postgresql://someone:hunter2@127.0.0.1:1/nowhere';
    const found = await runDoctor(project, url);
    expect(found.exitCode).toBe(3);
    expect(found.findings()).toEqual(['CONNECTION']);
    expect(found.of('CONNECTION')[0]?.message).toContain('127.0.0.1:1');
    expect(found.status('MIGRATIONS_FOLDER')).toBe('green');
    expect(found.checks.map(({ code }) => code)).not.toContain('HISTORY');
    const text = await project.knexward(['doctor', '--log-level', 'debug'], {
      TEST_DATABASE_URL: url,
    });
    expect(text.code).toBe(3);
    expect(text.stdout + text.stderr + found.outcome.stdout).not.toContain('hunter2');
  });

  it('a wrong password: exit 3, and neither the wrong nor the right one is shown', async () => {
    const role = await createRole();
    const url = role.url(database).replace(role.password, 'hunter2');
    const found = await runDoctor(project, url);
    await role.drop(database);
    expect(found.exitCode).toBe(3);
    expect(found.of('CONNECTION')[0]?.message).toContain('refuses the user');
    expect(found.outcome.stdout).not.toMatch(new RegExp(`hunter2|${role.password}`));
  });

  it.each([
    ['cannot be loaded', 'module.exports = {', []],
    ['lacks the environment', KNEXFILE, ['--env', 'staging']],
  ])('a knexfile that %s: exit 2, and this machine is looked at all the same', async (...given) => {
    const [, knexfile, args] = given;
    project.write({ 'knexfile.js': knexfile });
    const { code, json } = await doctor('--json', ...args);
    expect(code).toBe(2);
    const { checks } = json<{ checks: { code: string; status: string }[] }>();
    expect(checks.at(-1)).toMatchObject({ code: 'CONFIGURATION', status: 'red' });
    expect(checks[0]).toMatchObject({ code: 'NODE_VERSION', status: 'green' });
  });

  it('no database is named in production: exit 2', async () => {
    project.write({ 'knexfile.js': "module.exports = { client: 'pg' };" });
    const outcome = await project.knexward(['doctor', '--json', '--env', 'production']);
    expect(outcome.code).toBe(2);
    expect(outcome.stdout).toContain('names no database for the environment');
  });

  it('a folder that does not exist is wrong usage, not a finding', async () => {
    const { code, stdout, stderr } = await doctor('--cwd', './nowhere');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('USAGE There is no folder');
  });

  it('two files for one migration: red, and told once', async () => {
    project.write({ 'migrations/20260101000000_a.ts': 'export const up = async () => {};' });
    const found = await runDoctor(project, database.url);
    expect(found.exitCode).toBe(6);
    expect(found.findings()).toEqual(['MIGRATIONS_FOLDER']);
  });

  it('a migrations folder that is not there is red', async () => {
    project.write({ 'knexfile.js': KNEXFILE.replace('./migrations', './elsewhere') });
    const found = await runDoctor(project, database.url);
    expect(found.exitCode).toBe(6);
    expect(found.findings()).toEqual(['MIGRATIONS_FOLDER']);
  });

  it('disableTransactions and a short acquireConnectionTimeout are yellow', async () => {
    project.write({
      'knexfile.js': KNEXFILE.replace(
        "client: 'pg',",
        "client: 'pg', acquireConnectionTimeout: 50,",
      ).replace(
        "directory: './migrations'",
        "directory: './migrations', disableTransactions: true",
      ),
    });
    const found = await runDoctor(project, database.url);
    expect(found.exitCode).toBe(0);
    expect(found.findings()).toEqual(['POOL', 'TRANSACTIONS_OFF']);
  });

  it('a pool of one connection is green, and up works with it', async () => {
    const own = await createDatabase();
    project.write({
      'knexfile.js': KNEXFILE.replace(
        "client: 'pg',",
        "client: 'pg', pool: { max: 1 }, acquireConnectionTimeout: 5000,",
      ),
      'migrations/20260101000000_a.js':
        "exports.up = (knex) => knex.raw('create table a (id int)');",
      'migrations/20260101000001_b.js': `exports.config = { transaction: false };
        exports.up = (knex) => knex.raw('create index concurrently i on a (id)');`,
      'migrations/20260101000002-c.js':
        "exports.up = (db, callback) => db.runSql('create table c (id int)', callback);",
    });
    const found = await runDoctor(project, own.url);
    const up = await project.knexward(['up'], { TEST_DATABASE_URL: own.url });
    await own.drop();
    expect(found.status('POOL')).toBe('green');
    expect([up.code, up.stdout]).toEqual([0, expect.stringContaining('run: 3 migrations')]);
  });

  it('packages of another major version, or none at all, are yellow', async () => {
    const bare = createProject({ 'knexfile.js': KNEXFILE, 'migrations/.keep': '' }, []);
    bare.write({ 'node_modules/knex/package.json': '{"name":"knex","version":"2.5.1"}' });
    const found = await runDoctor(bare, database.url);
    bare.remove();
    expect(found.of('PACKAGES')).toMatchObject([
      { status: 'yellow', message: expect.stringContaining('knex 2.5.1') as string },
      { status: 'yellow', fix: 'npm install pg' },
    ]);
    expect(found.status('DB_MIGRATE')).toBe('green');
  });

  it('db-migrate beside it is mentioned, and is no fault', async () => {
    project.write({
      'node_modules/db-migrate/package.json': '{"name":"db-migrate","version":"0.11.14"}',
    });
    const found = await runDoctor(project, database.url);
    expect(found.findings()).toEqual([]);
    expect(found.of('DB_MIGRATE')[0]?.message).toContain('db-migrate 0.11.14');
  });

  it('a clock that is an hour off is yellow', async () => {
    project.write({
      'an-hour-ahead.js': 'const now = Date.now; Date.now = () => now() + 3600e3;',
    });
    const found = await runDoctor(project, database.url, {
      NODE_OPTIONS: `--require ${project.root}/an-hour-ahead.js`,
    });
    expect(found.exitCode).toBe(0);
    expect(found.findings()).toEqual(['CLOCK']);
    expect(found.of('CLOCK')[0]?.message).toMatch(/is 3(599|600|601) s behind/);
  });

  it('its help says what the colours and the exit codes mean', async () => {
    const { code, stdout } = await doctor('--help');
    expect(code).toBe(0);
    for (const word of ['yellow', 'red', 'passed', 'Exits with 0', 'only reads']) {
      expect(stdout).toContain(word);
    }
  });
});
