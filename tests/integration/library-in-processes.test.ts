import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, type Outcome, type Project, REPOSITORY } from '../support/project';
import { itOfSample } from '../support/sizes';

const REPLICAS = 10;

/** An application: it migrates when it starts, works with its own Knex, and has no process.exit. */
const APPLICATION = `
const createKnex = require('knex');
const { createMigrator, knexMigrate } = require('knexward');

const knex = createKnex({
  client: 'pg',
  connection: process.env.TEST_DATABASE_URL,
  searchPath: ['app', 'public'],
  pool: { min: 1, max: 2 },
  migrations: { directory: './migrations' },
});
const patience = { waitForLock: '10min' };
const settings = async () => {
  const sql = "select current_setting('search_path') as path, current_setting('lock_timeout') as lock," +
    " current_setting('application_name') as name, pg_backend_pid() as pid";
  return (await knex.raw(sql)).rows[0];
};

async function start() {
  const before = await settings();
  const migrated = process.argv[2] === 'face'
    ? { names: (await knexMigrate(knex, { settings: patience }).latest())[1] }
    : await createMigrator({ knex, settings: patience }).up().then(({ done, failed }) => ({
        names: done.map(({ name }) => name),
        failed,
      }));
  const after = await settings();
  const { rows } = await knex.raw('select count(*)::int as rows from app.counted');
  console.log(JSON.stringify({ ...migrated, before, after, ...rows[0] }));
  await knex.destroy();
}
start();
`;

const COUNTED = (name: string) => `
exports.up = async (knex) => {
  await knex.raw('create table if not exists counted (migration text, pid int)');
  await knex.raw("select pg_sleep(0.02)");
  await knex.raw("insert into counted values ('${name}', pg_backend_pid())");
};
exports.down = () => {};
`;

const NAMES = ['20260101000000_a.js', '20260101000001_b.js', '20260101000002_c.js'];

interface Report {
  names: string[];
  failed?: unknown;
  before: { pid: number; path: string };
  after: { pid: number; path: string };
  rows: number;
}

const itIfDrawn = itOfSample('libraryInProcesses');

describe('the library in programs', () => {
  let database: TestDatabase;
  let project: Project;
  const node = (args: string[], env: Record<string, string> = {}): Promise<Outcome> =>
    project.node(args, { TEST_DATABASE_URL: database.url, ...env });

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'app.js': APPLICATION,
      ...Object.fromEntries(NAMES.map((name) => [`migrations/${name}`, COUNTED(name)])),
    });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it.each(['migrator', 'face'])(
    `${REPLICAS} replicas migrate an empty database when they start, through the %s (SC-007)`,
    async (which) => {
      await database.query('create schema app');
      const started = Array.from({ length: REPLICAS }, () => node(['app.js', which]));
      const outcomes = await Promise.all(started);
      for (const { code, stderr } of outcomes) {
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      }
      const reports = outcomes.map(({ json }) => json<Report>());
      // Whoever it was, each was run once, by one of them, and all of them found it done.
      expect(reports.flatMap(({ names }) => names).sort()).toEqual(NAMES);
      expect(reports.map(({ rows }) => rows)).toEqual(reports.map(() => NAMES.length));
      const counted = await database.query('select migration from app.counted order by 1');
      expect(counted).toEqual(NAMES.map((migration) => ({ migration })));
      for (const { before, after } of reports) expect(after).toEqual(before);
    },
  );

  itIfDrawn(
    'a process ends by itself, also after a failed login, a failure and a stop',
    async () => {
      const { password, ...rest } = database.config;
      project.write({
        'migrations/20260102000000_broken.js': `
        exports.up = (knex) => knex.raw('select no_such_column');
        exports.down = () => {};`,
        'ends.js': `
        const { createMigrator } = require('knexward');
        const connection = ${JSON.stringify(rest)};
        const config = (more) => ({
          client: 'pg', connection: { ...connection, ...more }, migrations: { directory: './migrations' },
        });
        const controller = new AbortController();
        (async () => {
          const codes = [];
          await createMigrator({ config: config({}) }).up().catch(({ code }) => codes.push(code));
          const migrator = createMigrator({ config: config({ password: ${JSON.stringify(password)} }) });
          const { failed } = await migrator.up();
          codes.push(failed.sqlstate);
          controller.abort();
          await migrator.up({ signal: controller.signal }).catch(({ code }) => codes.push(code));
          await migrator.wait({ timeoutMs: 0 }).catch(({ code }) => codes.push(code));
          await migrator.plan();
          await migrator.down();
          codes.push((await migrator.status()).pending.length);
          console.log(JSON.stringify(codes));
        })();`,
      });
      const { code, stdout, stderr } = await node(['ends.js']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const codes = ['AUTHENTICATION_FAILED', '42703', 'INTERRUPTED', 'STILL_PENDING', 4];
      expect(JSON.parse(stdout)).toEqual(codes);
    },
  );

  itIfDrawn('the application that docs/library.md shows migrates, and ends by itself', async () => {
    const page = readFileSync(join(REPOSITORY, 'docs/library.md'), 'utf8');
    const shown = /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    project.write({ 'start.mjs': shown });
    for (const count of [3, 0]) {
      const { code, stdout, stderr } = await node(['start.mjs'], { DATABASE_URL: database.url });
      expect({ code, stdout, stderr }).toEqual({
        ...{ code: 0, stderr: '' },
        stdout: `${count} migrations applied\n`,
      });
    }
  });

  itIfDrawn(
    'with no database named, outside production, the embedded one, and the process ends',
    async () => {
      project.write({
        'embedded.js': `
        const { createMigrator } = require('knexward');
        (async () => {
          const folders = [];
          const listener = (event) => event.type === 'embedded' && folders.push(event.folder);
          const { failed } = await createMigrator({ listener }).up();
          console.log(JSON.stringify({ failed, folders }));
        })();`,
      });
      const { code, json, stderr } = await node(['embedded.js']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(json()).toEqual({ failed: null, folders: [join(project.root, '.knexward')] });
      const production = await node(['embedded.js'], { NODE_ENV: 'production' });
      expect(production.stderr).toContain('NO_DATABASE');
    },
  );

  itIfDrawn(
    'requiring the package loads neither Knex nor pg, nor what else does the work',
    async () => {
      project.write({
        'knexfile.js': `
        const { createMigrator, knexMigrate, migrationSource } = require('knexward');
        createMigrator();
        module.exports = { migrations: { migrationSource: migrationSource({ directory: '.' }) } };`,
        'look.js': `
        require('./knexfile.js');
        console.log(JSON.stringify(Object.keys(require.cache)));`,
      });
      const loaded = (await node(['look.js'])).json<string[]>();
      expect(loaded).toContain(join(REPOSITORY, 'dist/index.js'));
      expect(loaded.filter((path) => path.includes('node_modules'))).toEqual([]);
      const embedded = join(REPOSITORY, 'dist/embedded');
      expect(loaded.filter((path) => path.startsWith(embedded))).toEqual([]);
    },
  );

  itIfDrawn("it works in Jest, where an application's own tests migrate", async () => {
    project.write({
      'package.json': '{}',
      'knexfile.js': `module.exports = {
        client: 'pg', connection: process.env.TEST_DATABASE_URL, migrations: { directory: './migrations' },
      };`,
      'migrations/20260103000000_typed.ts': `
        import { type Knex } from 'knex';
        export const up = (knex: Knex): Promise<void> => knex.schema.createTable('typed', () => undefined);
        export const down = (knex: Knex): Promise<void> => knex.schema.dropTable('typed');`,
      'migrations/20260103000001-old.js': `
        exports.up = (db) => db.runSql('create table old ()');
        exports.down = (db) => db.dropTable('old');`,
      'app.test.js': `
        const createKnex = require('knex');
        const { createMigrator, knexMigrate } = require('knexward');
        test('up from the knexfile, down through the face', async () => {
          const { done, failed } = await createMigrator({ cwd: __dirname }).up();
          expect(failed).toBeNull();
          expect(done).toHaveLength(5);
          const knex = createKnex(require('./knexfile.js'));
          const [, names] = await knexMigrate(knex).rollback();
          expect(names).toHaveLength(5);
          await knex.destroy();
        });`,
    });
    const jest = join(REPOSITORY, 'node_modules/jest/bin/jest.js');
    const { code, stderr } = await node([
      ...[jest, '--rootDir', project.root, '--no-cache'],
      // Jest's own limit is five seconds.
      '--testTimeout=600000',
    ]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('1 passed')]);
  });
});
