import fc from 'fast-check';
import { journalOf, namesBeside, NAME_LENGTH } from '../../src/history/tables';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, type Outcome, type Project } from '../support/project';

const A = '20260101000000_a.js';
const B = '20260101000001_b.js';
const KNEXFILE = (table: string) => `module.exports = {
  client: 'pg',
  connection: process.env.TEST_DATABASE_URL,
  migrations: { directory: './migrations', tableName: ${JSON.stringify(table)} },
};`;
const TABLE = (
  name: string,
) => `exports.up = (knex) => knex.schema.createTable('${name}', () => {});
exports.down = (knex) => knex.schema.dropTable('${name}');`;

describe('two applications with a history each in one schema', () => {
  let database: TestDatabase;
  let projects: Project[];
  const application = (table: string, files: Record<string, string>): Project => {
    const project = createProject({ 'knexfile.js': KNEXFILE(table), ...files });
    projects.push(project);
    return project;
  };
  const run = (project: Project, ...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });
  const status = async (project: Project) =>
    (await run(project, 'status', '--json')).json<{
      upToDate: boolean;
      problems: { code: string }[];
    }>();
  const tables = async (): Promise<string[]> =>
    (
      await database.query<{ name: string }>(
        "select tablename as name from pg_tables where schemaname = 'public' order by 1",
      )
    ).map(({ name }) => name);

  beforeEach(async () => {
    database = await createDatabase();
    projects = [];
  });
  afterEach(async () => {
    for (const project of projects) project.remove();
    await database.drop();
  });

  it("one's file of the same name is no changed file of the other (EC-12)", async () => {
    const [shop, office] = ['knex_migrations', 'office_history'].map((table) =>
      application(table, { [`migrations/${A}`]: TABLE(`t_${table}`) }),
    ) as [Project, Project];
    for (const project of [shop, office]) {
      expect(await run(project, 'up')).toMatchObject({ code: 0 });
    }
    for (const project of [shop, office]) {
      expect(await status(project)).toMatchObject({ upToDate: true, problems: [] });
    }
    expect(await tables()).toEqual(
      [
        ...['knex_migrations', 'knex_migrations_lock', 'knexward_journal', 't_knex_migrations'],
        ...['office_history', 'office_history_knexward_journal', 'office_history_lock'],
        't_office_history',
      ].sort(),
    );
  });

  it("one's unfinished change does not stop the other (FR-006)", async () => {
    const shop = application('shop', {
      [`migrations/${A}`]: `exports.config = { transaction: false };
        exports.up = async () => process.kill(process.pid, 'SIGKILL');`,
    });
    const office = application('office', { [`migrations/${B}`]: TABLE('office_b') });
    const killed = await shop.knexwardProcess(['up'], { TEST_DATABASE_URL: database.url });
    expect(killed.signal).toBe('SIGKILL');
    expect(await run(office, 'up')).toMatchObject({ code: 0 });
    expect((await status(office)).problems).toEqual([]);
    expect((await status(shop)).problems).toEqual(
      expect.arrayContaining([expect.objectContaining({ code: 'UNFINISHED' })]),
    );
    expect(await run(shop, 'up')).toMatchObject({ code: 5 });
  });

  it('their first runs at once (EC-04)', async () => {
    const names = ['knex_migrations', 'shop', 'office', 'Back "Office"'];
    const applications = names.map((table, i) =>
      application(table, { [`migrations/${A}`]: TABLE(`made_${i}`) }),
    );
    for (let round = 0; round < 15; round++) {
      await database.query('drop schema public cascade; create schema public');
      const outcomes = await Promise.all(applications.map((project) => run(project, 'up')));
      expect(outcomes.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
        outcomes.map(({ stderr }) => ({ code: 0, stderr })),
      );
    }
  });

  it.each([
    ['58 bytes', 'h'.repeat(58)],
    ['62 bytes, two that differ at the end', `${'h'.repeat(61)}1`, `${'h'.repeat(61)}2`],
    ['letters of more than a byte', 'ü'.repeat(29), `${'ü'.repeat(28)}ö`],
    ['quotes and capitals', 'My "Own" History', 'my "own" history'],
  ])('names of %s: each has its own (EC-12)', async (_, ...names) => {
    const applications = names.map((table, i) =>
      application(table, { [`migrations/${A}`]: TABLE(`made_${i}`) }),
    );
    const outcomes = await Promise.all(applications.map((project) => run(project, 'up')));
    expect(outcomes.map(({ stderr }) => stderr).join('')).not.toContain('ERROR');
    for (const [i, project] of applications.entries()) {
      expect(outcomes[i]).toMatchObject({ code: 0 });
      expect(await status(project)).toMatchObject({ upToDate: true, problems: [] });
      expect((await run(project, 'up')).stdout).toContain('Already up to date');
    }
    const found = await tables();
    for (const name of names)
      expect(found).toEqual(expect.arrayContaining(Object.values(namesBeside(name))));
    const [indexes] = await database.query<{ count: number }>(
      "select count(*)::int as count from pg_indexes where indexname like '%\\_migration\\_index'",
    );
    expect(indexes?.count).toBe(names.length);
  });

  it("a name that leaves none for Knex's lock is refused (FR-014)", async () => {
    const project = application('h'.repeat(63), { [`migrations/${A}`]: TABLE('a') });
    const refused = await run(project, 'up');
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('KNEXFILE_BROKEN migrations.tableName is too long'),
    ]);
    expect(await tables()).toEqual([]);
  });

  it('two histories never have the same journal, and PostgreSQL cuts no name of one', () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 70 }),
      fc
        .constantFrom('a', 'ü', '\u{1F600}')
        .chain((letter) =>
          fc
            .tuple(fc.integer({ min: 1, max: 62 }), fc.string({ maxLength: 3 }))
            .map(([count, end]) => letter.repeat(count) + end),
        ),
    );
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(Buffer.byteLength(journalOf(one))).toBeLessThanOrEqual(NAME_LENGTH);
        expect(journalOf(one) === journalOf(other)).toBe(one === other);
      }),
    );
    expect(journalOf('knex_migrations')).toBe('knexward_journal');
  });
});
