import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject, dbMigrate, legacyTable } from '../support/db-migrate';
import { type Outcome, type Project } from '../support/project';

const containing = (text: string): unknown => expect.stringContaining(text);
const withoutText = (text: string): unknown => expect.not.stringContaining(text);

const MIGRATIONS = {
  'migrations/20150101000000-a.js': legacyTable('a'),
  'migrations/20160101000000-b.js': legacyTable('b'),
};

/** A project whose files are exactly these, beside two migrations of db-migrate's. */
function projectWith(files: Record<string, string>, scripts: Record<string, string> = {}): Project {
  const project = createLegacyProject({
    'package.json': JSON.stringify({ name: 'legacy', scripts }),
    ...MIGRATIONS,
    ...files,
  });
  if (!('database.json' in files)) project.delete('database.json');
  return project;
}

/*
 * Each of these projects worked with db-migrate. db-migrate runs first, and says with it which database
 * and which schema are meant; after `adopt` nothing may be pending there.
 */
describe('adopt takes a configuration for what db-migrate made of it (US4, FR-018)', () => {
  let database: TestDatabase;
  let other: TestDatabase;
  let project: Project;
  let env: Record<string, string>;
  const knexward = (...args: string[]): Promise<Outcome> => project.knexward(args, env);
  const adopt = (...args: string[]) => knexward('adopt', '--yes', '--json', ...args);

  beforeEach(async () => {
    [database, other] = await Promise.all([createDatabase(), createDatabase()]);
    env = {};
  });
  afterEach(async () => {
    project.remove();
    await Promise.all([database.drop(), other.drop()]);
  });

  async function migrateOld(...args: string[]): Promise<void> {
    const { code, stdout, stderr } = await dbMigrate(project, args, env);
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
    expect(stdout).not.toContain('[ERROR]');
  }

  /** Adopted two rows, and neither status nor up finds anything to do, in the order of a person. */
  async function nothingPendingAfterAdopt(adoptArgs: string[] = [], args: string[] = adoptArgs) {
    const adopted = await adopt(...adoptArgs);
    expect({ ...adopted, json: adopted.code === 0 ? adopted.json() : null }).toMatchObject({
      code: 0,
      json: { adopted: 2, verified: true },
    });
    const status = await knexward('status', ...args);
    expect(status).toMatchObject({ code: 0, stderr: withoutText('rror') });
    expect(await knexward('up', ...args)).toMatchObject({
      code: 0,
      stdout: containing('Already up to date'),
    });
  }

  const urlOf = (query: string): string => `${database.url}?${query}`;

  describe('what a URL says', () => {
    it('a schema in the URL of a whole environment', async () => {
      await database.query('create schema app');
      project = projectWith({ 'database.json': JSON.stringify({ dev: urlOf('schema=app') }) });
      await migrateOld('up');
      await nothingPendingAfterAdopt();
      expect(await database.query("select to_regclass('public.a') as a")).toEqual([{ a: null }]);
    });

    it('a schema in a URL that comes from a variable', async () => {
      await database.query('create schema app');
      project = projectWith({ 'database.json': JSON.stringify({ dev: { ENV: 'MY_URL' } }) });
      env = { MY_URL: urlOf('schema=app') };
      await migrateOld('up');
      await nothingPendingAfterAdopt();
    });

    it('in each environment of the file, not only in the one that is taken over first', async () => {
      await database.query('create schema app');
      await other.query('create schema sales');
      project = projectWith({
        'database.json': JSON.stringify({
          ...{ dev: urlOf('schema=app'), production: `${other.url}?schema=sales` },
          live: { ENV: 'LIVE_URL' },
        }),
      });
      env = { LIVE_URL: `${database.url}?schema=live` };
      await database.query('create schema live');
      for (const name of ['dev', 'production', 'live']) await migrateOld('up', '--env', name);
      await nothingPendingAfterAdopt();
      for (const name of ['production', 'live']) {
        await nothingPendingAfterAdopt(['--database-only', '--env', name], ['--env', name]);
      }
      expect(await other.query("select to_regclass('public.a') as a")).toEqual([{ a: null }]);
    });

    it('a schema in the URL under the key url, and one in DATABASE_URL', async () => {
      await database.query('create schema app');
      project = projectWith({ 'database.json': JSON.stringify({ dev: { driver: 'pg' } }) });
      env = { DATABASE_URL: urlOf('schema=app') };
      await migrateOld('up');
      await nothingPendingAfterAdopt();
    });

    it.each<[string, (url: string) => object]>([
      ['in the file', (url) => ({ dev: url })],
      ['under the key url', (url) => ({ dev: { url } })],
    ])('sslmode %s, which db-migrate gives no meaning', async (_where, content) => {
      project = projectWith({ 'database.json': JSON.stringify(content(urlOf('sslmode=require'))) });
      await migrateOld('up');
      await nothingPendingAfterAdopt();
    });

    it('sslmode in a variable', async () => {
      project = projectWith({ 'database.json': JSON.stringify({ dev: { ENV: 'MY_URL' } }) });
      env = { MY_URL: urlOf('sslmode=require') };
      await migrateOld('up');
      await nothingPendingAfterAdopt();
    });
  });

  describe('one input, one reader', () => {
    it('without a database.json, DATABASE_URL is read as db-migrate reads it', async () => {
      await database.query('create schema app');
      project = projectWith({});
      env = { DATABASE_URL: urlOf('schema=app&sslmode=require') };
      await migrateOld('up');
      await nothingPendingAfterAdopt();
    });

    it.each<[string, Record<string, string>]>([
      ['is missing', {}],
      ['throws as it is loaded', { 'db/config.js': "throw new Error('no DB.PASSWORD');" }],
      ['requires what is not installed', { 'db/config.js': "require('not-installed');" }],
    ])('a configFile that %s, where DATABASE_URL names the database', async (_, files) => {
      project = projectWith({ '.db-migraterc': '{ "configFile": "db/config.js" }', ...files });
      expect((await adopt()).code).toBe(2);
      env = { DATABASE_URL: database.url };
      await migrateOld('up');
      await nothingPendingAfterAdopt();
    });

    it('a configFile with a syntax error stops adopt, though db-migrate may do without it', async () => {
      const rc = '{ "configFile": "db/config.js" }';
      project = projectWith({ '.db-migraterc': rc, 'db/config.js': 'module.exports = {' });
      env = { DATABASE_URL: database.url };
      await migrateOld('up');
      const { code, stderr } = await knexward('adopt', '--yes');
      expect(code).toBe(2);
      expect(stderr).toContain('DB_MIGRATE_CONFIG');
    });

    it('scripts that name two configurations do not stop the next environment', async () => {
      const scripts = {
        migrate: 'db-migrate up --config db/a.json',
        create: 'db-migrate db:create app --config db/b.json',
      };
      const live = { ENV: 'LIVE_URL' };
      project = projectWith({
        'package.json': JSON.stringify({ scripts }),
        'db/a.json': JSON.stringify({ dev: database.url, live }),
        'db/b.json': '{}',
      });
      env = { LIVE_URL: other.url };
      for (const name of ['dev', 'live']) {
        await migrateOld('up', '--config', 'db/a.json', '--env', name);
      }
      await nothingPendingAfterAdopt(['--config', 'db/a.json'], []);
      await nothingPendingAfterAdopt(['--database-only', '--env', 'live'], ['--env', 'live']);
    });

    it('without a database.json, --env names an environment that the knexfile then has', async () => {
      project = projectWith({});
      env = { DATABASE_URL: database.url };
      await migrateOld('up', '--env', 'staging');
      await nothingPendingAfterAdopt(['--env', 'staging']);
    });

    it('.db-migraterc names the configuration under "configFile"', async () => {
      project = projectWith({
        '.db-migraterc': JSON.stringify({ configFile: 'config/db.json' }),
        'config/db.json': JSON.stringify({ dev: database.url }),
      });
      await migrateOld('up');
      await nothingPendingAfterAdopt();
      // It still does, and the file has another name now.
      for (const step of [[], ['--database-only'], ['--finish'], ['--undo']]) {
        expect({ step, ...(await adopt(...step)) }).toMatchObject({ step, code: 0 });
      }
      expect(existsSync(join(project.root, 'config/db.json'))).toBe(true);
    });

    it('.db-migraterc may name an environment, a folder and a table, and "config" names nothing', async () => {
      project = projectWith({
        '.db-migraterc': JSON.stringify({
          ...{ env: 'local', config: 'nowhere.json', table: 'log', 'migrations-dir': 'db/old' },
        }),
        'db/old/20150101000000-a.js': legacyTable('a'),
        'db/old/20160101000000-b.js': legacyTable('b'),
        'database.json': JSON.stringify({ dev: other.url, local: database.url }),
      });
      await migrateOld('up');
      await nothingPendingAfterAdopt([], ['--env', 'local']);
      expect(await other.query("select to_regclass('knex_migrations') as made")).toEqual([
        { made: null },
      ]);
    });

    it('another configuration on the command line than the file has is an error', async () => {
      project = projectWith({
        '.db-migraterc': JSON.stringify({ configFile: 'config/db.json' }),
        'config/db.json': JSON.stringify({ dev: database.url }),
        'other.json': JSON.stringify({ dev: other.url }),
      });
      const { code, json } = await adopt('--config', 'other.json');
      expect({ code, ...json() }).toMatchObject({ code: 2, error: { code: 'DB_MIGRATE_CONFIG' } });
    });
  });

  describe('success is a takeover that can run', () => {
    it('the migrations folder, the configuration and the table that only the scripts name', async () => {
      const options = '-m db/migs --config config/db.json -t log';
      project = projectWith(
        {
          'config/db.json': JSON.stringify({ dev: database.url }),
          'db/migs/20150101000000-a.js': legacyTable('a'),
          'db/migs/20160101000000-b.js': legacyTable('b'),
        },
        { migrate: `db-migrate up ${options}`, new: `db-migrate create ${options}` },
      );
      await migrateOld('up', ...options.split(' '));
      await nothingPendingAfterAdopt();
      expect(JSON.parse(project.read('package.json'))).toMatchObject({
        scripts: { migrate: 'knexward up', new: 'knexward create' },
      });
    });

    it('scripts that name several folders are an error', async () => {
      project = projectWith(
        { 'database.json': JSON.stringify({ dev: database.url }), 'b/.keep': '', 'a/.keep': '' },
        { a: 'db-migrate up -m a', b: 'db-migrate up -m b' },
      );
      const { code, json } = await adopt();
      expect({ code, ...json() }).toMatchObject({ code: 2, error: { code: 'DB_MIGRATE_CONFIG' } });
      expect(JSON.stringify(json())).toContain('--migrations-dir');
    });
  });

  describe('what was dynamic stays dynamic', () => {
    it('a default environment from a variable', async () => {
      project = projectWith(
        {
          'database.json': JSON.stringify({
            ...{ defaultEnv: { ENV: 'NODE_ENV' } },
            ...{ local: { ENV: 'LOCAL_URL' }, production: { ENV: 'PRODUCTION_URL' } },
          }),
        },
        { migrate: 'db-migrate up' },
      );
      env = { NODE_ENV: 'local', LOCAL_URL: database.url, PRODUCTION_URL: other.url };
      await migrateOld('up');
      await nothingPendingAfterAdopt();
      expect(JSON.parse(project.read('package.json'))).toMatchObject({
        scripts: { migrate: 'knexward up' },
      });
      env['NODE_ENV'] = 'production';
      expect((await knexward('up')).stdout).toContain('Using environment: production');
    });

    it('a default environment from another variable', async () => {
      project = projectWith(
        {
          'database.json': JSON.stringify({
            ...{ defaultEnv: { ENV: 'STAGE' } },
            ...{ local: { ENV: 'LOCAL_URL' }, live: { ENV: 'LIVE_URL' } },
          }),
        },
        { migrate: 'db-migrate up' },
      );
      env = { STAGE: 'local', LOCAL_URL: database.url, LIVE_URL: other.url };
      await migrateOld('up');
      await nothingPendingAfterAdopt([], ['--env', 'local']);
      // npm hands scripts to a shell.
      expect(JSON.parse(project.read('package.json'))).toMatchObject({
        scripts: { migrate: 'knexward up --env "$STAGE"' },
      });
    });

    it('what a .js configuration computes: no password is written, and other values are followed', async () => {
      const { hostname, port, username, password, pathname } = new URL(database.url);
      const DB_PASS = decodeURIComponent(password) || 'unused-secret';
      project = projectWith(
        {
          'config/database.js': `
            module.exports = {
              dev: {
                driver: 'pg', host: process.env.DB_HOST, port: process.env.DB_PORT,
                user: process.env.DB_USER, password: process.env.DB_PASS, database: 'x' + process.env.DB_SUFFIX,
              },
            };
            module.exports.dev.database = process.env.DB_SUFFIX;`,
        },
        { migrate: 'db-migrate up --config config/database.js' },
      );
      env = { DB_HOST: hostname, DB_PORT: port, DB_USER: username, DB_PASS };
      env['DB_SUFFIX'] = pathname.slice(1);
      await migrateOld('up', '--config', 'config/database.js');
      await nothingPendingAfterAdopt();
      const written = `${project.read('knexfile.js')}${project.read('knexward-adopted.json')}`;
      expect(written).not.toContain(DB_PASS);
      expect(written).not.toContain(database.name);
      expect(existsSync(join(project.root, 'config/database.js'))).toBe(true);
      env['DB_SUFFIX'] = other.name;
      expect((await knexward('up')).stdout).toContain('Batch 1 run: 2 migrations');
    });
  });

  it("another parser: .env is read as db-migrate's dotenv reads it, by adopt and by the knexfile", async () => {
    const name = `${database.name}#x`;
    await database.query(`create database "${name}"`);
    const { hostname, port, username, password } = new URL(database.url);
    project = projectWith({
      'database.json': JSON.stringify({
        dev: {
          ...{ driver: 'pg', host: hostname, port, user: username },
          ...{ password: decodeURIComponent(password), database: { ENV: 'NAME' } },
        },
      }),
      '.env': `NAME=${name}\n`,
    });
    try {
      await migrateOld('up');
      await nothingPendingAfterAdopt();
      expect(await database.query("select to_regclass('a') as a")).toEqual([{ a: null }]);
    } finally {
      await database.query(`drop database "${name}" with (force)`);
    }
  });

  describe('never the embedded server', () => {
    const noServer = () => expect(existsSync(join(project.root, '.knexward'))).toBe(false);

    it.each([['up'], ['adopt', '--database-only', '--yes'], ['status'], ['doctor']])(
      '%s, in an environment whose variable is not set',
      async (...args) => {
        project = projectWith({
          'database.json': JSON.stringify({ dev: database.url, live: { ENV: 'LIVE_URL' } }),
        });
        await migrateOld('up');
        await nothingPendingAfterAdopt();
        const { code, stdout, stderr } = await knexward(...args, '--env', 'live');
        expect(code).toBe(2);
        expect(`${stdout}${stderr}`).toContain('LIVE_URL');
        noServer();
      },
    );

    it.each<[string, Record<string, string>, Record<string, string>]>([
      ['a database.json', { 'database.json': '{ "dev": { "driver": "pg" } }' }, {}],
      ['a .db-migraterc', { '.db-migraterc': '{ "configFile": "config/db.json" }' }, {}],
      ['scripts that call db-migrate', {}, { migrate: 'db-migrate up --config config/db.json' }],
    ])('%s that was never adopted', async (_what, files, scripts) => {
      project = projectWith(files, scripts);
      for (const args of [['up'], ['status'], ['adopt', '--database-only', '--yes']]) {
        const { code, stderr } = await knexward(...args);
        // db-migrate itself goes to localhost for { "driver": "pg" }.
        if (args[0] !== 'adopt' || !('database.json' in files))
          expect({ args, code }).toEqual({ args, code: 2 });
        expect(stderr).not.toContain('embedded PostgreSQL');
      }
      noServer();
    });

    it('a database whose name is in a variable that is not set', async () => {
      project = projectWith({
        'database.json': JSON.stringify({ dev: { driver: 'pg', database: { ENV: 'NAME' } } }),
      });
      const { code, stderr } = await knexward('adopt', '--yes');
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: containing('NAME') });
    });
  });

  describe('one environment does not spoil the others', () => {
    it.each<[string, object]>([
      ['sqlite3', { driver: 'sqlite3', filename: ':memory:' }],
      ['a tunnel', { driver: 'pg', host: 'h', tunnel: { host: 'x' } }],
      ['the URL of another database', { url: 'mysql://root:secret@localhost/app' }],
    ])('%s', async (_what, test) => {
      project = projectWith({ 'database.json': JSON.stringify({ test, dev: database.url }) });
      await migrateOld('up');
      const plan = await adopt('--dry-run');
      expect(plan.json()).toMatchObject({
        warnings: [{ code: 'ENVIRONMENT_LEFT_OUT', message: containing('"test"') }],
      });
      await nothingPendingAfterAdopt();
      expect(project.read('knexfile.js')).not.toContain('secret');
      expect((await knexward('status', '--env', 'test')).code).toBe(2);
    });

    it('the environment that is asked for is refused by name', async () => {
      project = projectWith({
        'database.json': JSON.stringify({ test: { driver: 'sqlite3' }, dev: database.url }),
      });
      const { code, json } = await adopt('--env', 'test');
      expect({ code, ...json() }).toMatchObject({ code: 2, error: { code: 'DB_MIGRATE_CONFIG' } });
    });
  });

  it('the printed commands name an environment that knexward would not choose by itself', async () => {
    project = projectWith({
      'database.json': JSON.stringify({ default: 'def', def: database.url }),
    });
    await migrateOld('up');
    const { stdout } = await knexward('adopt', '--yes');
    expect(stdout).toContain('npx knexward status --env def');
    await nothingPending('--env', 'def');
  });

  describe('a history that was made without transactions', () => {
    const INDEX = `
exports.up = (db) => db.runSql('create index concurrently a_id on a (id)');
exports.down = (db) => db.runSql('drop index concurrently a_id');
`;
    const NAME = '20170101000000-index.js';

    it('an entry of its file in the knexfile lets it run, and its failure says so', async () => {
      project = projectWith({ 'database.json': JSON.stringify({ dev: database.url }) });
      await migrateOld('up');
      await nothingPendingAfterAdopt();
      project.write({ [`migrations/${NAME}`]: INDEX });
      const entry = `transactions: { '${NAME}': false }`;
      const refused = await knexward('up');
      expect(refused).toMatchObject({ code: 1, stderr: containing(entry) });
      expect(refused.stderr).not.toContain('exports.config');
      const knexfile = project.read('knexfile.js');
      project.write({ 'knexfile.js': knexfile.replace('dbMigrate:', `${entry}, dbMigrate:`) });
      const done = await knexward('up');
      expect(done).toMatchObject({ code: 0, stdout: containing('1 migration') });
      expect(done.stderr).not.toContain('EMPTY_MIGRATION');
      expect(await knexward('down')).toMatchObject({ code: 0 });
    });

    it.each<[string, Record<string, string>, string]>([
      ['the scripts', {}, 'db-migrate up --non-transactional'],
      ['.db-migraterc', { '.db-migraterc': '{ "non-transactional": true }' }, 'db-migrate up'],
    ])('what %s tell db-migrate is in the knexfile', async (_who, files, script) => {
      project = projectWith(
        {
          'database.json': JSON.stringify({ dev: database.url }),
          'migrations/20160601000000-index.js': INDEX,
          ...files,
        },
        { migrate: script },
      );
      await migrateOld(...script.split(' ').slice(1));
      expect((await adopt()).json()).toMatchObject({ adopted: 3 });
      expect(JSON.parse(project.read('package.json'))).toMatchObject({
        scripts: { migrate: 'knexward up' },
      });
      await database.query('drop table a, b, knex_migrations, knexward_journal, migrations');
      expect(await knexward('up')).toMatchObject({
        code: 0,
        stdout: containing('3 migrations'),
      });
      await database.query('drop table a, b, knex_migrations, knexward_journal');
      // Knex's own command line does the same.
      const knex = await project.node([
        'node_modules/knex/bin/cli.js',
        'migrate:latest',
        '--env',
        'dev',
      ]);
      expect(knex).toMatchObject({ code: 0, stdout: containing('3 migrations') });
    });

    it('a value that says nothing is refused', async () => {
      project = projectWith({
        'knexfile.js': `module.exports = { client: 'pg', connection: process.env.URL,
          knexward: { transactions: { a: 'no' } } };`,
      });
      env = { URL: database.url };
      expect(await knexward('status')).toMatchObject({
        code: 2,
        stderr: containing('knexward.transactions'),
      });
    });
  });

  async function nothingPending(...args: string[]): Promise<void> {
    expect(await knexward('status', ...args)).toMatchObject({ code: 0 });
  }

  it('NODE_ENV names another environment than db-migrate goes by: a question, not a guess', async () => {
    project = projectWith({
      'database.json': JSON.stringify({ dev: database.url, production: other.url }),
    });
    env = { NODE_ENV: 'production' };
    await migrateOld('up');
    const refused = await adopt();
    expect({ code: refused.code, ...refused.json() }).toMatchObject({
      code: 2,
      error: { code: 'AMBIGUOUS_ENVIRONMENT' },
    });
    await nothingPendingAfterAdopt(['--env', 'dev']);
  });
});
