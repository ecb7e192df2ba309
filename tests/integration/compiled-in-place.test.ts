import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject, dbMigrate, legacyTable } from '../support/db-migrate';
import { type Outcome, type Project, REPOSITORY } from '../support/project';

/** TypeScript that could not run: whoever loads it fails. */
const SOURCE = 'throw new Error("a source was run"); export {};\n';

/** A plugin that makes db-migrate read TypeScript, as those on npm do. */
const PLUGIN = `
module.exports = {
  name: 'ts',
  hooks: ['migrator:migration:hook:require'],
  loadPlugin() {},
  'migrator:migration:hook:require': () => ({ extensions: 'ts' }),
};
`;

describe('TypeScript that is compiled in place (US4, FR-007)', () => {
  let database: TestDatabase;
  let project: Project;
  let env: Record<string, string>;
  const knexward = (...args: string[]): Promise<Outcome> => project.knexward(args, env);
  const knex = (...args: string[]): Promise<Outcome> =>
    project.node([`${REPOSITORY}/node_modules/knex/bin/cli.js`, ...args, '--env', 'dev'], env);
  const remove = (...names: string[]) => {
    for (const name of names) rmSync(join(project.root, 'migrations', name));
  };
  const oldRows = () => database.query<{ name: string }>('select name from migrations order by id');

  beforeEach(async () => {
    database = await createDatabase();
    env = { DATABASE_URL: database.url, TZ: 'UTC' };
    project = createLegacyProject({
      'migrations/20150101000000-a.js': legacyTable('a'),
      'migrations/20150101000000-a.ts': SOURCE,
      'migrations/20150101000000-a.d.ts': 'export {};\n',
      'migrations/20160101000000-b.js': legacyTable('b'),
      'migrations/20160101000000-b.ts': SOURCE,
    });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('is taken over by the files that db-migrate ran, and Knex and knexward agree on them', async () => {
    expect(await dbMigrate(project, ['up'], env)).toMatchObject({ code: 0 });
    expect((await oldRows()).map(({ name }) => name)).toEqual([
      '/20150101000000-a',
      '/20160101000000-b',
    ]);
    const { code, json } = await knexward('adopt', '--yes', '--json');
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      adopted: 2,
      history: [
        { name: '20150101000000-a.js', file: true },
        { name: '20160101000000-b.js', file: true },
      ],
      warnings: [
        {
          code: 'FILES_LEFT_OUT',
          message: expect.stringMatching(
            /^2 files are left out of migrations: .*20150101000000-a\.ts, 20160101000000-b\.ts$/,
          ) as unknown,
        },
      ],
    });
    expect((await knexward('up')).stdout).toContain('Already up to date');
    expect((await knexward('status', '--json')).json()).toMatchObject({
      upToDate: true,
      problems: [],
    });
    expect((await knex('migrate:list')).stdout).toContain('No Pending Migration files Found');

    project.write({
      'migrations/20170101000000-c.js': legacyTable('c'),
      'migrations/20170101000000-c.ts': SOURCE,
    });
    expect((await knexward('status', '--json')).json()).toMatchObject({
      pending: [{ name: '20170101000000-c.js' }],
    });
    const latest = await knex('migrate:latest');
    expect(latest).toMatchObject({ code: 0 });
    expect(latest.stdout).toContain('1 migrations');
    expect((await knexward('up')).stdout).toContain('Already up to date');
    expect((await knexward('down', '--all')).code).toBe(0);
  });

  it('in a scope too, and a module that migrations load is none of it', async () => {
    project.write({
      'migrations/shop/20180101000000-s.js': legacyTable('s'),
      'migrations/shop/20180101000000-s.ts': SOURCE,
      'migrations/shop/helper.ts': SOURCE,
    });
    expect(await dbMigrate(project, ['up'], env)).toMatchObject({ code: 0 });
    expect(await dbMigrate(project, ['up:shop'], env)).toMatchObject({ code: 0 });
    const { code, json } = await knexward('adopt', '--yes', '--json');
    expect(code).toBe(0);
    const { warnings } = json<{ warnings: { code: string; message: string }[] }>();
    expect(warnings.find((one) => one.code === 'FILES_LEFT_OUT')?.message).toContain(
      '3 files are left out',
    );
    expect(warnings.map(({ message }) => message).join()).not.toContain('helper');
    expect((await knexward('status', '--check')).code).toBe(0);
  });

  it('where a plugin of db-migrate reads both, adopt stops and names the files', async () => {
    const packageJson = JSON.parse(readFileSync(join(project.root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    packageJson.dependencies['db-migrate-plugin-ts'] = '1';
    remove('20150101000000-a.d.ts');
    project.write({
      'package.json': JSON.stringify(packageJson),
      'node_modules/db-migrate-plugin-ts/package.json': '{ "main": "index.js" }',
      'node_modules/db-migrate-plugin-ts/index.js': PLUGIN,
      'migrations/20150101000000-a.ts': legacyTable('a_again'),
      'migrations/20160101000000-b.ts': legacyTable('b_again'),
    });
    // The judge: each migration runs twice under such a plugin.
    expect(await dbMigrate(project, ['up'], env)).toMatchObject({ code: 0 });
    expect(await oldRows()).toHaveLength(4);
    const { code, json } = await knexward('adopt', '--yes', '--json');
    expect(code).toBe(2);
    expect(json()).toMatchObject({
      error: {
        code: 'DUPLICATE_FILE',
        message: expect.stringContaining('db-migrate-plugin-ts') as unknown,
        fix: expect.stringContaining('20150101000000-a.ts, 20160101000000-b.ts') as unknown,
      },
    });
    expect(
      await database.query("select 1 from pg_class where relname = 'knex_migrations'"),
    ).toEqual([]);
  });

  it('a TypeScript migration alone stays one', async () => {
    remove('20150101000000-a.ts', '20150101000000-a.d.ts', '20160101000000-b.ts');
    expect(await dbMigrate(project, ['up'], env)).toMatchObject({ code: 0 });
    project.write({ 'migrations/20170101000000-c.ts': 'export async function up() {}\n' });
    expect((await knexward('adopt', '--yes', '--json')).json()).toMatchObject({ warnings: [] });
    expect((await knexward('status', '--json')).json()).toMatchObject({
      pending: [{ name: '20170101000000-c.ts' }],
    });
  });
});

describe('the extensions of a migration source', () => {
  it('are a list', async () => {
    const project = createLegacyProject({
      'knexfile.js': `
const { migrationSource } = require('knexward');
module.exports = {
  client: 'pg',
  migrations: { migrationSource: migrationSource({ directory: '.', loadExtensions: '.js' }) },
};
`,
    });
    try {
      const { stderr } = await project.knexward(['status'], { DATABASE_URL: 'postgres://no/no' });
      expect(stderr).toContain("The knexfile's migrations.loadExtensions is '.js'");
    } finally {
      project.remove();
    }
  });

  it('are named in the error where two files stand for one migration', async () => {
    const project = createLegacyProject({
      'database.json': '{}',
      'knexfile.js': `
const { migrationSource } = require('knexward');
module.exports = {
  client: 'pg',
  connection: process.env.DATABASE_URL,
  migrations: { migrationSource: migrationSource({ directory: './migrations' }) },
};
`,
      'migrations/20150101000000_a.js': 'exports.up = async () => {};',
      'migrations/20150101000000_a.ts': SOURCE,
    });
    const database = await createDatabase();
    try {
      const { stderr } = await project.knexward(['up'], { DATABASE_URL: database.url });
      expect(stderr).toContain('migrationSource({ directory, loadExtensions })');
    } finally {
      project.remove();
      await database.drop();
    }
  });
});
