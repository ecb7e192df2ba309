import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project.js';

const MIGRATION = `
exports.up = (knex) => knex.raw(\`
  create table users (id serial primary key, email varchar(80) not null);
  create index users_email on users (email)\`);
exports.down = (knex) => knex.raw('drop table users');
`;

describe('knexward verify: fixes, --against, --fix-script', () => {
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

  it('shows with a difference what fixes it, and where that loses data', async () => {
    await database.query('drop index users_email; alter table users add by_hand int');
    const found = await knexward('verify');
    expect(found.code).toBe(6);
    expect(found.stdout).toContain(
      [
        '  + column public.users.by_hand is unexpected',
        '      this loses data:',
        '      ALTER TABLE public.users DROP COLUMN by_hand;',
        '  - index public.users_email is missing',
        '      CREATE INDEX users_email ON public.users USING btree (email);',
      ].join('\n'),
    );
    expect(found.stdout).toContain('knexward does not run them');
    expect((await knexward('verify', '--json')).json()).toMatchObject({
      version: 1,
      inSync: false,
      against: null,
      fixScriptFile: null,
      differences: [
        { losesData: true, fix: ['ALTER TABLE public.users DROP COLUMN by_hand'] },
        { losesData: false },
      ],
      script: [
        'ALTER TABLE public.users DROP COLUMN by_hand',
        'CREATE INDEX users_email ON public.users USING btree (email)',
      ],
    });
  });

  it('--fix-script writes them to a file, which fixes them; nothing where there is nothing to fix', async () => {
    expect(await knexward('verify', '--fix-script', 'fix.sql')).toMatchObject({ code: 0 });
    expect(existsSync(join(project.root, 'fix.sql'))).toBe(false);
    await database.query('drop index users_email; alter table users add by_hand int');
    const found = await knexward('verify', '--fix-script', 'db/fix.sql');
    expect(found.stdout).toContain('db/fix.sql written');
    const file = project.read('db/fix.sql');
    expect(file).toContain('-- IT LOSES DATA, of:\n--   column public.users.by_hand\n');
    await database.query(file);
    expect(await knexward('verify', '--json', '--fix-script', 'db/fix.sql')).toMatchObject({
      code: 0,
    });
  });

  it('--fix-script does not write over what is something else, nor outside of the project', async () => {
    project.write({ 'mine.sql': 'select 1' });
    const refused = await knexward('verify', '--fix-script', 'mine.sql', '--json');
    expect(refused.code).toBe(2);
    expect(refused.json()).toMatchObject({ error: { code: 'FILE_NOT_WRITABLE' } });
    expect(project.read('mine.sql')).toBe('select 1');
    const outside = await knexward('verify', '--fix-script', '../fix.sql', '--json');
    expect(outside.json()).toMatchObject({ error: { code: 'USAGE' } });
  });

  it('--against compares with a snapshot: without a replay, a shadow or a history', async () => {
    await knexward('snapshot', 'db/schema.json');
    const same = await knexward('verify', '--against', 'db/schema.json');
    expect(same).toMatchObject({ code: 0 });
    expect(same.stdout).toContain('The database matches db/schema.json\n');
    expect(same.stderr).not.toContain('Replaying');
    await database.query('drop index users_email; drop table knex_migrations');
    const found = await knexward('verify', '--against', 'db/schema.json', '--json');
    expect(found.code).toBe(6);
    expect(found.json()).toMatchObject({
      inSync: false,
      ...{ against: 'db/schema.json', shadow: null, replayed: null, unreplayable: [] },
      differences: [{ kind: 'index', object: 'public.users_email', actual: null }],
      script: ['CREATE INDEX users_email ON public.users USING btree (email)'],
    });
  });

  it.each([
    ['one that is missing', null, 'SNAPSHOT_FILE'],
    ['one that is no JSON', '<<<<<<< mine', 'SNAPSHOT_FILE'],
    ['something else', '{"name": "x"}', 'SNAPSHOT_FILE'],
    ['a later format', '{"knexward": "snapshot", "format": 99, "objects": []}', 'SNAPSHOT_FILE'],
    ['a broken one', '{"knexward": "snapshot", "format": 1, "objects": [null]}', 'SNAPSHOT_FILE'],
  ])('--against %s: a clear error, exit 2', async (_, content, code) => {
    if (content !== null) project.write({ 'schema.json': content });
    const refused = await knexward('verify', '--against', 'schema.json', '--json');
    expect(refused.code).toBe(2);
    expect(refused.json()).toMatchObject({ error: { code } });
  });
});
