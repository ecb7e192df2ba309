import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, createRole, type TestDatabase } from '../support/database';
import { createLegacyProject, dbMigrate, legacyTable } from '../support/db-migrate';
import { type Outcome, type Project } from '../support/project';
import { sampleOf } from '../support/sizes';

/** Counts itself, so that a second run of it shows. */
const counting = (name: string): string => `
exports.up = (db) => db.runSql("insert into ran values ('${name}')");
exports.down = (db) => db.runSql("insert into ran values ('${name} down')");`;

interface Told {
  action: string;
  tables: { from: string; to: string }[];
  rows: { added: string[]; removed: string[] };
  files: { path: string; action: string }[];
  warnings: { code: string; message: string }[];
}

describe('adopt --finish and adopt --undo (US9)', () => {
  let database: TestDatabase;
  let project: Project;
  let env: Record<string, string>;
  const knexward = (...args: string[]): Promise<Outcome> => project.knexward(args, env);
  const told = async (...args: string[]): Promise<Told> => {
    const { code, json, stderr } = await knexward(...args, '--json', '--yes');
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
    return json<Told>();
  };
  const refused = async (...args: string[]): Promise<{ code: string; message: string }> => {
    const { code, json } = await knexward(...args, '--json');
    expect({ args, code }).not.toEqual({ args, code: 0 });
    return json<{ error: { code: string; message: string } }>().error;
  };
  const oldStarts = (...args: string[]): Promise<Outcome> =>
    dbMigrate(project, [...(args.length > 0 ? args : ['up']), '--config', configFile()], env);
  const configFile = (): string =>
    existsSync(join(project.root, 'database.json')) ? 'database.json' : 'database.json.bak';
  const names = async (table: string): Promise<string[]> =>
    (await database.query<{ name: string }>(`select name from ${table} order by id`)).map(
      ({ name }) => name,
    );
  const ran = async (): Promise<string[]> =>
    (await database.query<{ name: string }>('select name from ran order by at')).map((r) => r.name);
  const tables = async (): Promise<string[]> =>
    (
      await database.query<{ name: string }>(
        `select relname as name from pg_class where relkind in ('r', 'v')
            and relnamespace = 'public'::regnamespace order by 1`,
      )
    ).map(({ name }) => name);

  const FILES = {
    'migrations/20150101000000-a.js': legacyTable('a'),
    'migrations/20160101000000-b.js': counting('b'),
  };
  /** As real db-migrate leaves it; each test has a copy. */
  let migrated: TestDatabase;

  beforeAll(async () => {
    migrated = await createDatabase();
    await migrated.query('create table ran (name text, at bigint generated always as identity)');
    await migrated.disconnect();
    const legacy = createLegacyProject(FILES);
    const { code } = await dbMigrate(legacy, ['up'], { DATABASE_URL: migrated.url });
    expect(code).toBe(0);
    legacy.remove();
  });
  afterAll(() => migrated.drop());
  beforeEach(async () => {
    database = await createDatabase(migrated.name);
    env = { DATABASE_URL: database.url };
    project = createLegacyProject(FILES);
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  const addC = () => project.write({ 'migrations/20170101000000-c.js': counting('c') });
  const originals = () =>
    database.query('select id, name, run_on::text from migrations order by id');

  describe('--finish', () => {
    it('sets the table aside under another name, every row of it, and an old instance stops before it runs anything', async () => {
      const before = await originals();
      await told('adopt');
      const { action, tables: moves } = await told('adopt', '--finish');
      expect({ action, moves }).toEqual({
        action: 'finish',
        moves: [{ from: '"public"."migrations"', to: '"public"."migrations_adopted_by_knexward"' }],
      });
      expect(
        await database.query(
          'select id, name, run_on::text from migrations_adopted_by_knexward order by id',
        ),
      ).toEqual(before);
      addC();
      const old = await oldStarts();
      expect(old.code).not.toBe(0);
      expect(old.stdout + old.stderr).toContain('run_on');
      expect(await ran()).toEqual(['b']);
      expect((await knexward('up')).stdout).toContain('Batch 3 run: 1 migrations');
      expect((await knexward('status', '--json')).json()).toMatchObject({
        upToDate: true,
        problems: [],
      });
      expect(await ran()).toEqual(['b', 'c']);
    });

    it('shows first and asks: a dry run, and no terminal, change nothing', async () => {
      await told('adopt');
      const before = await tables();
      const dry = await knexward('adopt', '--finish', '--dry-run');
      expect(dry.stdout).toContain(
        '"public"."migrations" → "public"."migrations_adopted_by_knexward"',
      );
      expect((await refused('adopt', '--finish')).code).toBe('CONFIRMATION_REQUIRED');
      expect(await tables()).toEqual(before);
    });

    it('refuses while rows are not copied', async () => {
      expect((await refused('adopt', '--finish', '--yes')).code).toBe('NOT_ADOPTED');
      await told('adopt');
      addC();
      await oldStarts();
      expect((await refused('adopt', '--finish', '--yes')).code).toBe('NOT_ADOPTED');
      expect(await names('migrations')).toHaveLength(3);
    });

    it('refuses while db-migrate runs: one that has looked into its table, one that holds it', async () => {
      await told('adopt');
      await database.query('SELECT * FROM "migrations" ORDER BY run_on DESC, name DESC');
      const running = await refused('adopt', '--finish', '--yes');
      expect(running).toMatchObject({
        code: 'LOCKED',
        message: expect.stringContaining('db-migrate seems to be running') as string,
      });
      // Behind a pooler, it may go by the name of a run that has ended.
      await database.query("set application_name = 'knexward 1'");
      await database.query('SELECT * FROM "migrations" ORDER BY run_on DESC, name DESC');
      expect((await refused('adopt', '--finish', '--yes')).code).toBe('LOCKED');
      await database.query(
        "reset application_name; begin; insert into migrations (name, run_on) values ('/x', now())",
      );
      project.write({
        'knexfile.js': project
          .read('knexfile.js')
          .replace("client: 'pg',", "client: 'pg', knexward: { lockTimeout: 200 },"),
      });
      const held = await refused('adopt', '--finish', '--yes');
      expect(held.code).toBe('LOCKED');
      await database.query('rollback');
    });

    it('verify knows neither what was set aside nor what stands in its place', async () => {
      await database.query('drop table ran');
      project.write({
        'migrations/20160101000000-b.js': legacyTable('b'),
        'migrations/20170101000000-c.js': legacyTable('c'),
      });
      await database.query('create table b (id serial primary key)');
      await told('adopt');
      await told('adopt', '--finish');
      await knexward('up');
      expect((await knexward('verify', '--json')).json()).toMatchObject({ differences: [] });
      await told('adopt', '--undo', '--database-only');
      await told('adopt');
      expect((await knexward('verify', '--json')).json()).toMatchObject({ differences: [] });
    });
  });

  describe('--undo', () => {
    it('brings back every row to the letter, the files to the byte, and db-migrate goes on', async () => {
      const before = await originals();
      const files = ['package.json', 'database.json'].map((path) => project.read(path));
      await told('adopt');
      const undo = await told('adopt', '--undo');
      expect(undo).toMatchObject({
        action: 'undo',
        rows: { added: [], removed: [] },
        warnings: [],
        tables: [
          {
            from: '"public"."knex_migrations"',
            to: '"public"."knex_migrations_undone_by_knexward"',
          },
          {
            from: '"public"."knex_migrations_lock"',
            to: '"public"."knex_migrations_lock_undone_by_knexward"',
          },
        ],
      });
      expect(await originals()).toEqual(before);
      expect(['package.json', 'database.json'].map((path) => project.read(path))).toEqual(files);
      for (const gone of ['knexfile.js', 'knexward-adopted.json', 'database.json.bak']) {
        expect({ gone, there: existsSync(join(project.root, gone)) }).toEqual({
          gone,
          there: false,
        });
      }
      addC();
      expect(await oldStarts()).toMatchObject({ code: 0 });
      expect(await ran()).toEqual(['b', 'c']);
      expect(await oldStarts('down')).toMatchObject({ code: 0 });
      expect(await ran()).toEqual(['b', 'c', 'c down']);
    });

    it.each([
      ['before --finish', []],
      ['after --finish', ['--finish']],
    ])(
      '%s: what was applied and reverted since is told to db-migrate, which runs nothing twice',
      async (_, finish) => {
        await told('adopt');
        addC();
        await knexward('up');
        if (finish.length > 0) await told('adopt', ...finish);
        project.write({ 'migrations/20180101000000-d.js': counting('d') });
        await knexward('up');
        await knexward('down', '20160101000000-b');
        await knexward('up', '20160101000000-b');
        await knexward('up', '-c', '1');
        await told('adopt', '--undo');
        expect((await names('migrations')).sort()).toEqual([
          '/20150101000000-a',
          '/20160101000000-b',
          '/20170101000000-c',
        ]);
        const before = await ran();
        const up = await oldStarts();
        expect({ code: up.code, stderr: up.stderr }).toEqual({ code: 0, stderr: '' });
        expect((await ran()).slice(before.length)).toEqual(['d']);
        // The newest of them all by db-migrate's own order, the one applied last, goes first.
        for (let left = 3; left > 0; left--) await oldStarts('down');
        expect((await ran()).slice(before.length)).toEqual(['d', 'd down', 'c down', 'b down']);
      },
    );

    it('refuses where migrations of the new format are applied, and names them', async () => {
      await told('adopt');
      project.write({ 'migrations/20260101000000_theme.up.sql': 'create table theme (id int);' });
      await knexward('up');
      const error = await refused('adopt', '--undo', '--yes');
      expect(error).toMatchObject({
        code: 'UNDO_BLOCKED',
        message: expect.stringContaining('20260101000000_theme.up.sql') as string,
      });
      expect(existsSync(join(project.root, 'database.json'))).toBe(false);
      expect(await names('knex_migrations')).toHaveLength(3);
    });

    it('names the files at which db-migrate really stops', async () => {
      await told('adopt');
      project.write({ 'migrations/20260101000000_theme.js': 'exports.up = () => null;' });
      const { warnings } = await told('adopt', '--undo');
      expect(warnings).toMatchObject([
        {
          code: 'KNEX_FILES_LEFT',
          message: expect.stringContaining('migrations/20260101000000_theme.js') as string,
        },
      ]);
      const old = await oldStarts();
      expect(old.code).not.toBe(0);
    });

    it('writes no password of a script or a file down a second time', async () => {
      const secret = 'Zq9-Marker_x7';
      const scripts = {
        one: `PGPASSWORD=${secret} db-migrate up`,
        two: `PGPASSWORD='${secret}' npx db-migrate up && echo ${secret};db-migrate down -c 2`,
      };
      project.write({
        'package.json': JSON.stringify({ scripts }, null, 3).replaceAll('PGP', '\\u0050GP'),
        Makefile: `up:\n\tPGPASSWORD=${secret} npx db-migrate up\n`,
      });
      const paths = ['package.json', 'Makefile'];
      const before = paths.map((path) => project.read(path));
      await told('adopt');
      for (const path of paths) expect(project.read(path)).toContain('knexward');
      expect(project.read('knexward-adopted.json')).not.toContain(secret);
      await told('adopt', '--undo');
      expect(paths.map((path) => project.read(path))).toEqual(before);
    });

    it('leaves what a person has changed since, and names it', async () => {
      project.write({
        Dockerfile: 'FROM node:20\nRUN npx db-migrate up\n',
        Procfile: 'release: npx db-migrate up\n',
        'package.json': JSON.stringify({
          scripts: { up: 'db-migrate up', down: 'db-migrate down', other: 'x' },
        }),
      });
      await told('adopt');
      expect(project.read('Procfile')).toContain('knexward up');
      const scripts = (JSON.parse(project.read('package.json')) as { scripts: object }).scripts;
      project.write({
        'package.json': JSON.stringify({ scripts: { ...scripts, down: 'mine', new: 'y' } }),
        Dockerfile: `${project.read('Dockerfile')}RUN true\n`,
        'knexfile.js': `${project.read('knexfile.js')}// mine\n`,
      });
      const { warnings } = await told('adopt', '--undo');
      expect(warnings.map(({ code, message }) => [code, message.split(' ')[0]])).toEqual(
        expect.arrayContaining([
          ['UNDO_LEFT', 'Dockerfile'],
          ['UNDO_LEFT', 'knexfile.js'],
          ['UNDO_LEFT', 'the'],
        ]),
      );
      expect(JSON.parse(project.read('package.json'))).toEqual({
        scripts: { up: 'db-migrate up', down: 'mine', other: 'x', new: 'y' },
      });
      expect(project.read('Procfile')).toBe('release: npx db-migrate up\n');
      expect(project.read('Dockerfile')).toContain('RUN true');
      expect(existsSync(join(project.root, 'database.json'))).toBe(true);
    });

    it('scripts that run each other stay as they are together where one of them was changed', async () => {
      const scripts = {
        m: 'db-migrate up',
        d: 'db-migrate down',
        reset: 'npm run d && npm run m',
        alone: 'db-migrate check',
      };
      project.write({ 'package.json': JSON.stringify({ scripts }) });
      await told('adopt');
      const adopted = JSON.parse(project.read('package.json')) as { scripts: typeof scripts };
      adopted.scripts.d = 'knexward down && echo mine';
      project.write({ 'package.json': JSON.stringify(adopted) });
      const { warnings } = await told('adopt', '--undo');
      expect(warnings.map(({ message }) => /"\w+" was \w+/.exec(message)?.[0]).sort()).toEqual([
        '"d" was changed',
        '"m" was left',
      ]);
      expect(JSON.parse(project.read('package.json'))).toEqual({
        scripts: { ...adopted.scripts, alone: 'db-migrate check' },
      });
    });

    it('a dry run, and no terminal, change nothing', async () => {
      await told('adopt');
      const before = await tables();
      const dry = await knexward('adopt', '--undo', '--dry-run');
      expect(dry.stdout).toContain('migrate:up: knexward up → db-migrate up');
      expect((await refused('adopt', '--undo')).code).toBe('CONFIRMATION_REQUIRED');
      expect(await tables()).toEqual(before);
      expect(existsSync(join(project.root, 'database.json'))).toBe(false);
    });

    it('a database that knexward made gets a table as db-migrate makes it, with everything in it', async () => {
      await told('adopt');
      const fresh = await createDatabase();
      const other = { DATABASE_URL: fresh.url };
      await fresh.query('create table ran (name text)');
      expect(await project.knexward(['up'], other)).toMatchObject({ code: 0 });
      expect(
        await project.knexward(['adopt', '--undo', '--database-only', '--yes'], other),
      ).toMatchObject({ code: 0 });
      const old = await dbMigrate(project, ['up', '--config', 'database.json.bak'], other);
      expect({ code: old.code, stderr: old.stderr }).toEqual({ code: 0, stderr: '' });
      expect(await fresh.query('select name from ran')).toEqual([{ name: 'b' }]);
      await fresh.drop();
    });

    it('adopt: "auto" does not take over again by itself what was undone', async () => {
      await told('adopt');
      project.write({
        'knexfile.js': `module.exports = { client: 'pg', connection: process.env.DATABASE_URL,
          migrations: { directory: './migrations' }, knexward: { adopt: 'auto' } };`,
      });
      await told('adopt', '--undo', '--database-only');
      expect(await refused('up')).toMatchObject({
        code: 'NOT_ADOPTED',
        message: expect.stringContaining('undone') as string,
      });
      await told('adopt', '--database-only');
      expect((await knexward('up')).stdout).toContain('Already up to date');
    });

    it("a plain Knex project's tables are not touched", async () => {
      await database.query(
        `create table knex_migrations (id serial primary key, name varchar(255), batch int, migration_time timestamptz);
         create table knex_migrations_lock (index serial primary key, is_locked int)`,
      );
      const before = await tables();
      expect((await told('adopt', '--undo')).tables).toEqual([]);
      expect(await tables()).toEqual(before);
    });
  });

  it('a role that does not own the table: a clear error, and nothing is changed', async () => {
    await told('adopt');
    const role = await createRole();
    await database.query(
      `grant all on all tables in schema public to "${role.name}";
       grant all on schema public to "${role.name}"`,
    );
    const before = await tables();
    for (const step of ['--finish', '--undo']) {
      const { code, json } = await project.knexward(['adopt', step, '--yes', '--json'], {
        DATABASE_URL: role.url(database),
      });
      expect({ step, code, ...json() }).toMatchObject({
        ...{ step, code: 2, error: { code: 'PERMISSION_DENIED' } },
      });
      expect(await tables()).toEqual(before);
    }
    expect(existsSync(join(project.root, 'database.json'))).toBe(false);
    await role.drop(database);
  });

  it('--finish and --undo together are refused', async () => {
    expect((await refused('adopt', '--finish', '--undo')).code).toBe('USAGE');
  });

  /** How a database comes into each state, and what each command says there. */
  const INTO: Record<string, string[][]> = {
    untouched: [],
    adopted: [['adopt']],
    finished: [['adopt'], ['adopt', '--finish']],
    undone: [['adopt'], ['adopt', '--undo']],
    'undone after finish': [['adopt'], ['adopt', '--finish'], ['adopt', '--undo']],
    'adopted again': [['adopt'], ['adopt', '--undo'], ['adopt']],
  };
  const COMMANDS = [
    ['adopt'],
    ['adopt', '--finish'],
    ['adopt', '--undo'],
    ['up'],
    ['down'],
    ['status'],
  ];
  const IN_STATE: Record<string, string[]> = {
    //                     adopt               finish          undo            up                    down            status
    untouched: [
      'Adopted 2',
      'NOT_ADOPTED',
      'Nothing to do',
      'NOT_ADOPTED',
      'NOT_ADOPTED',
      'NOT_ADOPTED',
    ],
    adopted: [
      'Nothing to do',
      'Finished',
      'Undone',
      'Already up to date',
      'rolled back: 1',
      'Already up to date',
    ],
    finished: [
      'the takeover is finished',
      'Nothing to do',
      'Undone',
      'Already up to date',
      'rolled back: 1',
      'Already up to date',
    ],
    undone: [
      'Adopted 2',
      'NOT_ADOPTED',
      'Nothing to do',
      'NOT_ADOPTED',
      'NOT_ADOPTED',
      'NOT_ADOPTED',
    ],
    'undone after finish': [
      'Adopted 2',
      'NOT_ADOPTED',
      'Nothing to do',
      'NOT_ADOPTED',
      'NOT_ADOPTED',
      'NOT_ADOPTED',
    ],
    'adopted again': [
      'Nothing to do',
      'Finished',
      'Undone',
      'Already up to date',
      'rolled back: 1',
      'Already up to date',
    ],
  };

  const everyCommandInEveryState = Object.entries(IN_STATE).flatMap(([state, answers]) =>
    COMMANDS.map((command, index) => [state, command.join(' '), answers[index]] as const),
  );
  it.each(sampleOf('statesOfTakeover', everyCommandInEveryState))(
    '%s, then %s: %s',
    async (state, command, answer) => {
      project.write({
        'knexfile.js': `module.exports = { client: 'pg', connection: process.env.DATABASE_URL,
        migrations: { directory: './migrations' } };`,
      });
      for (const step of INTO[state] ?? []) await told(...step, '--database-only');
      const only = command.startsWith('adopt') ? ['--database-only', '--yes'] : [];
      const { stdout, stderr } = await knexward(...command.split(' '), ...only);
      expect(stdout + stderr).toContain(answer);
      // And whatever it was: nothing has run twice, and the next adopt leads on.
      expect((await ran()).filter((name) => name === 'b')).toHaveLength(1);
      await told('adopt', '--database-only');
      const up = await knexward('up');
      expect({ code: up.code, stderr: up.stderr }).toMatchObject({ code: 0 });
    },
  );
});
