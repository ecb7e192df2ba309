import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const COMMANDS = [
  ...['up', 'down', 'status', 'currentVersion', 'create', 'redo'],
  ...['wait', 'adopt', 'unlock', 'resolve'],
];

describe('the command line', () => {
  let database: TestDatabase;
  let project: Project;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(() => {
    project = createProject({ 'knexfile.js': KNEXFILE });
  });
  afterEach(() => project.remove());

  it('--help names every command and the exit codes; each command teaches itself', async () => {
    const help = await knexward('--help');
    expect(help.code).toBe(0);
    for (const command of COMMANDS) expect(help.stdout).toMatch(new RegExp(`^  ${command}`, 'm'));
    expect(help.stdout).toContain('Exit codes: 0 done, 1 a migration failed');
    const each = await Promise.all(COMMANDS.map((command) => knexward(command, '--help')));
    // These connect to no database that it could name.
    const withoutUrl = ['create', 'seed:make', 'db'];
    for (const [at, { code, stdout }] of each.entries()) {
      expect(stdout.includes('--url')).toBe(!withoutUrl.includes(COMMANDS[at] as string));
      expect(code).toBe(0);
      for (const option of [
        ...['--env', '--knexfile', '--cwd', '--json', '--log-format', '--log-level'],
        '--no-color',
      ]) {
        expect(stdout).toContain(option);
      }
    }
  });

  it('--version is that of the package', async () => {
    const { stdout } = await knexward('--version');
    expect(stdout).toBe(
      `${(JSON.parse(project.read('node_modules/knexward/package.json')) as { version: string }).version}\n`,
    );
  });

  it('results go to stdout, progress to stderr; nothing else is on stdout with --json', async () => {
    project.write({
      'migrations/20260101000000_loud.js': `exports.up = async (knex) => {
        console.log('loud'); console.info('louder');
        await knex.raw('select 1');
      };
      exports.down = async () => {};`,
    });
    const up = await knexward('up', '--json');
    expect(up.json()).toMatchObject({
      version: 1,
      runId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      direction: 'up',
      batch: 1,
      done: [{ name: '20260101000000_loud.js', durationMs: expect.any(Number) as number }],
      failed: null,
      notReached: [],
    });
    expect(up.stderr).toContain('louder');
    const down = await knexward('down', '--json');
    expect(down.json()).toMatchObject({ direction: 'down', batch: 1, failed: null });
    expect((await knexward('down', '--json')).json()).toMatchObject({ batch: null, done: [] });
  });

  it('status --json has the shape of the contract; --check exits with 6 when anything is pending (FR-003, FR-005)', async () => {
    project.write({
      'migrations/20150101000000-x.js':
        "exports.up = (db) => db.runSql('select 1'); exports.down = () => null;",
    });
    const status = await knexward('status', '--check', '--json');
    expect(status.code).toBe(6);
    expect(status.json()).toEqual({
      version: 1,
      environment: 'development',
      database: expect.objectContaining({ database: database.name }) as object,
      upToDate: false,
      applied: [],
      pending: [{ name: '20150101000000-x.js', origin: 'db-migrate' }],
      problems: [],
    });
    await knexward('up');
    const after = await knexward('status', '--check', '--json');
    expect(after.code).toBe(0);
    expect(after.json()).toMatchObject({
      upToDate: true,
      applied: [
        {
          name: '20150101000000-x.js',
          batch: 1,
          appliedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$/) as string,
          origin: 'db-migrate',
        },
      ],
    });
    await knexward('down');
  });

  interface LogLine {
    level: number;
    msg: string;
    runId: string;
    migration?: string;
    code?: string;
    source?: string;
  }
  const logLines = (stderr: string): LogLine[] =>
    stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LogLine);
  const [INFO, ERROR] = [30, 50];

  it('--log-format json writes one JSON object a line to stderr, each with the run id of the journal', async () => {
    project.write({
      'migrations/20260101000000_a.js':
        "exports.up = (knex) => { console.log('from within'); return knex.raw('select 1'); }; exports.down = async () => {};",
    });
    const { stderr } = await knexward('up', '--log-format', 'json', '--log-level', 'debug');
    const lines = logLines(stderr);
    expect(lines.map(({ msg }) => msg)).toEqual(['planned', 'started', 'from within', 'done']);
    expect(lines[2]).toMatchObject({ source: 'migration', level: INFO });
    expect(lines[3]).toMatchObject({ migration: '20260101000000_a.js' });
    const journal = await database.query(
      'select run_id as "runId" from knexward_journal order by id desc limit 1',
    );
    expect(lines.map(({ runId }) => ({ runId }))).toEqual(lines.map(() => journal[0]));
    await knexward('down');
  });

  it('--log-format json: a failure is logged once, as an error, with no password in it', async () => {
    project.write({
      'migrations/20260101000000_a.js':
        'exports.up = (knex) => knex.raw("create role postgres password \'hunter2\'"); exports.down = async () => {};',
    });
    const { stderr, code } = await knexward('up', '--log-format', 'json');
    expect(code).toBe(1);
    const errors = logLines(stderr).filter(({ level }) => level === ERROR);
    expect(errors).toEqual([
      expect.objectContaining({ migration: '20260101000000_a.js', code: 'MIGRATION_FAILED' }),
    ]);
    expect(stderr).toContain('create role postgres password');
    expect(stderr).not.toContain('hunter2');
    const journal = await database.query('select details::text from knexward_journal');
    expect(JSON.stringify(journal)).not.toContain('hunter2');
  });

  it('--log-format json: an error before any work is one line too, beside the JSON document', async () => {
    const args = ['up', '--log-format=json', '--env', 'nowhere'];
    for (const json of [[], ['--json']]) {
      const { stderr, code } = await knexward(...args, ...json);
      expect(code).toBe(2);
      expect(logLines(stderr)).toEqual([
        expect.objectContaining({ level: ERROR, code: 'UNKNOWN_ENVIRONMENT' }),
      ]);
    }
  });

  it('without a terminal there is no colour, not even in a pipeline', async () => {
    for (const more of [{}, { CI: 'true' }, { FORCE_COLOR: '1' }]) {
      const { stdout, stderr } = await project.knexward(['status'], {
        TEST_DATABASE_URL: database.url,
        ...more,
      });
      // ESC is what every colour begins with.
      expect(stdout + stderr).not.toContain(String.fromCharCode(27));
    }
  });

  it('--cwd runs in another folder', async () => {
    const elsewhere = createProject({});
    const { stdout } = await elsewhere.knexward(['create', 'x', '--cwd', project.root]);
    expect(stdout).toContain('Created Migration: ');
    expect(readdirSync(join(project.root, 'migrations'))).toHaveLength(1);
    elsewhere.remove();
  });
});

describe('create (US3, FR-004, FR-008)', () => {
  let project: Project;
  const create = async (...args: string[]): Promise<string[]> => {
    const { code, stdout, stderr } = await project.knexward(['create', ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return [...stdout.matchAll(/^Created Migration: (.*)$/gm)].map(([, path = '']) => path);
  };
  beforeEach(() => {
    project = createProject({});
  });
  afterEach(() => project.remove());

  it('makes the folder, and a file with a UTC timestamp, up and down', async () => {
    const before = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
    const [path = ''] = await create('add email to users');
    expect(path).toMatch(/^migrations\/\d{14}_add_email_to_users\.js$/);
    expect(path.slice('migrations/'.length, 'migrations/'.length + 14) >= before).toBe(true);
    expect(project.read(path)).toMatch(/exports\.up[\s\S]*exports\.down/);
  });

  it('same name twice: a newer timestamp, never an overwrite', async () => {
    const paths = [];
    for (let i = 0; i < 3; i++) paths.push(...(await create('twice', '--js')));
    expect(new Set(paths).size).toBe(3);
    expect([...paths].sort()).toEqual(paths);
  });

  it('ten at once make ten files', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => create('crowd', '--js')));
    expect(new Set(all.flat()).size).toBe(10);
  });

  it.each([
    ['--ts', ['.ts'], /export async function up\(knex: Knex\)/],
    ['--js', ['.js'], /exports\.up/],
    ['--sql', ['.up.sql', '.down.sql', '.js'], /-- /],
  ])('%s', async (flag, endings, content) => {
    const paths = await create('x', flag);
    expect(paths.map((path) => path.replace(/^.*_x/, ''))).toEqual(endings);
    expect(project.read(paths[0] ?? '')).toMatch(content);
  });

  it('without a flag: what the folder already holds, else TypeScript where there is a tsconfig.json', async () => {
    project.write({ 'tsconfig.json': '{}' });
    expect((await create('a'))[0]).toMatch(/\.ts$/);
    project.write({ 'migrations/29990101000000_later.up.sql': '' });
    expect((await create('b'))[0]).toMatch(/29990101000001_b\.up\.sql$/);
  });

  it('in an ES module package a .js file is one', async () => {
    project.write({ 'package.json': '{ "type": "module" }' });
    const [path = ''] = await create('x');
    expect(project.read(path)).toMatch(/export async function up/);
  });

  it('needs no database and starts none', async () => {
    await create('x');
    expect(existsSync(join(project.root, '.knexward'))).toBe(false);
  });
});

describe('configuration (FR-010)', () => {
  let database: TestDatabase;
  let project: Project;
  const MIGRATION = { 'migrations/20260101000000_a.js': 'exports.up = async () => {};' };
  const environmentOf = async (args: string[], env: Record<string, string>): Promise<string> => {
    const { stdout, stderr } = await project.knexward(['status', ...args], env);
    return /^Using environment: (.*)$/m.exec(stdout)?.[1] ?? stderr;
  };

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());
  afterEach(() => project.remove());

  const connection = () => `{ client: 'pg', connection: ${JSON.stringify(database.url)} }`;

  it.each([
    ['knexfile.js', (c: string) => `module.exports = ${c};`],
    ['knexfile.cjs', (c: string) => `module.exports = async () => (${c});`],
    ['knexfile.mjs', (c: string) => `export default ${c};`],
    [
      'knexfile.ts',
      (c: string) =>
        `import type { Config } from 'knexward';\nconst c: Config = ${c};\nexport default c;`,
    ],
    ['src/config/knexfile.ts', (c: string) => `export = ${c};`],
    [
      'config/knexfile.js',
      (c: string) =>
        `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = ${c};`,
    ],
  ])('finds and loads %s (US10)', async (path, render) => {
    // As with "knex --knexfile PATH": a relative path starts in the knexfile's folder.
    const up = dirname(path).replace(/[^/.]+/g, '..');
    const config = `{ client: 'pg', connection: ${JSON.stringify(database.url)}, migrations: { directory: '${up}/migrations' } }`;
    project = createProject({ ...MIGRATION, [path]: render(config) });
    const { code, stdout, stderr } = await project.knexward(['status', '--json']);
    expect({ code, stderr, stdout }).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ pending: [{ name: '20260101000000_a.js' }] });
  });

  it('follows the paths of tsconfig.json; one that extends a file that is not there does no harm (US10)', async () => {
    project = createProject({
      ...MIGRATION,
      'tsconfig.json': '{ "compilerOptions": { "paths": { "#where": ["./lib/where.ts"] } } }',
      'lib/where.ts': `export const url = ${JSON.stringify(database.url)};`,
      'knexfile.ts': `import { url } from '#where';
        export default { client: 'pg', connection: url };`,
    });
    expect(await project.knexward(['status'])).toMatchObject({ code: 0, stderr: '' });
    project.write({
      'tsconfig.json': '{ "extends": "../nowhere.json" }',
      'knexfile.ts': `export default ${connection()};`,
    });
    expect(await project.knexward(['status'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('chooses the environment, and names it: --env, else NODE_ENV, else development, else dev (FR-017)', async () => {
    const c = connection();
    project = createProject({
      ...MIGRATION,
      'knexfile.js': `module.exports = { development: ${c}, test: ${c}, staging: ${c}, dev: ${c} };`,
    });
    expect(await environmentOf(['-e', 'staging'], { NODE_ENV: 'test' })).toBe('staging');
    expect(await environmentOf([], { NODE_ENV: 'test' })).toBe('test');
    expect(await environmentOf([], {})).toBe('development');
    project.write({ 'knexfile.js': `module.exports = { dev: ${c}, production: ${c} };` });
    expect(await environmentOf([], {})).toBe('dev');
  });

  it('without a knexfile: DATABASE_URL, or the PG* variables, and ./migrations', async () => {
    project = createProject(MIGRATION);
    const url = new URL(database.url);
    const variables: Record<string, string>[] = [
      { DATABASE_URL: database.url },
      {
        PGHOST: url.hostname,
        PGPORT: url.port,
        PGUSER: url.username,
        PGPASSWORD: url.password,
        PGDATABASE: database.name,
      },
    ];
    for (const env of variables) {
      const { code, stdout } = await project.knexward(['status'], env);
      expect({ code, stdout }).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('20260101000000_a.js') as string,
      });
    }
    expect(existsSync(join(project.root, '.knexward'))).toBe(false);
  });

  it("reads the project's .env, as db-migrate did, and never over what is set", async () => {
    project = createProject({ ...MIGRATION, '.env': `DATABASE_URL=${database.url}\n` });
    expect(await project.knexward(['status'])).toMatchObject({ code: 0, stderr: '' });
    const other = await project.knexward(['status'], {
      DATABASE_URL: 'postgresql://u@127.0.0.1:1/x',
    });
    expect(other.code).toBe(3);
  });

  it('with no database named, outside production: the embedded PostgreSQL, and a line that says so (EC-06)', async () => {
    project = createProject(MIGRATION);
    const up = await project.knexward(['up']);
    expect(up.stderr).toContain('Using the embedded PostgreSQL in ');
    expect(up.stdout).toContain('Batch 1 run: 1 migrations');
    expect((await project.knexward(['up'])).stdout).toContain('Already up to date');
    const production = await project.knexward(['up'], { NODE_ENV: 'production' });
    expect(production).toMatchObject({ code: 2 });
    expect(production.stderr).toContain('NO_DATABASE');
  });

  it("a schema in front of the search path is where history and tables go, Knex's way", async () => {
    await database.query('create schema app');
    project = createProject({
      'knexfile.js': `module.exports = { client: 'pg', connection: ${JSON.stringify(database.url)},
        searchPath: ['app', 'public'], migrations: { directory: './migrations', schemaName: 'app' } };`,
      'migrations/20260101000000_a.js': `exports.up = (knex) => knex.schema.createTable('t', (t) => { t.increments(); });`,
      'migrations/20150101000000-b.js': `exports.up = function (db) { return db.createTable('b', { id: 'int' }); };`,
    });
    expect(await project.knexward(['up'])).toMatchObject({ code: 0 });
    expect(
      await database.query(
        "select tablename as name from pg_tables where schemaname = 'app' order by 1",
      ),
    ).toEqual(
      ['b', 'knex_migrations', 'knex_migrations_lock', 'knexward_journal', 't'].map((name) => ({
        name,
      })),
    );
  });
});
