import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject, legacyTable } from '../support/db-migrate';
import {
  asDbMigrateWrites,
  createAliasProject,
  differences,
  namesIn,
  runAlias,
} from '../support/db-migrate-alias';
import { type Project } from '../support/project';
import { itOfSample } from '../support/sizes';

/*
 * The same program under real db-migrate and under knexward-db-migrate. A program is a child process
 * that makes one instance, calls it, and prints what each call came to.
 */

const FILES: Record<string, string> = {
  'database.json': JSON.stringify({ dev: { driver: 'pg' } }),
  'package.json': JSON.stringify({ name: 'same' }),
  'migrations/20200101000001-t1.js': legacyTable('t1'),
  'migrations/20200101000002-t2.js': legacyTable('t2'),
  'migrations/20200101000003-t3.js': legacyTable('t3'),
  'migrations/tenant/20200101000001-t1.js': legacyTable('tenant_t1'),
};

const PRELUDE = `
const dbMigrate = require('db-migrate');
const told = [];
const plain = (value) => Array.isArray(value) ? value.map((item) => item && item.name || item) : value;
const call = async (name, work) => {
  try { told.push([name, plain(await work())]); }
  catch (error) { told.push([name, 'failed', error.code, error.message]); }
};
const done = () => process.stdout.write('TOLD' + JSON.stringify(told), () => process.exit());
`;

interface Program {
  /** What stands between the making of the instance and the end. */
  body: string;
  options?: string;
  files?: Record<string, string>;
  args?: string[];
}

interface Ended {
  told: unknown[];
  code: number | null;
  history: string[];
}

async function run(project: Project, database: TestDatabase, program: Program): Promise<Ended> {
  const { body, options = '{ throwUncatched: true }', args = [] } = program;
  project.write({
    'program.js': `${PRELUDE}
(async () => {
  const dbm = dbMigrate.getInstance(true, ${options});
  dbm.silence(true);
  ${body}
  done();
})();`,
  });
  const outcome = await project.node(['program.js', ...args], { DATABASE_URL: database.url });
  const [, json] = outcome.stdout.split('TOLD');
  if (json === undefined) throw new Error(`${outcome.stdout}\n${outcome.stderr}`);
  const legacy = await namesIn(database, 'migrations');
  return {
    told: JSON.parse(json) as unknown[],
    code: outcome.code,
    history:
      legacy.length > 0 || existsSync(join(project.root, 'node_modules/db-migrate-pg'))
        ? legacy
        : asDbMigrateWrites(await namesIn(database, 'knex_migrations')),
  };
}

/** Runs a program under both, expects the same of both, and returns what it told. */
async function same(program: Program): Promise<unknown[]> {
  const files = { ...FILES, ...program.files };
  const [real, alias] = [createLegacyProject(files), createAliasProject(files)];
  const [expected, actual] = [await createDatabase(), await createDatabase()];
  try {
    const ended = await run(real, expected, program);
    expect(await run(alias, actual, program)).toEqual(ended);
    expect(await differences(expected, actual)).toEqual([]);
    expect(migrationsOf(alias)).toEqual(migrationsOf(real));
    return ended.told;
  } finally {
    for (const project of [real, alias]) project.remove();
    for (const database of [expected, actual]) await database.drop();
  }
}

/** The migrations' files; in the place of a timestamp that was made up stands what does not change. */
function migrationsOf(project: Project): string[] {
  const files = readdirSync(join(project.root, 'migrations'), { recursive: true }) as string[];
  const given = Object.keys(FILES).join();
  const timeless = (stamp: string) => (given.includes(stamp) ? stamp : 'NOW');
  return files.map((file) => file.replace(/\d{14}(?=-)/, timeless)).sort();
}

const itIfDrawn = itOfSample('programsOfDbMigrate');

describe('the same as db-migrate for programs (US6)', () => {
  itIfDrawn('has the same members', async () => {
    // But for rcconfig, which nothing reads: "internals hold less", docs/db-migrate-differences.md.
    const told = await same({
      body: `
        const methods = ['addGlobal', 'registerAPIHook', 'addConfiguration', 'resetConfiguration', 'up', 'down',
          'check', 'sync', 'reset', 'silence', 'transition', 'create', 'createDatabase', 'dropDatabase',
          'setConfigParam', 'setDefaultCallback', 'setCustomCallback', 'seed', 'undoSeed', 'resetSeed', 'run'];
        told.push(methods.map((name) => [name, typeof dbm[name]]));
        told.push(Object.keys(dbMigrate).sort(), '__esModule' in dbMigrate, dbMigrate.dataType, dbm.dataType, dbm.version);
        told.push(dbm.config.getCurrent().env, Object.keys(dbm.internals.argv).filter((name) => name !== 'rcconfig').sort());`,
    });
    expect(told[0]).toHaveLength(21);
  });

  itIfDrawn('up, check, down and reset resolve to what ran', async () => {
    const told = await same({
      body: `
        await call('check', () => dbm.check());
        await call('up 1', () => dbm.up(1));
        await call('up', () => dbm.up());
        await call('check', () => dbm.check());
        await call('down 2', () => dbm.down(2));
        await call('reset', () => dbm.reset());
        await call('reset', () => dbm.reset());`,
    });
    expect(told[0]).toEqual([
      'check',
      ['20200101000001-t1', '20200101000002-t2', '20200101000003-t3'],
    ]);
  });

  itIfDrawn('an instance remembers: down after up reverts everything', async () => {
    const told = await same({
      body: `
        await call('up', () => dbm.up());
        await call('up', () => dbm.up());
        await call('down', () => dbm.down());`,
    });
    expect(told[2]).toEqual([
      'down',
      ['20200101000003-t3', '20200101000002-t2', '20200101000001-t1'],
    ]);
  });

  itIfDrawn('names, scopes and sync', () =>
    same({
      body: `
        await call('up to', () => dbm.up('20200101000002'));
        await call('sync', () => dbm.sync('20200101000003-t3'));
        await call('sync', () => dbm.sync('20200101000001'));
        await call('up in a scope', () => dbm.up(undefined, 'tenant'));
        await call('check in a scope', () => dbm.check(undefined, 'tenant'));
        await call('reset a scope', () => dbm.reset('tenant'));`,
    }),
  );

  itIfDrawn('callbacks, in every place', () =>
    same({
      body: `
        const back = (name, start) => new Promise((resolve) => start((error, result) => {
          told.push([name, error && error.message, plain(result)]);
          resolve();
        }));
        await back('up', (callback) => dbm.up(callback));
        await back('down', (callback) => dbm.down(1, callback));
        await back('up', (callback) => dbm.up(1, '', callback));
        await back('reset', (callback) => dbm.reset(callback));
        await back('check', (callback) => dbm.check(callback));
        await back('create', (callback) => dbm.create('by callback', callback));`,
    }),
  );

  itIfDrawn('promises are Bluebird promises', () =>
    same({
      body: `
        await call('tap', () => dbm.up().tap(() => told.push('tapped')).get('length'));
        await call('nodeify', () => new Promise((resolve) => dbm.down(1).nodeify((_, result) => resolve(plain(result)))));`,
    }),
  );

  itIfDrawn('an error is the one that the server gave', async () => {
    const told = await same({
      files: {
        'migrations/20200101000002-t2.js': `
          exports.up = (db) => db.runSql('select * from nowhere');
          exports.down = () => null;`,
      },
      body: `
        await call('up', () => dbm.up());
        await call('check', () => dbm.check());`,
    });
    expect(told[0]).toEqual(['up', 'failed', '42P01', 'relation "nowhere" does not exist']);
  });

  itIfDrawn('create, createDatabase and dropDatabase', () =>
    same({
      body: `
        const name = 'api_' + process.pid;
        await call('create', () => dbm.create('add things'));
        await call('create in a scope', () => dbm.create('add_more', 'tenant'));
        await call('createDatabase', () => dbm.createDatabase(name));
        await call('again', () => dbm.createDatabase(name).catch((error) => error.code));
        await call('dropDatabase', () => dbm.dropDatabase(name));`,
    }),
  );

  itIfDrawn('options: an object as configuration, env, cwd, cmdOptions', () =>
    same({
      files: {
        'sub/migrations/20200501000000-sub.js': legacyTable('sub'),
        'database.json': '{}',
        'package.json': '{}',
      },
      options: `{
        throwUncatched: true,
        cwd: require('path').join(__dirname, 'sub'),
        env: 'custom',
        config: { custom: { driver: 'postgres' }, other: { driver: 'mysql' } },
        cmdOptions: { 'sql-file': true, count: 1 },
      }`,
      body: `
        await call('check', () => dbm.check());
        await call('up', () => dbm.up());
        await call('create', () => dbm.create('with sql'));
        told.push(dbm.config.getCurrent().env, dbm.internals.argv.count);`,
    }),
  );

  itIfDrawn("options on the program's own command line", () =>
    same({
      files: { 'database.json': JSON.stringify({ live: { driver: 'pg' } }) },
      args: ['--env', 'live', '--count', '2'],
      body: `await call('up', () => dbm.up());`,
    }),
  );

  itIfDrawn('setConfigParam, addGlobal, registerAPIHook, callbacks of its own', () =>
    same({
      files: {
        'package.json': JSON.stringify({
          dependencies: { 'db-migrate-plugin-hello': '1' },
        }),
        'node_modules/db-migrate-plugin-hello/index.js': `module.exports = {
          name: 'hello',
          hooks: ['init:api:addfunction:hook'],
          loadPlugin() {},
          'init:api:addfunction:hook': () => ['hello', () => 'hello from a plugin'],
        };`,
      },
      body: `
        told.push(dbm.setConfigParam('count', 1), dbm.addGlobal('path'), dbm.addGlobal('no-such-module'));
        await dbm.registerAPIHook();
        told.push(dbm.hello());
        await call('up', () => dbm.up());
        dbm.setCustomCallback((migrator, internals, callback, error, results) => {
          told.push(['own ending', error && error.message, plain(results), internals === dbm.internals]);
          migrator.driver.close(() => callback(null, 'mine'));
        });
        await call('up', () => dbm.up());
        dbm.setDefaultCallback();
        await call('check', () => dbm.check());`,
    }),
  );

  itIfDrawn('--check and dry runs', () =>
    same({
      options: `{ throwUncatched: true, cmdOptions: { check: true } }`,
      body: `
        await call('up', () => dbm.up());
        await call('down', () => dbm.down());`,
    }),
  );

  itIfDrawn('seeds, where db-migrate can run them: after a migration', () =>
    same({
      files: {
        'VCSeeder/20200101000000-first.js': `
          exports.setup = () => {};
          exports.up = (db) => db.runSql('insert into t1 default values');
          exports.down = (db) => db.runSql('delete from t1');`,
        'Seeder/20200101000000-static.js': `
          exports.setup = () => {};
          exports.truncate = (db, callback) => { db.runSql('delete from t2', callback); };
          exports.seed = (db, callback) => { db.runSql('insert into t2 default values', callback); };`,
      },
      body: `
        await call('up', () => dbm.up());
        await call('vc', () => dbm.seed('vc'));
        await call('vc', () => dbm.seed());
        await call('static', () => dbm.seed('static'));
        await call('static', () => dbm.seed('static'));
        const { Client } = require('pg');
        const client = new Client(process.env.DATABASE_URL);
        await client.connect();
        told.push((await client.query('select (select count(*) from t1) t1, (select count(*) from t2) t2')).rows);
        told.push((await client.query('select name from seeds')).rows);`,
    }),
  );
});

describe('what db-migrate cannot do', () => {
  let project: Project;
  let database: TestDatabase;

  beforeEach(async () => {
    project = createAliasProject({
      ...FILES,
      'VCSeeder/20200101000000-first.js': `
        exports.up = (db) => db.runSql('insert into t1 default values');
        exports.down = (db) => db.runSql('delete from t1');`,
    });
    database = await createDatabase();
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  itIfDrawn('reverts seeds', async () => {
    const { told } = await run(project, database, {
      body: `
        await call('up', () => dbm.up());
        await call('seed', () => dbm.seed());
        dbm.internals.argv.count = undefined;
        await call('undoSeed', () => dbm.undoSeed());`,
    });
    expect(told).toHaveLength(3);
    expect(JSON.stringify(told)).not.toContain('failed');
    expect(await database.query('select * from t1')).toEqual([]);
    expect(await database.query('select * from seeds')).toEqual([]);
  });

  itIfDrawn('takes a count of 0 for none, and adds a configuration', async () => {
    const { told } = await run(project, database, {
      options: `{ throwUncatched: true, cmdOptions: { l: 'x' } }`,
      body: `
        await call('up 0', () => dbm.up(0));
        told.push(dbm.addConfiguration('A letter.', ['letter', 'l'], 'string'), dbm.internals.argv.letter);
        await call('transition', () => dbm.transition());`,
    });
    expect(told.slice(0, 3)).toEqual([['up 0', null], true, 'x']);
    expect(told[3]).toContain('failed');
    expect(await namesIn(database, 'knex_migrations')).toEqual([]);
  });

  itIfDrawn('names a migration that never calls back', async () => {
    rmSync(join(project.root, 'migrations/20200101000001-t1.js'));
    project.write({
      'migrations/20200101000001-silent.js': 'exports.up = (db, callback) => {};',
    });
    // It is noticed where the process has nothing left to do.
    const outcome = await project.node(['node_modules/db-migrate/bin/db-migrate.js', 'up'], {
      DATABASE_URL: database.url,
    });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/^\[ERROR\] 20200101000001-silent: /);
    expect(await namesIn(database, 'knex_migrations')).toEqual([]);
  });

  const cli = (...args: string[]) => runAlias(project, args, { DATABASE_URL: database.url });

  itIfDrawn("runs Knex's own migrations beside the old ones", async () => {
    project.write({
      'migrations/20200101000002_knex.ts': `import { type Knex } from 'knex';
        export const up = (knex: Knex) => knex.schema.createTable('by_knex', () => undefined);
        export const down = (knex: Knex) => knex.schema.dropTable('by_knex');`,
    });
    expect((await cli('up')).code).toBe(0);
    expect(await namesIn(database, 'knex_migrations')).toEqual([
      '20200101000001-t1.js',
      '20200101000002-t2.js',
      '20200101000002_knex.ts',
      '20200101000003-t3.js',
    ]);
    const down = await cli('down', '-c', '2');
    expect(down.stdout).toContain('[INFO] Processed migration 20200101000002_knex\n');
    expect(await database.query("select to_regclass('by_knex') as found")).toEqual([
      { found: null },
    ]);
  });

  itIfDrawn('creates two migrations of one name within one second', async () => {
    const { told } = await run(project, database, {
      body: `
        await call('create', () => dbm.create('twice'));
        await call('create', () => dbm.create('twice'));`,
    });
    expect(told).toEqual([
      ['create', null],
      ['create', null],
    ]);
    const files = migrationsOf(project).filter((file) => file.endsWith('-twice.js'));
    expect(files).toHaveLength(2);
  });

  it.each([
    ['a file without a timestamp', { 'migrations/helper.js': '' }, 'helper.js has no timestamp'],
    [
      'a schema that does not exist',
      { 'database.json': '{"dev": {"driver": "pg", "schema": "nowhere"}}' },
      'The schema "nowhere"',
    ],
    ['an rc file that is no JSON', { '.db-migraterc': 'table = x' }, 'cannot be read as JSON'],
    [
      'a migration that fails, with its place',
      { 'migrations/20200101000000-bad.js': "exports.up = (db) => db.runSql('select 1/0');" },
      'at migrations/20200101000000-bad.js:1',
    ],
  ])('says what is wrong: %s', async (_, files, text) => {
    project.write(files);
    const { code, stderr } = await cli('up');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(text) as string });
    expect(stderr).toMatch(/^\[ERROR\] /);
    expect(await namesIn(database, 'public.knex_migrations')).toEqual([]);
  });

  itIfDrawn('two runners at once do the work once', async () => {
    const outcomes = await Promise.all([cli('up'), cli('up'), cli('up')]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await namesIn(database, 'knex_migrations')).toHaveLength(3);
    const processed = outcomes.map(({ stdout }) => stdout.match(/Processed/g)?.length ?? 0);
    expect(processed.reduce((sum, count) => sum + count)).toBe(3);
  });
});
