import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, createRole, type TestDatabase } from '../support/database.js';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project.js';

const FILE = 'knexward-baseline.sql';
const NAMES = ['20260101000000_users.js', '20260102000000_roles.up.sql', '20260103000000-old.js'];
const FILES = {
  'knexfile.js': KNEXFILE,
  [`migrations/${NAMES[0]}`]: `
    exports.up = async (knex) => {
      await knex.schema.createTable('users', (table) => {
        table.increments();
        table.text('email').notNullable().unique();
        table.timestamp('created_at').defaultTo(knex.fn.now());
      });
      await knex('users').insert([{ email: 'a@example.org' }, { email: 'b@example.org' }]);
    };
    exports.down = (knex) => knex.schema.dropTable('users');`,
  [`migrations/${NAMES[1]}`]:
    "create table roles (name text primary key); insert into roles values ('root');",
  'migrations/20260102000000_roles.down.sql': 'drop table roles;',
  [`migrations/${NAMES[2]}`]: `
    exports.up = (db) => db.runSql('alter table roles add level int default 1');
    exports.down = (db) => db.runSql('alter table roles drop level');`,
};
const LATER = {
  'migrations/20260104000000_more.js': `
    exports.up = (knex) => knex.raw('create table more (id int)');
    exports.down = (knex) => knex.raw('drop table more');`,
};
const HISTORY = 'select id, name, batch from knex_migrations order by id';

describe('knexward baseline', () => {
  let project: Project;
  let database: TestDatabase;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject(FILES);
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  const write = async (): Promise<void> => {
    expect(await knexward('baseline')).toMatchObject({ code: 0 });
  };
  /** The baseline of `FILES`, as the command writes it: the same for every test. */
  let baseline: string | undefined;
  const written = async (): Promise<void> => {
    if (baseline === undefined) {
      await write();
      baseline = project.read(FILE);
    }
    project.write({ [FILE]: baseline });
  };

  it('writes one file, says what is in it, and touches the database not at all', async () => {
    const outcome = await knexward('baseline');
    expect(outcome).toMatchObject({ code: 0 });
    expect(outcome.stdout).toContain(`Found 3 migrations, up to ${NAMES[2]}: 2 tables, 3 rows`);
    expect(outcome.stdout).toContain(
      'Different in each replay, left to the default:\n  ! public.users.created_at\n',
    );
    expect(outcome.stdout).toContain(`✓ ${FILE} written`);
    expect(project.read(FILE)).not.toMatch(/knex_migrations|knexward_journal/);
    const tables = "select from pg_class where relnamespace = 'public'::regnamespace";
    expect(await database.query(tables)).toEqual([]);
    const again = await knexward('baseline', '--json');
    expect(again.json()).toEqual({
      ...{ environment: 'development', database: expect.any(Object) as object },
      ...{ version: 1, file: FILE, action: 'unchanged', migrations: 3, upTo: NAMES[2] },
      ...{ postgres: expect.any(Number) as number, tables: 2, rows: 3 },
      ...{ leftToDefault: ['public.users.created_at'], frozen: [] },
    });
  });

  it('up on an empty database loads it: history, journal, lines and JSON as after a replay', async () => {
    await written();
    const up = await knexward('up');
    expect(up).toMatchObject({ code: 0 });
    expect(up.stdout).toContain('Batch 1 run: 3 migrations\n');
    expect(up.stderr).toMatch(/✓ 3 migrations from the baseline knexward-baseline\.sql [\d.]+ m?s/);
    expect(await database.query(HISTORY)).toEqual(
      NAMES.map((name, index) => ({ id: index + 1, name, batch: 1 })),
    );
    expect(
      await database.query(
        `select event, migration, batch, length(checksum) as sum, details from knexward_journal order by id`,
      ),
    ).toEqual(
      NAMES.map((migration) => ({
        ...{ event: 'applied', migration, batch: 1, sum: 64, details: { baseline: FILE } },
      })),
    );
    expect(await database.query('select is_locked from knex_migrations_lock')).toEqual([
      { is_locked: 0 },
    ]);
    expect(await database.query('select * from roles')).toEqual([{ name: 'root', level: 1 }]);
    // The serial goes on where the migrations left it, and the default has given a moment of now.
    expect(
      await database.query(
        "insert into users (email) values ('c') returning id, now() - created_at < '1 hour' as is_now",
      ),
    ).toEqual([{ id: 3, is_now: true }]);
    expect((await knexward('up')).stdout).toContain('Already up to date\n');
    expect((await knexward('status', '--json')).json()).toMatchObject({
      ...{ upToDate: true, pending: [], problems: [] },
    });
    expect((await knexward('verify')).stdout).toContain(
      `The baseline ${FILE} matches its 3 migrations\n`,
    );
    const down = await knexward('down');
    expect(down.stdout).toContain('Batch 1 rolled back: 3 migrations\n');
  });

  it('the rest runs after it, in the same batch', async () => {
    await written();
    project.write(LATER);
    const up = await knexward('up', '--json');
    expect(up.json()).toMatchObject({
      ...{ batch: 1, failed: null, notReached: [] },
      baseline: { file: FILE, migrations: 3 },
      done: [...NAMES, '20260104000000_more.js'].map((name) => ({ name })),
    });
    expect(await database.query('select distinct batch from knex_migrations')).toEqual([
      { batch: 1 },
    ]);
  });

  it('a broken file after it changes nothing', async () => {
    await written();
    project.write({ 'migrations/20260104000000_more.js': 'exports.up = (' });
    expect(await knexward('up', '--json')).toMatchObject({ code: 2 });
    expect(await database.query("select from pg_class where relname = 'users'")).toEqual([]);
  });

  it('--dry-run and plan say that it would be used', async () => {
    await written();
    const dry = await knexward('up', '--dry-run');
    expect(dry.stdout).toContain(`The first 3 would come from the baseline ${FILE}`);
    expect((await knexward('up', '--dry-run', '--json')).json()).toMatchObject({
      baseline: { file: FILE, migrations: 3 },
    });
    expect((await knexward('plan')).stdout).toContain(
      `The first 3 would come from the baseline ${FILE}`,
    );
    expect((await knexward('plan', '--json')).json()).toMatchObject({
      baseline: { file: FILE, migrations: 3 },
    });
  });

  it.each([
    ['--no-baseline', ['--no-baseline'], 3],
    ['a count that ends before it', ['-c', '2'], 2],
    ['a name that ends before it', [NAMES[0] ?? ''], 1],
  ])('%s replays, without a word', async (_, args, count) => {
    await written();
    const up = await knexward('up', ...args);
    expect(up).toMatchObject({ code: 0 });
    expect(up.stdout).toContain(`Batch 1 run: ${count} migrations\n`);
    expect(up.stderr).not.toContain('baseline');
  });

  it('a count that ends after it ends where it says', async () => {
    await written();
    project.write({
      ...LATER,
      'migrations/20260105000000_last.js': 'exports.up = () => {}; exports.down = () => {};',
    });
    const up = await knexward('up', '-c', '4', '--json');
    expect(up.json<{ done: unknown[] }>().done).toHaveLength(4);
    expect(up.json()).toMatchObject({ baseline: { migrations: 3 } });
  });

  it('a database that is not empty is migrated as ever, without a word', async () => {
    await written();
    await database.query('create table mine (id int)');
    const up = await knexward('up');
    expect(up).toMatchObject({ code: 0 });
    expect(up.stderr).not.toContain('baseline');
    expect(up.stderr).toContain(NAMES[0]);
  });

  it('an extension in the database does not make it less empty', async () => {
    await written();
    await database.query('create extension if not exists pg_trgm');
    expect((await knexward('up')).stderr).toContain('from the baseline');
  });

  const editOf = (path: string, from: string, to: string) => (): void =>
    project.write({ [path]: project.read(path).replace(from, to) });

  it.each([
    [
      'a file was edited',
      () => editOf(`migrations/${NAMES[0]}`, 'b@', 'c@')(),
      `${NAMES[0]} was edited since`,
    ],
    [
      'a file is gone',
      () => rmSync(join(project.root, 'migrations', NAMES[2] ?? '')),
      `${NAMES[2]} is not there any more`,
    ],
    [
      'a file came in between',
      () =>
        project.write({
          'migrations/20260101500000_between.js': 'exports.up = () => {}; exports.down = () => {};',
        }),
      '20260101500000_between.js comes before its end',
    ],
    ['somebody edited it', () => editOf(FILE, 'root', 'toor')(), 'it was edited after'],
    ['it is something else', () => project.write({ [FILE]: 'select 1;' }), 'it is no baseline'],
    [
      'the knexfile has hooks',
      () =>
        editOf(
          'knexfile.js',
          "directory: './migrations'",
          "directory: './migrations', beforeEach: () => {}",
        )(),
      'hooks (beforeEach)',
    ],
    [
      'the knexfile names another schema',
      () => editOf('knexfile.js', 'migrations:', "searchPath: ['public'], migrations:")(),
      'other schemas',
    ],
  ])('where %s, up replays and says why in one line', async (_, change, reason) => {
    await written();
    change();
    const up = await knexward('up');
    expect(up).toMatchObject({ code: 0 });
    const lines = up.stderr.split('\n').filter((line) => line.includes('baseline'));
    expect(lines).toEqual([expect.stringContaining(reason)]);
    const history = await database.query<{ name: string }>(HISTORY);
    expect(history.map(({ name }) => name)).toContain(NAMES[0]);
  });

  it.each([
    ['stale', () => editOf(`migrations/${NAMES[0]}`, 'b@', 'c@')(), 'stale'],
    ['edited', () => editOf(FILE, 'root', 'toor')(), 'edited'],
  ])('--check and verify exit with 6 where it is %s', async (_, change, state) => {
    await written();
    expect(await knexward('baseline', '--check')).toMatchObject({ code: 0 });
    change();
    const check = await knexward('baseline', '--check', '--json');
    expect(check.code).toBe(6);
    expect(check.json()).toMatchObject({
      ...{ version: 1, file: FILE, inSync: false, state },
      differences: [{ kind: 'baseline', object: FILE }],
    });
    await knexward('up');
    const verify = await knexward('verify', '--json');
    expect(verify.code).toBe(6);
    expect(verify.json()).toMatchObject({
      ...{ inSync: true, differences: [], baseline: { inSync: false, state } },
    });
    await write();
    expect(await knexward('baseline', '--check')).toMatchObject({ code: 0 });
  });

  it('up to a name: the rest is replayed', async () => {
    expect(await knexward('baseline', NAMES[1] ?? '')).toMatchObject({ code: 0 });
    const up = await knexward('up', '--json');
    expect(up.json()).toMatchObject({ baseline: { migrations: 2 }, done: [{}, {}, {}] });
    expect(await knexward('verify')).toMatchObject({ code: 0 });
  });

  it('asks before it freezes what no default gives anew', async () => {
    project.write({
      'migrations/20260104000000_token.js': `
        exports.up = (knex) => knex.raw("create table tokens (token text); insert into tokens select gen_random_uuid()::text");
        exports.down = (knex) => knex.raw('drop table tokens');`,
    });
    const asked = await knexward('baseline', '--json');
    expect(asked.code).toBe(2);
    expect(asked.json()).toMatchObject({ error: { code: 'CONFIRMATION_REQUIRED' } });
    expect(asked.stdout).toContain('public.tokens.token');
    expect(existsSync(join(project.root, FILE))).toBe(false);
    expect((await knexward('baseline', '--yes', '--json')).json()).toMatchObject({
      frozen: ['public.tokens.token'],
    });
    const before = project.read(FILE);
    // What is right is left alone, and not frozen anew.
    expect((await knexward('baseline', '--json')).json()).toMatchObject({ action: 'unchanged' });
    expect(project.read(FILE)).toBe(before);
  });

  it('a load that fails leaves nothing, and names the statement and the line', async () => {
    project.write({
      'migrations/20260104000000_trigram.js': `
        exports.up = (knex) => knex.raw('create extension if not exists pg_trgm');
        exports.down = () => {};`,
    });
    await write();
    // As on a server that does not let it be installed.
    const role = await createRole();
    await database.query(`grant all on schema public to ${role.name}`);
    const up = await project.knexward(['up', '--json'], { TEST_DATABASE_URL: role.url(database) });
    expect(up.code).toBe(1);
    const { failed } = up.json<{ failed: Record<string, unknown> }>();
    expect(failed).toMatchObject({ name: FILE, code: 'MIGRATION_FAILED', sqlstate: '42501' });
    expect(failed['statement']).toMatch(/^CREATE EXTENSION IF NOT EXISTS pg_trgm/);
    const line = project.read(FILE).split('\n')[(failed['line'] as number) - 1];
    expect(line).toMatch(/^CREATE EXTENSION/);
    expect(failed['fix']).toContain('--no-baseline');
    expect(await database.query("select from pg_class where relname ~ 'knex|users'")).toEqual([]);
    await role.drop(database);
  });

  it('the knexfile names another place, or says that there is none', async () => {
    project.write({
      'knexfile.js': KNEXFILE.replace('client:', "knexward: { baseline: 'db/start.sql' }, client:"),
    });
    await write();
    expect(existsSync(join(project.root, 'db/start.sql'))).toBe(true);
    project.write({
      'knexfile.js': KNEXFILE.replace('client:', 'knexward: { baseline: false }, client:'),
    });
    expect((await knexward('up')).stderr).not.toContain('baseline');
    expect(await knexward('baseline')).toMatchObject({ code: 2 });
  });

  it.each([
    ['out of the project', '../out.sql', 'USAGE'],
    ['under a name without .sql', 'start.txt', 'KNEXFILE_BROKEN'],
  ])('refuses a place %s', async (_, place, code) => {
    project.write({
      'knexfile.js': KNEXFILE.replace('client:', `knexward: { baseline: '${place}' }, client:`),
    });
    const refused = await knexward('baseline', '--json');
    expect(refused.json()).toMatchObject({ error: { code } });
  });

  it('never writes over what is not its own', async () => {
    project.write({ [FILE]: 'select 1;\n' });
    expect((await knexward('baseline', '--json')).json()).toMatchObject({
      error: { code: 'BASELINE_FILE' },
    });
    expect(project.read(FILE)).toBe('select 1;\n');
  });
});
