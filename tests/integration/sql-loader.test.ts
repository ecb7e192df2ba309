import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

describe("SQL files by turns with Knex's own command line, with a knexfile that nobody has changed", () => {
  let database: TestDatabase;
  let project: Project;
  const env = () => ({ TEST_DATABASE_URL: database.url });
  const knexward = async (...args: string[]): Promise<Outcome> => project.knexward(args, env());
  const knex = (...args: string[]): Promise<Outcome> =>
    project.node(['node_modules/knex/bin/cli.js', ...args], env());
  const good = async (running: Promise<Outcome>): Promise<string> => {
    const { code, stdout, stderr } = await running;
    expect({ code, told: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, told: '' });
    return stdout;
  };
  const create = async (title: string, up: string, down: string): Promise<string> => {
    const { created } = (await knexward('create', title, '--sql', '--json')).json<{
      created: string[];
    }>();
    const [upFile = '', downFile = '', loader = ''] = created.map((path) =>
      path.slice(path.lastIndexOf('migrations/')),
    );
    project.write({ [upFile]: up, [downFile]: down });
    return loader.slice('migrations/'.length);
  };
  const history = async () =>
    (await database.query<{ name: string }>('select name from knex_migrations order by id')).map(
      ({ name }) => name,
    );

  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  test.each([
    ['CommonJS', {}, KNEXFILE],
    [
      'ES modules',
      { 'package.json': '{"type": "module"}' },
      KNEXFILE.replace('module.exports =', 'export default'),
    ],
  ])('in a project of %s, each runs what the other has left', async (_kind, files, knexfile) => {
    project = createProject({ ...files, 'knexfile.js': knexfile });
    // An operator, and no placeholder of Knex's.
    const withOperator = (table: string) =>
      `create table ${table} (x jsonb); select '{}'::jsonb ? 'x';`;
    const a = await create('a', withOperator('a'), 'drop table a');
    expect(a).toMatch(/^\d{14}_a\.js$/);
    await good(knexward('up'));
    expect(await history()).toEqual([a]);
    expect(await good(knex('migrate:status'))).toContain('0');
    expect(await good(knex('migrate:list'))).toContain(a);

    const b = await create('b', withOperator('b'), 'drop table b');
    await good(knex('migrate:latest'));
    expect(await history()).toEqual([a, b]);
    expect(await good(knexward('up'))).toContain('Already up to date');
    expect((await knexward('status', '--check', '--json')).json()).toMatchObject({
      applied: [{ name: a }, { name: b }],
      problems: [],
    });

    await good(knex('migrate:down'));
    await good(knexward('down'));
    expect(await history()).toEqual([]);
    await good(knexward('up'));
    await good(knex('migrate:rollback'));
    expect(await history()).toEqual([]);
    expect(await database.query("select to_regclass('a') as a")).toEqual([{ a: null }]);
  });

  test('an error has its place in the SQL file', async () => {
    project = createProject({ 'knexfile.js': KNEXFILE });
    const a = await create('a', 'create table a (\n  id intt\n)', '');
    const { code, stderr } = await knexward('up');
    expect(code).toBe(1);
    expect(stderr).toContain(`migrations/${a.replace('.js', '.up.sql')}:2`);
    expect(stderr).toContain(`${a} failed`);
  });

  test('the line that opts out of the transaction counts in both', async () => {
    project = createProject({ 'knexfile.js': KNEXFILE });
    const sql = '-- knexward: no-transaction\ncreate index concurrently on t (id)';
    await database.query('create table t (id int)');
    await create('a', sql, 'select 1');
    await good(knexward('up'));
    await create('b', sql, 'select 1');
    await good(knex('migrate:latest'));
    const indexes = await database.query("select from pg_indexes where tablename = 't'");
    expect(indexes).toHaveLength(2);
  });

  test('an edited SQL file is told, although the loader is what it was', async () => {
    project = createProject({ 'knexfile.js': KNEXFILE });
    const a = await create('a', 'create table a ()', 'drop table a');
    await good(knexward('up'));
    project.write({ [`migrations/${a.replace('.js', '.up.sql')}`]: 'create table a (id int)' });
    const { problems } = (await knexward('status', '--json')).json<{
      problems: { code: string; migration: string }[];
    }>();
    expect(problems).toEqual([expect.objectContaining({ code: 'CHANGED_FILE', migration: a })]);
  });

  test('the loader is in TypeScript where the migrations are', async () => {
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20200101000000_a.ts': 'export const up = async () => {}; export const down = up;',
    });
    expect(await create('b', '', '')).toMatch(/_b\.ts$/);
  });

  test("with knexward's migration source, and in a scope, no loader is needed", async () => {
    project = createProject({
      'knexfile.js': KNEXFILE.replace(
        "directory: './migrations'",
        "migrationSource: require('knexward').migrationSource({ directory: './migrations' })",
      ),
    });
    expect(await create('a', 'create table a ()', 'drop table a')).toBe('');
    await good(knexward('up'));
    expect(await good(knex('migrate:list'))).toContain('_a.up.sql');
    await good(knex('migrate:rollback'));
  });

  test('doctor names SQL files without a loader, which Knex does not find', async () => {
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20200101000000_a.up.sql': 'create table a ()',
    });
    await good(knexward('up'));
    expect((await knex('migrate:status')).stderr).toContain('corrupt');
    const { checks } = (await knexward('doctor', '--json')).json<{
      checks: { code: string; message: string }[];
    }>();
    expect(checks.find(({ code }) => code === 'KNEX_COMMANDS')?.message).toContain(
      "Knex's own command line does not find 20200101000000_a.up.sql",
    );
  });
});

describe('create by the knexfile', () => {
  let project: Project;
  afterEach(() => project.remove());
  const create = (migrations: string, ...args: string[]) => {
    project = createProject({
      'knexfile.js': KNEXFILE.replace("directory: './migrations'", migrations),
      'db/own.stub': '// of the team: <%= d.team %>\nexports.up = exports.down = async () => {};\n',
    });
    return project.knexward(['create', 'a', '--json', ...args]);
  };
  const content = (outcome: Outcome): string => {
    const [path = ''] = outcome.json<{ created: string[] }>().created;
    expect(existsSync(join(path))).toBe(true);
    return project.read(path.slice(project.root.length + 1));
  };

  test('writes by its template, as knex migrate:make does', async () => {
    const own = await create("stub: './db/own.stub', variables: { team: 'blue' }");
    const knex = await project.node(['node_modules/knex/bin/cli.js', 'migrate:make', 'b']);
    expect(knex.code).toBe(0);
    const made = /Created Migration: (\S+)/.exec(knex.stdout)?.[1] ?? '';
    expect(content(own)).toBe(project.read(made.slice(project.root.length + 1)));
    expect(content(own)).toContain('// of the team: blue');
  });

  test("writes with the extension that it names, one of Knex's own templates as well", async () => {
    const plain = await create("extension: 'cjs'");
    expect(plain.json<{ created: string[] }>().created[0]).toMatch(/_a\.cjs$/);
    project.remove();
    const outcome = await create("extension: 'ts-schema'");
    expect(outcome.json<{ created: string[] }>().created[0]).toMatch(/_a\.ts$/);
    expect(content(outcome)).toContain('up({schema}: Knex)');
  });

  test.each([
    [
      'an extension that it does not write',
      "extension: 'coffee'",
      'migrations.extension is "coffee"',
    ],
    ['a template that is not there', "stub: './no.stub'", 'no.stub'],
    [
      'a file that would not be found',
      "extension: 'mjs'",
      'add ".mjs" to migrations.loadExtensions',
    ],
  ])('refuses %s, and writes nothing', async (_what, migrations, told) => {
    const { code, stdout } = await create(migrations);
    expect({ code, error: JSON.parse(stdout) as unknown }).toMatchObject({ code: 2 });
    expect(JSON.stringify(JSON.parse(stdout))).toContain(JSON.stringify(told).slice(1, -1));
    expect(existsSync(join(project.root, 'migrations'))).toBe(false);
  });
});
