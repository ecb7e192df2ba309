import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const FIRST = '20260101000000_users.js';
const SECOND = '20260101000001_email.js';
const EMPTY = 'exports.up = async () => {};\nexports.down = async () => {};\n';
const USERS = `
exports.up = (knex) => knex.schema.createTable('users', (table) => table.increments());
exports.down = (knex) => knex.schema.dropTable('users');
`;
const EMAIL = `
exports.up = (knex) => knex.schema.alterTable('users', (table) => table.text('email'));
exports.down = (knex) => knex.schema.alterTable('users', (table) => table.dropColumn('email'));
`;

describe('a migration that was empty, or was edited, when it was applied', () => {
  let database: TestDatabase;
  let project: Project;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });
  /** The command lines that a message suggests, run one after the other. */
  const follow = async (text: string): Promise<Outcome[]> => {
    const lines = [...text.matchAll(/"knexward ([^"]+)"/g)].map(([, line = '']) => line);
    const outcomes: Outcome[] = [];
    for (const line of lines) outcomes.push(await knexward(...line.split(' ')));
    return outcomes;
  };

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({ 'knexfile.js': KNEXFILE });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it.each([
    ['--js', 'exports.up = (knex) => knex.raw("create table users (id int)");'],
    ['--ts', 'export const up = (knex: any) => knex.raw("create table users (id int)");'],
    ['--sql', 'create table users (id int);'],
  ])(
    'create %s, up, then write it: up warns each time, and what it says works (SC-006)',
    async (language, written) => {
      const { stdout } = await knexward('create', 'users', language);
      const [, path = ''] = /Created Migration: (.+)/.exec(stdout) ?? [];
      const first = await knexward('up');
      expect(first).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('Batch 1 run: 1 migrations') as string,
        stderr: expect.stringContaining(
          'it sent no statement through the knex that it was given',
        ) as string,
      });
      expect(first.stderr).toContain('docs/errors/EMPTY_MIGRATION.md');

      project.write({ [path]: written });
      const second = await knexward('up');
      expect(second).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('Already up to date') as string,
        stderr: expect.stringContaining('it sent no statement when it was applied') as string,
      });
      const { problems } = (await knexward('status', '--json')).json<{
        problems: { code: string; message: string }[];
      }>();
      expect(problems).toMatchObject([
        {
          code: 'CHANGED_FILE',
          message: expect.stringContaining('none of its changes are in the database') as string,
        },
      ]);

      const outcomes = await follow(second.stderr);
      expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
      await database.query('select id from users');
      expect((await knexward('up')).stderr).toBe('');
    },
  );

  it.each([
    [
      'sends nothing, because nobody waits',
      `exports.up = (knex) => { ${'knex("a").insert({})'}; };`,
    ],
    ['is only comments, outside a transaction', '-- knexward: no-transaction\n/* later */ ;\n'],
    ['sends nothing, outside a transaction', `${EMPTY} exports.config = { transaction: false };`],
  ])('%s: it is told', async (_, content) => {
    const name = content.startsWith('--') ? '20260101000000_a.up.sql' : FIRST;
    project.write({ [`migrations/${name}`]: content });
    expect((await knexward('up')).stderr).toContain(`! ${name}: it sent no statement`);
  });

  it('a statement of any kind is no empty migration, also with comments before it', async () => {
    project.write({
      'migrations/20260101000000_a.up.sql': '-- a\nselect 1',
      'migrations/20260101000001_b.up.sql': '-- knexward: no-transaction\n/* b */ select 1',
      'migrations/20260101000002_c.js': 'exports.up = (knex) => knex.raw("select 1");',
      'migrations/20260101000003_d.js':
        'exports.up = (knex) => knex.raw("select 1"); exports.config = { transaction: false };',
      'migrations/20260101000004-e.js':
        'exports.up = (db) => db.runSql("select 1"); exports.down = (db) => db.runSql("select 1");',
    });
    const { code, stderr } = await knexward('up');
    expect({ code, warned: stderr.includes('!') }).toEqual({ code: 0, warned: false });
  });

  it('what the hooks of the knexfile send is none of the migration', async () => {
    project.write({
      'knexfile.js': KNEXFILE.replace(
        "directory: './migrations'",
        `$&, beforeEach: (knex) => knex.raw('select 1'), afterEach: (knex) => knex.raw('select 1')`,
      ),
      [`migrations/${FIRST}`]: EMPTY,
      [`migrations/${SECOND}`]: `${EMPTY} exports.config = { transaction: false };`,
    });
    expect((await knexward('up')).stderr.match(/it sent no statement/g)).toHaveLength(2);
  });

  it('an applied file that is edited: up says so, and redo applies it again', async () => {
    project.write({ [`migrations/${FIRST}`]: USERS });
    await knexward('up');
    project.write({ [`migrations/${FIRST}`]: USERS.replace('increments()', 'text("name")') });
    const { stdout, stderr } = await knexward('up');
    expect(stdout).toContain('Already up to date');
    expect(stderr).toContain(`! ${FIRST}: its file was edited after it was applied`);
    expect((await follow(stderr)).map(({ code }) => code)).toEqual([0]);
    await database.query('select name from users');
    expect((await knexward('up')).stderr).toBe('');
  });

  it('an older one that is edited: down and up instead; beside what is pending too', async () => {
    project.write({ [`migrations/${FIRST}`]: USERS });
    await knexward('up');
    project.write({ [`migrations/${SECOND}`]: EMAIL });
    await knexward('up');
    project.write({
      [`migrations/${FIRST}`]: USERS.replace('increments()', 'text("name")'),
      'migrations/20260101000002_c.js': USERS.replaceAll('users', 'rooms'),
    });
    const { stdout, stderr } = await knexward('up');
    expect(stdout).toContain('Batch 3 run: 1 migrations');
    expect((await follow(stderr)).map(({ code }) => code)).toEqual([0, 0]);
    await database.query('select name, email from users, rooms');
  });

  it('accepted as it is: nothing is told any more', async () => {
    project.write({ [`migrations/${FIRST}`]: EMPTY });
    await knexward('up');
    project.write({ [`migrations/${FIRST}`]: `// on purpose\n${EMPTY}` });
    expect((await knexward('up')).stderr).toContain(FIRST);
    await knexward('resolve', FIRST, '--accept-checksum');
    expect((await knexward('up')).stderr).toBe('');
  });

  it('many that are edited: five are told, and how many more there are', async () => {
    const files = (content: string) =>
      Object.fromEntries(
        Array.from({ length: 9 }, (_, i) => [
          `migrations/2026010100000${i}_m.js`,
          `exports.up = (knex) => knex.raw('select ${i}'); ${content}`,
        ]),
      );
    project.write(files(''));
    await knexward('up');
    project.write(files('// formatted'));
    const { stderr } = await knexward('up');
    expect(stderr.match(/ {2}! /g)).toHaveLength(5);
    expect(stderr).toContain('So were 4 other files');
  });

  it.each([
    ['a table that the edited file makes', USERS, EMPTY, EMAIL, '"users"'],
    [
      'a column that the edited file makes',
      USERS.replace('increments()', 'text("email")'),
      USERS,
      `exports.up = (knex) => knex('users').select('users.email');`,
      '"email"',
    ],
  ])(
    'a later migration lacks %s: the failure says so (FR-014)',
    async (_, edited, was, later, named) => {
      project.write({ [`migrations/${FIRST}`]: was });
      await knexward('up');
      project.write({ [`migrations/${FIRST}`]: edited, [`migrations/${SECOND}`]: later });
      const { failed } = (await knexward('up', '--json')).json<{
        failed: { cause: string; fix: string };
      }>();
      expect(failed.cause).toContain(
        `${FIRST} names ${named}, but was edited after it was applied`,
      );
      expect((await follow(failed.fix)).at(-1)).toMatchObject({ code: 0 });
      expect(await knexward('up')).toMatchObject({
        code: 0,
        stderr: expect.not.stringContaining('!') as string,
      });
      expect((await knexward('status', '--check')).code).toBe(0);
    },
  );

  it('a failure that the edited file has nothing to do with keeps its own cause', async () => {
    project.write({ [`migrations/${FIRST}`]: USERS });
    await knexward('up');
    project.write({
      [`migrations/${FIRST}`]: `// edited\n${USERS}`,
      [`migrations/${SECOND}`]: EMAIL.replaceAll('users', 'rooms'),
    });
    const { failed } = (await knexward('up', '--json')).json<{ failed: { cause: string } }>();
    expect(failed.cause).not.toContain(FIRST);
  });

  it('what plain Knex has applied again since is not held against an older file', async () => {
    const knex = (...args: string[]) =>
      project.node(['node_modules/knex/bin/cli.js', ...args], { TEST_DATABASE_URL: database.url });
    project.write({ [`migrations/${FIRST}`]: USERS });
    await knexward('up');
    // The two tools follow each other by more than the second within which times are not told apart.
    await database.query("update knexward_journal set at = at - interval '1 minute'");
    await knex('migrate:rollback');
    project.write({ [`migrations/${FIRST}`]: `// edited\n${USERS}` });
    expect(await knex('migrate:latest')).toMatchObject({ code: 0 });
    expect((await knexward('up')).stderr).toBe('');
    expect((await knexward('status', '--check')).code).toBe(0);
  });
});
