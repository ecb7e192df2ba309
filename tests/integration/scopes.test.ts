import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { projectConfig } from '../../src/config/resolve';
import { narrowToScope } from '../../src/config/scope';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject, dbMigrate, legacyTable } from '../support/db-migrate';
import { type Outcome, type Project } from '../support/project';
import { sampleOf } from '../support/sizes';

/** Migrations outside of scopes and in two, one of them nested; three share a file's name. */
const MIGRATIONS = {
  'migrations/20150101000000-first.js': legacyTable('first'),
  'migrations/20170101000000-last.js': legacyTable('last'),
  'migrations/tenant/20150101000000-first.js': legacyTable('tenant_first'),
  'migrations/tenant/20160101000000-second.js': legacyTable('tenant_second'),
  'migrations/tenant/billing/20150101000000-first.js': legacyTable('billing_first'),
};

interface StatusDocument {
  upToDate: boolean;
  applied: { name: string; batch: number }[];
  pending: { name: string }[];
  problems: { code: string; migration: string | null }[];
}

let databases: TestDatabase[] = [];
let projects: Project[] = [];

/** A project on a database of its own, with what runs in it. */
async function setUp(files: Record<string, string> = MIGRATIONS) {
  const database = await createDatabase();
  const project = createLegacyProject(files);
  databases.push(database);
  projects.push(project);
  const env = { DATABASE_URL: database.url };
  const succeed = async (outcome: Promise<Outcome>) => {
    const { code, stdout, stderr, json } = await outcome;
    // With all it said, should it fail.
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout, stderr });
    return { stdout, json };
  };
  return {
    database,
    project,
    knexward: (...args: string[]) => project.knexward(args, env),
    /** The same, for a command that must succeed. */
    run: (...args: string[]) => succeed(project.knexward(args, env)),
    legacy: (...args: string[]) => succeed(dbMigrate(project, args, env)),
    status: async (...args: string[]) =>
      (await project.knexward(['status', '--json', ...args], env)).json<StatusDocument>(),
    /** The tables that migrations made, with their schemas. */
    tables: async () =>
      (
        await database.query<{ name: string }>(
          `select schemaname || '.' || tablename as name from pg_tables
            where schemaname not in ('pg_catalog', 'information_schema')
              and tablename not like 'knex%' and tablename <> 'migrations' order by 1`,
        )
      ).map(({ name }) => name),
    rows: async (schema = 'public') =>
      (
        await database.query<{ name: string }>(
          `select name from ${schema}.knex_migrations order by id`,
        )
      ).map(({ name }) => name),
  };
}

afterEach(async () => {
  for (const project of projects) project.remove();
  for (const database of databases) await database.drop();
  [projects, databases] = [[], []];
});

describe('scopes: a history that real db-migrate wrote (EC-13)', () => {
  it('is copied under its names, runs nothing again, and shows as applied', async () => {
    const { run, legacy, rows, status, tables } = await setUp();
    for (const command of ['up', 'up:tenant', 'up:tenant/billing']) await legacy(command);
    const before = await tables();
    const { json } = await run('adopt', '--yes', '--json');
    expect(json()).toMatchObject({
      adopted: 5,
      history: [
        { from: '/20150101000000-first', name: '20150101000000-first.js', file: true },
        { from: '/20170101000000-last', name: '20170101000000-last.js', file: true },
        { from: 'tenant/20150101000000-first', name: 'tenant/20150101000000-first.js', file: true },
        { name: 'tenant/20160101000000-second.js', file: true },
        { name: 'tenant/billing/20150101000000-first.js', file: true },
      ],
    });
    for (const scope of [[], ['--scope', 'tenant'], ['--scope', 'tenant/billing']]) {
      expect((await run('up', ...scope)).stdout).toContain('Already up to date');
      expect(await status(...scope)).toMatchObject({ upToDate: true, problems: [] });
    }
    expect((await status()).applied.map(({ name }) => name)).toEqual(await rows());
    expect((await status('--scope', 'tenant')).applied).toEqual([
      expect.objectContaining({ name: 'tenant/20150101000000-first.js' }),
      expect.objectContaining({ name: 'tenant/20160101000000-second.js' }),
    ]);
    expect(await tables()).toEqual(before);
  });

  it('goes down as with db-migrate: a scope, or what is in none, and nothing else', async () => {
    const [ours, theirs] = [await setUp(), await setUp()];
    for (const { legacy } of [ours, theirs]) {
      // The newest of all is a scope's, so that an unscoped down could take the wrong one.
      for (const command of ['up', 'up:tenant/billing', 'up:tenant']) await legacy(command);
    }
    await ours.run('adopt', '--yes');
    const sequence = [
      [['down'], 'down'],
      [['down', '--scope', 'tenant'], 'down:tenant'],
      [['up', '--scope', 'tenant'], 'up:tenant'],
      [['down', '--all', '--scope', 'tenant'], 'reset:tenant'],
      [['down', '--all'], 'reset'],
    ] as const;
    for (const [own, legacy] of sequence) {
      await ours.run(...own);
      await theirs.legacy(legacy);
      expect([own, await ours.tables()]).toEqual([own, await theirs.tables()]);
    }
    expect(await ours.rows()).toEqual(['tenant/billing/20150101000000-first.js']);
  });

  it('leaves a new migration of a scope to a run that asks for it', async () => {
    const { run, legacy, rows, status, project, tables } = await setUp();
    for (const command of ['up', 'up:tenant']) await legacy(command);
    await run('adopt', '--yes');
    project.write({ 'migrations/tenant/20180101000000-third.js': legacyTable('tenant_third') });
    expect((await run('up')).stdout).toContain('Already up to date');
    expect(await status()).toMatchObject({ pending: [] });
    expect(await status('--scope', 'tenant')).toMatchObject({
      upToDate: false,
      pending: [{ name: 'tenant/20180101000000-third.js' }],
    });
    const dryRun = await run('up', '--scope', 'tenant', '--dry-run');
    expect(dryRun.stdout).toContain('tenant/20180101000000-third.js');
    await run('up', '--scope', 'tenant');
    expect(await tables()).toContain('public.tenant_third');
    expect((await rows()).at(-1)).toBe('tenant/20180101000000-third.js');
    // A name may be given as the file has it.
    await run('down', '20160101000000-second', '--scope', 'tenant');
    expect((await rows()).at(-1)).toBe('tenant/20150101000000-first.js');
  });

  it('still lets plain Knex run what is in no scope', async () => {
    const { run, legacy, project, database } = await setUp();
    for (const command of ['up:tenant', 'up']) await legacy(command);
    await run('adopt', '--yes');
    const knex = await project.node(
      ['node_modules/knex/bin/cli.js', 'migrate:latest', '--env', 'dev'],
      { DATABASE_URL: database.url },
    );
    expect({ code: knex.code, out: knex.stdout + knex.stderr }).toMatchObject({
      code: 0,
      out: expect.stringContaining('Already up to date') as string,
    });
  });

  it('tells of a file that is gone, in the status of its scope', async () => {
    const { run, legacy, status, project } = await setUp();
    await legacy('up:tenant');
    project.write({ 'migrations/tenant/20160101000000-second.js': '' });
    await project.node(['-e', 'fs.rmSync("migrations/tenant/20160101000000-second.js")']);
    const { json } = await run('adopt', '--yes', '--json');
    expect(json()).toMatchObject({ warnings: [{ code: 'MISSING_FILE' }] });
    expect(await status('--scope', 'tenant')).toMatchObject({
      problems: [
        {
          ...{ code: 'AHEAD', migration: null },
          message: expect.stringContaining('tenant/20160101000000-second.js') as string,
        },
      ],
    });
  });
});

describe('the config.json of a scope', () => {
  const withConfig = (config: unknown) => ({
    ...MIGRATIONS,
    'migrations/tenant/config.json': JSON.stringify(config),
  });

  const homes: [string, unknown, string[], string][] = [
    ['a schema', { schema: 'x' }, ['up', 'up:tenant'], 'x'],
    ['a schema in mixed case', { schema: 'X' }, ['up', 'up:tenant'], '"X"'],
    ['a database in capitals without quotes', { database: 'X' }, ['up:tenant', 'up'], 'x'],
    ['a database that the scope made its history in', { database: 'x' }, ['up:tenant', 'up'], 'x'],
    [
      'a path, the history being the common one',
      { database: 'x, public' },
      ['up', 'up:tenant'],
      'public',
    ],
    ['a path, the history being its own', { database: 'x, public' }, ['up:tenant', 'up'], 'x'],
    ['a path and nothing else', 'x, public', ['up', 'up:tenant'], 'public'],
  ];
  it.each(sampleOf('homesOfScopes', homes))(
    '%s: history and tables stay where db-migrate had them',
    async (_, config, order, home) => {
      const [ours, theirs] = [await setUp(withConfig(config)), await setUp(withConfig(config))];
      for (const { database, legacy } of [ours, theirs]) {
        await database.query('create schema x; create schema "X"');
        for (const command of order) await legacy(command);
      }
      await ours.run('adopt', '--yes');
      const adopted = (await ours.rows(home)).filter((name) => name.startsWith('tenant/'));
      expect(adopted).toEqual([
        'tenant/20150101000000-first.js',
        'tenant/20160101000000-second.js',
      ]);
      expect((await ours.run('up', '--scope', 'tenant')).stdout).toContain('Already up to date');
      expect(await ours.status('--scope', 'tenant')).toMatchObject({
        upToDate: true,
        problems: [],
      });
      expect(await ours.status()).toMatchObject({ upToDate: true, problems: [] });
      const third = { 'migrations/tenant/20180101000000-third.js': legacyTable('tenant_third') };
      for (const { project } of [ours, theirs]) project.write(third);
      await ours.run('up', '--scope', 'tenant');
      await theirs.legacy('up:tenant');
      expect(await ours.tables()).toEqual(await theirs.tables());
      expect((await ours.rows(home)).at(-1)).toBe('tenant/20180101000000-third.js');
      await ours.run('down', '--scope', 'tenant', '-c', '2');
      await theirs.legacy('down:tenant', '-c', '2');
      expect(await ours.tables()).toEqual(await theirs.tables());
    },
  );

  it('names schemas as PostgreSQL reads them: capitals count between quotes only', async () => {
    const { database, project } = await setUp();
    const { root } = project;
    const known = projectConfig(root, 'development', { client: 'pg' }, null);
    // Of letters beyond ASCII, PostgreSQL changes none.
    const plain = fc.stringMatching(
      /^[A-Za-z_ÄßÉİЖ表\u00A0\u{1F600}][A-Za-z0-9_$ÄßÉİЖ\u00A0]{0,8}$/u,
    );
    const quoted = fc
      .string({ minLength: 1, maxLength: 8 })
      .map((name) => `"${name.replaceAll('"', '""')}"`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(plain, quoted), { minLength: 1, maxLength: 4 }),
        async (written) => {
          const config = { database: written.join(', ') };
          project.write({ 'migrations/tenant/config.json': JSON.stringify(config) });
          const read = await database.query<{ name: string }>(
            `select (parse_ident(text))[1] as name
               from unnest($1::text[]) with ordinality written (text, place) order by place`,
            [written],
          );
          const { searchPath } = narrowToScope(known, 'tenant').knex;
          expect(searchPath).toEqual(read.map(({ name }) => name));
        },
      ),
    );
  });

  it('counts on a new database too, for files of either tool', async () => {
    const { run, database, project, tables, rows } = await setUp({
      ...withConfig({ schema: 'x' }),
      'migrations/tenant/20180101000000_knex.js':
        "exports.up = (knex) => knex.schema.createTable('by_knex', (t) => t.increments()); exports.down = () => null;",
    });
    await database.query('create schema x');
    await run('adopt', '--yes');
    expect(project.read('knexfile.js')).toContain('migrationSource');
    await run('up', '--scope', 'tenant');
    expect(await tables()).toEqual(['x.by_knex', 'x.tenant_first', 'x.tenant_second']);
    expect(await rows('x')).toHaveLength(3);
  });

  it('resolve and unlock find its history with --scope, as the messages suggest (FR-016)', async () => {
    const { run, knexward, database, rows } = await setUp(withConfig({ database: 'x, y' }));
    await database.query('create schema y');
    await run('adopt', '--yes');
    await run('up', '--scope', 'tenant', '-c', '1');
    // Earlier on the search path, and without a history.
    await database.query('create schema x');
    await database.query('update y.knex_migrations_lock set is_locked = 1');
    const locked = await knexward('up', '--scope', 'tenant');
    expect(locked.stderr).toContain('If none runs: knexward unlock --scope tenant\n');
    const { stdout } = await run('unlock', '--yes', '--scope', 'tenant');
    expect(stdout).toMatch(/\(schema y\)\n.*\n[^]*Released the lock/);
    const name = 'tenant/20160101000000-second.js';
    await database.query(`insert into y.knexward_journal (run_id, event, migration, actor)
      values (gen_random_uuid(), 'started', '${name}', 'x')`);
    const unfinished = await knexward('up', '--scope', 'tenant');
    expect(unfinished.stderr).toContain(`"knexward resolve ${name} --applied --scope tenant"`);
    await run('resolve', name, '--applied', '--scope', 'tenant');
    expect(await rows('y')).toContain(name);
  });

  it('with a history of its own that is not adopted: nothing runs', async () => {
    const { run, knexward, legacy, database, project, tables } = await setUp(
      withConfig({ schema: 'x' }),
    );
    await database.query('create schema x');
    await run('adopt', '--yes');
    project.write({ 'database.json': JSON.stringify({ dev: { driver: 'pg' } }) });
    await legacy('up:tenant');
    const before = await tables();
    const up = await knexward('up', '--scope', 'tenant');
    expect({ code: up.code, stderr: up.stderr }).toEqual({
      code: 5,
      stderr: expect.stringContaining('NOT_ADOPTED') as string,
    });
    expect((await run('adopt', '--yes', '--json')).json()).toMatchObject({ adopted: 2 });
    expect((await run('up', '--scope', 'tenant')).stdout).toContain('Already up to date');
    expect(await tables()).toEqual(before);
  });

  it.each([
    ['a history of its own', { schema: 'x' }, 'x', 0],
    ['the common history', undefined, 'public', 3],
  ])('%s is copied by itself where the configuration says so', async (_, config, home, others) => {
    const { run, legacy, database, project, rows } = await setUp({
      ...(config ? withConfig(config) : MIGRATIONS),
      // db-migrate cuts the name at the first dot, so that only the file tells all of it.
      'migrations/20160101000000-middle.v2.js': legacyTable('middle'),
    });
    await database.query('create schema x');
    await legacy('up');
    await legacy('up:tenant');
    project.write({
      'knexfile.js': `module.exports = { client: 'pg', connection: process.env.DATABASE_URL,
        migrations: { directory: './migrations' }, knexward: { adopt: 'auto' } };`,
    });
    expect((await run('up', '--scope', 'tenant')).stdout).toContain('Already up to date');
    expect(await rows(home)).toHaveLength(others + 2);
    expect((await run('up')).stdout).toContain('Already up to date');
    expect((await rows()).slice(0, 3)).toEqual([
      '20150101000000-first.js',
      '20160101000000-middle.v2.js',
      '20170101000000-last.js',
    ]);
  });

  it.each([
    ['no JSON', '{'],
    ['neither a schema nor a database', '{"user": "x"}'],
    ['no list of schemas', '{"schema": "x; drop table first"}'],
    ['nothing at all', '{"database": ""}'],
  ])('that is %s stops the run', async (_, content) => {
    const { knexward } = await setUp({ ...MIGRATIONS, 'migrations/tenant/config.json': content });
    const { code, json } = await knexward('up', '--scope', 'tenant', '--json');
    expect(code).toBe(2);
    expect(json()).toMatchObject({
      error: {
        code: 'DB_MIGRATE_CONFIG',
        message: expect.stringContaining('config.json') as string,
      },
    });
  });
});

describe('the name of a scope', () => {
  it.each(['../outside', '..', 'tenant/../..', '/etc', 'a//b', '.', '', 'a\\b', 'C:x', 'tenant/'])(
    '%j is refused',
    async (scope) => {
      const { knexward, project } = await setUp();
      const listing = () => [
        readdirSync(project.root),
        readdirSync(join(project.root, 'migrations'), { recursive: true }),
      ];
      const before = listing();
      for (const command of [['up'], ['down', '--all'], ['status'], ['create', 'x']]) {
        const { code, json } = await knexward(...command, '--scope', scope, '--json');
        expect({ command, code }).toEqual({ command, code: 2 });
        expect(json()).toMatchObject({ error: { code: 'USAGE' } });
      }
      expect(listing()).toEqual(before);
    },
  );

  it('that no folder has is an error, which names those there are', async () => {
    const { knexward, project } = await setUp();
    const { code, json } = await knexward('up', '--scope', 'tenent', '--json');
    expect(code).toBe(2);
    expect(json()).toMatchObject({
      error: {
        code: 'MIGRATIONS_FOLDER',
        fix: expect.stringContaining('tenant, tenant/billing') as string,
      },
    });
    expect(existsSync(join(project.root, 'migrations/tenent'))).toBe(false);
  });

  it('that is new makes a folder when a migration is created in it', async () => {
    const { run, project, rows } = await setUp();
    const { stdout } = await run('create', 'add email', '--scope', 'new', '--js');
    expect(stdout).toMatch(/^Created Migration: migrations\/new\/\d{14}_add_email\.js$/m);
    const [file = ''] = readdirSync(join(project.root, 'migrations/new'));
    await run('up', '--scope', 'new');
    expect(await rows()).toEqual([`new/${file}`]);
  });

  it('means nothing to a migration source of the knexfile, whatever its names look like', async () => {
    const { run, knexward, project, rows, status } = await setUp();
    project.write({
      'knexfile.js': `
        const migration = (table) => ({
          up: (knex) => knex.schema.createTable(table, (t) => { t.increments(); }),
          down: (knex) => knex.schema.dropTable(table),
        });
        module.exports = { client: 'pg', connection: process.env.DATABASE_URL, migrations: {
          migrationSource: {
            getMigrations: async () => ['one/a', 'two/b'],
            getMigrationName: (name) => name,
            getMigration: async (name) => migration(name.slice(4)),
          },
        } };`,
    });
    await run('up');
    expect(await rows()).toEqual(['one/a', 'two/b']);
    expect(await status()).toMatchObject({ upToDate: true, problems: [] });
    await run('down', '-c', '1');
    expect(await rows()).toEqual(['one/a']);
    const { code, json } = await knexward('up', '--scope', 'one', '--json');
    expect({ code, error: json() }).toMatchObject({ code: 2, error: { error: { code: 'USAGE' } } });
  });
});
