import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, createRole, type TestDatabase } from '../support/database.js';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project.js';

const MIGRATION = `
exports.up = (knex) => knex.raw(\`
  create table users (id serial primary key, email varchar(80) not null unique);
  create view emails as select email from users;
  create function twice(n int) returns int language sql as $$
    select n * 2
  $$;
  comment on table users is 'who may come in'\`);
exports.down = (knex) => knex.raw('drop function twice(int); drop view emails; drop table users');
`;

describe('knexward snapshot', () => {
  let project: Project;
  let database: TestDatabase;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20260101000000_users.js': MIGRATION,
    });
    expect(await knexward('up')).toMatchObject({ code: 0 });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('writes a file for reviews and one that makes the schema, without the history tables', async () => {
    const taken = await knexward('snapshot');
    expect(taken).toMatchObject({ code: 0 });
    expect(taken.stdout).toContain('Using environment: development\n');
    expect(taken.stdout).toContain('schema.snapshot.json written');
    expect(taken.stdout).toContain('schema.snapshot.sql written');
    const document = JSON.parse(project.read('schema.snapshot.json')) as Record<string, unknown>;
    expect(document).toMatchObject({ knexward: 'snapshot', format: 1, notDescribed: [] });
    for (const file of ['schema.snapshot.json', 'schema.snapshot.sql']) {
      expect(project.read(file)).toContain('public.users');
      expect(project.read(file)).not.toMatch(/knex_migrations|knexward_journal/);
    }
    const empty = await createDatabase();
    await empty.query(project.read('schema.snapshot.sql'));
    await empty.query("insert into users (email) values ('a@example.org')");
    expect(
      await empty.query('select email, twice(id) as id from emails natural join users'),
    ).toEqual([{ email: 'a@example.org', id: 2 }]);
    await empty.drop();
  });

  it('is the same again, and then leaves the files alone', async () => {
    await knexward('snapshot');
    const [before, sql] = [
      project.read('schema.snapshot.json'),
      project.read('schema.snapshot.sql'),
    ];
    const again = await knexward('snapshot', '--json');
    expect(again.json()).toMatchObject({
      version: 1,
      objects: { table: 1, view: 1, function: 1 },
      notDescribed: [],
      files: [
        { path: 'schema.snapshot.json', action: 'unchanged' },
        { path: 'schema.snapshot.sql', action: 'unchanged' },
      ],
    });
    expect(project.read('schema.snapshot.json')).toBe(before);
    expect(project.read('schema.snapshot.sql')).toBe(sql);
  });

  it('a text of several lines stands line by line, so that a review shows what changed in it', async () => {
    await knexward('snapshot');
    expect(project.read('schema.snapshot.json')).toContain('"    select n * 2",\n');
  });

  it('--check says that nothing differs, and exits with 0', async () => {
    await knexward('snapshot', 'db/schema.json');
    const check = await knexward('snapshot', 'db/schema.json', '--check');
    expect(check).toMatchObject({ code: 0 });
    expect(check.stdout).toContain('The database matches db/schema.json\n');
    expect(
      (await knexward('snapshot', 'db/schema.json', '--check', '--json')).json(),
    ).toMatchObject({
      version: 1,
      inSync: true,
      differences: [],
      files: [
        { path: 'db/schema.json', state: 'current' },
        { path: 'db/schema.sql', state: 'current' },
      ],
    });
  });

  it('--check names what was changed by hand, exits with 6, and writes nothing', async () => {
    await knexward('snapshot');
    const [before, sql] = [
      project.read('schema.snapshot.json'),
      project.read('schema.snapshot.sql'),
    ];
    await database.query("alter table users alter email set default 'none'");
    await database.query('create index by_hand on users (email)');
    await database.query('drop function twice(int)');
    const check = await knexward('snapshot', '--check');
    expect(check.code).toBe(6);
    expect(check.stdout).toContain(
      'Found 3 differences between schema.snapshot.json and the database:',
    );
    expect(check.stdout).toContain('~ column public.users.email\n');
    expect(check.stdout).toContain('default, expected: none\n');
    expect(check.stdout).toContain("default, found:    'none'::character varying\n");
    expect(check.stdout).toContain('+ index public.by_hand');
    expect(check.stdout).toContain('- function public.twice(integer)');
    const { inSync, differences } = (await knexward('snapshot', '--check', '--json')).json<{
      inSync: boolean;
      differences: unknown[];
    }>();
    expect(inSync).toBe(false);
    expect(differences).toHaveLength(3);
    expect(differences).toContainEqual({
      kind: 'column',
      object: 'public.users.email',
      expected: { default: null },
      actual: { default: "'none'::character varying" },
      fix: ['ALTER TABLE ONLY public.users ALTER COLUMN email DROP DEFAULT'],
      losesData: false,
    });
    expect(project.read('schema.snapshot.json')).toBe(before);
    expect(project.read('schema.snapshot.sql')).toBe(sql);
  });

  it('--check sees a SQL file that does not go with the snapshot, or is not there', async () => {
    await knexward('snapshot');
    project.write({ 'schema.snapshot.sql': `${project.read('schema.snapshot.sql')}-- mine\n` });
    const stale = await knexward('snapshot', '--check');
    expect(stale.code).toBe(6);
    expect(stale.stdout).toContain('schema.snapshot.sql is out of date');
    rmSync(join(project.root, 'schema.snapshot.sql'));
    const missing = await knexward('snapshot', '--check', '--json');
    expect(missing.code).toBe(6);
    expect(missing.json()['files']).toContainEqual({
      path: 'schema.snapshot.sql',
      state: 'missing',
    });
  });

  it('does not mind that version control turned the line ends', async () => {
    await knexward('snapshot');
    for (const file of ['schema.snapshot.json', 'schema.snapshot.sql']) {
      project.write({ [file]: project.read(file).replaceAll('\n', '\r\n') });
    }
    expect(await knexward('snapshot', '--check')).toMatchObject({ code: 0 });
  });

  it('--ignore-column-order lets the order of columns be', async () => {
    await knexward('snapshot');
    await database.query('drop view emails');
    await database.query('alter table users drop email');
    await database.query('alter table users add at date, add email varchar(80) not null unique');
    await database.query('create view emails as select email from users');
    await knexward('snapshot');
    await database.query('alter table users drop at, add at date');
    const check = await knexward('snapshot', '--check');
    expect(check.code).toBe(6);
    expect(check.stdout).toContain('columnOrder, expected: ["id","at","email"]');
    expect(await knexward('snapshot', '--check', '--ignore-column-order')).toMatchObject({
      code: 0,
    });
  });

  it('a role that may only connect and read is enough, and the database is not touched', async () => {
    const role = await createRole();
    const tables = `select c.oid, c.relname, c.xmin::text from pg_class c
      where c.relnamespace = 'public'::regnamespace order by c.oid`;
    const before = await database.query(tables);
    await database.query(
      `alter database "${database.name}" set default_transaction_read_only = on`,
    );
    const asReader = (...args: string[]): Promise<Outcome> =>
      project.knexward(args, { TEST_DATABASE_URL: role.url(database) });
    expect(await asReader('snapshot')).toMatchObject({ code: 0 });
    const own = project.read('schema.snapshot.json');
    expect(await asReader('snapshot', '--check')).toMatchObject({ code: 0 });
    expect(own).toContain('"name": "default_transaction_read_only"');
    await database.query(`alter database "${database.name}" reset default_transaction_read_only`);
    await knexward('snapshot', 'of-the-owner.json');
    expect(project.read('of-the-owner.json').replace(/"notDescribed": \[[^\]]*\]/, '')).toBe(
      own.replace(/"notDescribed": \[[^\]]*\]/, ''),
    );
    expect(await database.query(tables)).toEqual(before);
    await role.drop(database);
  });

  it('lists by name what it does not describe', async () => {
    await database.query('create cast (text as int) with inout');
    const taken = await knexward('snapshot');
    expect(taken.stdout).toContain('Found 1 object that is listed by name only');
    expect(taken.stdout).toContain('! cast (pg_catalog.text AS integer)');
    expect(project.read('schema.snapshot.sql')).toContain(
      '--   cast (pg_catalog.text AS integer)\n',
    );
    await database.query('drop cast (text as int)');
    const check = await knexward('snapshot', '--check');
    expect(check.stdout).toContain('- cast (pg_catalog.text AS integer)');
    expect(check.code).toBe(6);
  });

  it('a line break in a name does not end a comment in the SQL file', async () => {
    await database.query(
      'create access method "x\ndrop table users; --" type table handler heap_tableam_handler',
    );
    await database.query('grant select on users to pg_monitor');
    await knexward('snapshot');
    const empty = await createDatabase();
    await empty.query(project.read('schema.snapshot.sql'));
    expect(await empty.query('select count(*)::int as count from users')).toEqual([{ count: 0 }]);
    await empty.drop();
    await database.query('drop access method "x\ndrop table users; --"');
  });

  it.each([
    ['out of the project', ['../out.json'], 'USAGE'],
    ['through a link out of the project', ['link/out.json'], 'USAGE'],
    ['under a name without .json', ['schema'], 'USAGE'],
    ['over a file of somebody else', ['package.json'], 'SNAPSHOT_FILE'],
    ['over a SQL file of somebody else', ['mine.json'], 'SNAPSHOT_FILE'],
  ])('refuses to write %s', async (_, args, code) => {
    const outside = join(tmpdir(), `knexward-outside-${process.pid}`);
    mkdirSync(outside, { recursive: true });
    symlinkSync(outside, join(project.root, 'link'));
    project.write({ 'package.json': '{"name":"mine"}', 'mine.sql': 'select 1;\n' });
    const refused = await knexward('snapshot', ...args, '--json');
    expect(refused.code).toBe(2);
    expect(refused.json()).toMatchObject({ error: { code } });
    expect(project.read('package.json')).toBe('{"name":"mine"}');
    expect(project.read('mine.sql')).toBe('select 1;\n');
    expect(readdirSync(outside)).toEqual([]);
    expect(existsSync(join(project.root, '../out.json'))).toBe(false);
    rmSync(outside, { recursive: true });
  });

  it.each([
    ['is missing', null],
    ['is no JSON', '<<<<<<< HEAD\n{}'],
    ['is no snapshot', '{"objects":[]}'],
    ['is of a later version', '{"knexward":"snapshot","format":99,"objects":[]}'],
    [
      'holds what is not known',
      '{"knexward":"snapshot","format":1,"objects":[{"kind":"x","name":"y"}]}',
    ],
  ])('--check says SNAPSHOT_FILE where the file %s', async (_, content) => {
    if (content !== null) writeFileSync(join(project.root, 'schema.snapshot.json'), content);
    const refused = await knexward('snapshot', '--check', '--json');
    expect(refused.code).toBe(2);
    expect(refused.json()).toMatchObject({ error: { code: 'SNAPSHOT_FILE' } });
  });

  it('a folder that is not there is made', async () => {
    expect(await knexward('snapshot', 'a/b/schema.json')).toMatchObject({ code: 0 });
    expect(readdirSync(join(project.root, 'a/b')).sort()).toEqual(['schema.json', 'schema.sql']);
  });
});
