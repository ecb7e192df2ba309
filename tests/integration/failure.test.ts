import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

interface Failed {
  name: string;
  code: string;
  sqlstate: string | null;
  message: string;
  statement: string | null;
  file: string | null;
  line: number | null;
  hint: string | null;
  detail: string | null;
  cause: string | null;
  fix: string | null;
  page: string;
}

interface UpDocument {
  done: { name: string }[];
  failed: Failed | null;
  notReached: string[];
}

describe('a change that fails halfway (FR-006, FR-014, SC-005)', () => {
  let database: TestDatabase;
  let project: Project;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });
  const failure = async (): Promise<Failed> => {
    const { code, json } = await knexward('up', '--json');
    expect(code).toBe(1);
    const { failed } = json<UpDocument>();
    if (failed === null) throw new Error('nothing failed');
    return failed;
  };
  const exists = async (table: string): Promise<boolean> => {
    const [row] = await database.query<{ found: boolean }>(
      'select to_regclass($1) is not null as found',
      [table],
    );
    return row?.found ?? false;
  };

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20260101000000_first.js': `
        exports.up = (knex) => knex.schema.createTable('first', (t) => { t.integer('n').unique(); });
        exports.down = (knex) => knex.schema.dropTable('first');`,
    });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('leaves no trace of itself, keeps the earlier ones, and names what was not reached (EC-01)', async () => {
    project.write({
      'migrations/20260101000001_second.js': `
exports.up = async (knex) => {
  await knex.schema.createTable('half', (t) => { t.increments(); });
  await knex('first').insert({ n: 1 });

  await knex('first').insert({ n: 1 });
};
exports.down = () => {};`,
      'migrations/20260101000002_third.js': 'exports.up = async () => {};',
      'migrations/20260101000003_fourth.js': 'exports.up = async () => {};',
    });
    const up = await knexward('up', '--json');
    expect(up.code).toBe(1);
    const document = up.json<UpDocument>();
    expect(document.done.map(({ name }) => name)).toEqual(['20260101000000_first.js']);
    expect(document.notReached).toEqual(['20260101000002_third.js', '20260101000003_fourth.js']);
    expect(document.failed).toMatchObject({
      name: '20260101000001_second.js',
      code: 'MIGRATION_FAILED',
      sqlstate: '23505',
      statement: 'insert into "first" ("n") values ($1)',
      line: 6,
      hint: expect.stringContaining('Two rows have the same value') as string,
    });
    expect(document.failed?.file).toMatch(/migrations\/20260101000001_second\.js$/);
    expect(document.failed?.message).toMatch(/^duplicate key value violates unique constraint/);
    expect(await exists('half')).toBe(false);
    expect(await database.query('select * from first')).toEqual([]);
    expect(await database.query('select name from knex_migrations')).toEqual([
      { name: '20260101000000_first.js' },
    ]);
    const [row] = await database.query<{ migration: string; details: { sqlstate: string } }>(
      "select migration, details from knexward_journal where event = 'failed'",
    );
    expect(row).toMatchObject({
      migration: '20260101000001_second.js',
      details: { sqlstate: '23505', direction: 'up' },
    });
  });

  it('shows a person the change, the statement, its place, the cause and what is next, and no bound value (FR-014)', async () => {
    project.write({
      'migrations/20260101000001_second.js': `exports.up = (knex) =>
        knex('missing').insert({ password: 'hunter2-very-secret' });`,
      'migrations/20260101000002_third.js': 'exports.up = async () => {};',
    });
    const up = await knexward('up');
    expect(up.code).toBe(1);
    expect(up.stdout).toContain('Batch 1 run: 1 migrations');
    for (const part of [
      'MIGRATION_FAILED 20260101000001_second.js failed',
      'relation "missing" does not exist',
      'SQLSTATE    42P01',
      'at          migrations/20260101000001_second.js:2',
      'statement   insert into "missing"',
      'cause       The table does not exist',
      'not reached 20260101000002_third.js',
      'next        1 migration before it stays applied.',
    ]) {
      expect(up.stderr).toContain(part);
    }
    expect(up.stdout + up.stderr).not.toContain('hunter2');
  });

  it('shows the place in a SQL file: its line, and a caret under the column (FR-014)', async () => {
    project.write({
      'migrations/20260101000001_second.up.sql':
        "select '🐘';\n\nselect 1;\nselect 1, nothing_here;\nselect 2;\n",
    });
    const { stderr } = await knexward('up');
    expect(stderr).toContain(`  at          migrations/20260101000001_second.up.sql:4
  statement   1 | select '🐘';
              2 | 
              3 | select 1;
              4 | select 1, nothing_here;
                |           ^
              5 | select 2;
`);
  });

  it("shows PostgreSQL's own hint and detail besides the cause and the fix (FR-014)", async () => {
    project.write({
      'migrations/20260101000001_second.js': `exports.up = async (knex) => {
        await knex.raw('create view on_first as select n from first');
        await knex.raw('drop table first');
      };`,
    });
    const { stderr } = await knexward('up');
    expect(stderr).toMatch(/^ {2}detail {6}view on_first depends on table first$/m);
    expect(stderr).toMatch(/^ {2}hint {8}Use DROP \.\.\. CASCADE to drop the dependent/m);
    expect(stderr).toMatch(/^ {2}cause {7}Another object in the database depends on/m);
    expect(stderr).toMatch(/^ {2}fix {9}Drop or change that object first/m);
    expect(stderr).toMatch(/^ {2}page {8}.*docs\/errors\/sqlstate-2BP01\.md\n$/m);
    expect(await failure()).toMatchObject({
      hint: expect.stringMatching(/^Use DROP/) as string,
      detail: 'view on_first depends on table first',
      cause: expect.stringMatching(/^Another object/) as string,
      fix: expect.stringMatching(/^Drop or change/) as string,
      page: expect.stringMatching(/docs\/errors\/sqlstate-2BP01\.md$/) as string,
    });
  });

  it('tells of a failure once', async () => {
    project.write({
      'migrations/20260101000001_second.js': "exports.up = (knex) => knex.raw('select broken');",
    });
    const times = (text: string, part: string): number => text.split(part).length - 1;
    // JSON escapes the quotes.
    const told = (text: string): number =>
      times(text.replaceAll('\\"', '"'), 'column "broken" does not exist');
    for (const args of [['up'], ['up', '--log-format', 'json'], ['up', '--log-level', 'error']]) {
      const { stderr } = await knexward(...args);
      expect(told(stderr)).toBe(1);
      expect(times(stderr, '20260101000001_second.js failed')).toBe(args[2] === 'json' ? 0 : 1);
    }
    const asJson = await knexward('up', '--json');
    expect(told(asJson.stdout)).toBe(1);
    expect(asJson.stderr).not.toContain('does not exist');
    const status = await knexward('nowhere');
    expect(times(status.stderr, 'nowhere')).toBe(1);
  });

  it('hides a password that a statement holds, wherever the failure is told of', async () => {
    project.write({
      'migrations/20260101000001_second.js': `exports.up = (knex) =>
        knex.raw("alter role nobody_at_all password 'hunter2'; select 1");`,
    });
    const outcomes = [await knexward('up'), await knexward('up', '--json')];
    outcomes.push(await knexward('up', '--log-format', 'json', '--log-level', 'debug'));
    outcomes.push(await knexward('status', '--json'));
    for (const { stdout, stderr } of outcomes) expect(stdout + stderr).not.toContain('hunter2');
    expect(outcomes[0]?.stderr).toContain("alter role nobody_at_all password '***'; select 1");
    const journal = await database.query('select details::text from knexward_journal');
    expect(JSON.stringify(journal)).not.toContain('hunter2');
  });

  it.each(['text', 'json'])(
    'hides a password that a migration prints itself (a log in %s)',
    async (format) => {
      project.write({
        'migrations/20260101000001_second.js': `exports.up = async () => {
          console.log('connecting to postgres://app:hunter2@db/app');
          console.error('create role app password', "'hunter2'");
        };`,
      });
      const { code, stdout, stderr } = await knexward('up', '--log-format', format);
      expect(code).toBe(0);
      expect(stdout + stderr).not.toContain('hunter2');
      expect(stderr).toContain('connecting to postgres://app:***@db/app');
      expect(stderr).toContain("create role app password '***'");
    },
  );

  it('does not show the row that breaks a rule, whose values are nobody else’s business', async () => {
    project.write({
      'migrations/20260101000001_second.js': `exports.up = async (knex) => {
        await knex.raw('create table people (id int, ssn text, name text not null)');
        await knex('people').insert({ id: 1, ssn: '078-05-1120' });
      };`,
    });
    const { stderr } = await knexward('up');
    expect(stderr).toContain('detail      Failing row contains (…).');
    expect(stderr).not.toContain('078-05-1120');
  });

  it('finds the line in a SQL file, behind a multi-byte character', async () => {
    project.write({
      'migrations/20260101000001_second.up.sql':
        "select '🐘';\n\nselect 1;\nselect nothing_here;\n",
    });
    expect(await failure()).toMatchObject({
      sqlstate: '42703',
      line: 4,
      file: expect.stringMatching(/second\.up\.sql$/) as string,
    });
  });

  it('finds the line in TypeScript and in an ES module', async () => {
    project.write({
      'migrations/20260101000001_second.ts': `import { type Knex } from 'knex';

interface Row { n: number }

export async function up(knex: Knex): Promise<void> {
  const rows: Row[] = [];
  await knex.raw('select broken');
}`,
    });
    expect(await failure()).toMatchObject({ line: 7, statement: 'select broken' });
    project.write({
      'knexfile.js': KNEXFILE.replace(
        'migrations: {',
        "migrations: { loadExtensions: ['.js', '.ts', '.mjs'],",
      ),
      'migrations/20260101000001_second.ts': 'export async function up() {}',
      'migrations/20260101000002_third.mjs': `
export const up = async (knex) => {
  await knex.raw('select broken');
};`,
    });
    expect(await failure()).toMatchObject({ line: 3, name: '20260101000002_third.mjs' });
  });

  it("finds the line in a file of db-migrate's, and in the SQL file of its loader", async () => {
    project.write({
      'migrations/20150101000000-old.js': `
exports.up = function (db, callback) {
  db.runSql('select 1', function () {
    db.runSql('select broken', callback);
  });
};`,
    });
    expect(await failure()).toMatchObject({ line: 4, statement: 'select broken' });
    project.write({
      'migrations/20150101000000-old.js': `
        var fs = require('fs'), path = require('path');
        exports.up = function (db) {
          return db.runSql(fs.readFileSync(path.join(__dirname, 'sqls/20150101000000-old-up.sql'), 'utf8'));
        };`,
      'migrations/sqls/20150101000000-old-up.sql': 'select 1;\nselect broken;\n',
    });
    expect(await failure()).toMatchObject({
      line: 2,
      file: expect.stringMatching(/sqls\/20150101000000-old-up\.sql$/) as string,
    });
  });

  it('tells of a plain JavaScript error where it was thrown', async () => {
    project.write({
      'migrations/20260101000001_second.js': `
exports.up = async () => {
  throw new TypeError('not today');
};`,
    });
    expect(await failure()).toMatchObject({
      message: 'not today',
      sqlstate: null,
      statement: null,
      line: 3,
    });
  });

  it('is found under an error that the migration put around it', async () => {
    project.write({
      'migrations/20260101000001_second.js': `exports.up = async (knex) => {
        try { await knex.raw('select broken'); } catch (cause) { throw new Error('my own words', { cause }); }
      };`,
    });
    expect(await failure()).toMatchObject({ sqlstate: '42703', statement: 'select broken' });
  });

  it('cannot hide that a statement of it failed', async () => {
    project.write({
      'migrations/20260101000001_second.js': `exports.up = async (knex) => {
        await knex.raw('create table half (id int)');
        await knex.raw('select broken').catch(() => {});
      };`,
    });
    expect((await failure()).sqlstate).toBe('25P02');
    expect(await exists('half')).toBe(false);
  });

  it('a revert that fails midway: status says what is reverted, what failed, what was not reached (US2)', async () => {
    project.write({
      'migrations/20260101000001_second.js': `
        exports.up = (knex) => knex.raw('create table second (id int)');
        exports.down = (knex) => knex.raw('drop table not_second');`,
      'migrations/20260101000002_third.js': `
        exports.up = (knex) => knex.raw('create table third (id int)');
        exports.down = (knex) => knex.raw('drop table third');`,
    });
    await knexward('up');
    const down = await knexward('down', '--json');
    expect(down.code).toBe(1);
    expect(down.json<UpDocument>()).toMatchObject({
      done: [{ name: '20260101000002_third.js' }],
      failed: { name: '20260101000001_second.js', sqlstate: '42P01' },
      notReached: ['20260101000000_first.js'],
    });
    const status = (await knexward('status', '--json')).json<{
      applied: { name: string }[];
      pending: { name: string }[];
      problems: { code: string; migration: string; message: string }[];
    }>();
    expect(status.applied.map(({ name }) => name)).toEqual([
      '20260101000000_first.js',
      '20260101000001_second.js',
    ]);
    expect(status.pending.map(({ name }) => name)).toEqual(['20260101000002_third.js']);
    expect(status.problems).toEqual([
      expect.objectContaining({
        code: 'PARTLY_REVERTED',
        migration: '20260101000001_second.js',
        message: expect.stringMatching(
          /table "not_second" does not exist.*reverted before it: 20260101000002_third\.js; not reached: 20260101000000_first\.js/,
        ) as string,
      }),
    ]);
  });

  it('a change that has committed a part of itself is not tried again, and told so', async () => {
    await database.query('create table busy (id int)');
    const holder = await database.query<{ pid: number }>('select pg_backend_pid() as pid');
    expect(holder).toHaveLength(1);
    await database.query('begin; lock table busy');
    project.write({
      'knexfile.js': KNEXFILE.replace('migrations:', 'knexward: { lockTimeout: 200 }, migrations:'),
      'migrations/20260101000001_second.up.sql':
        "create table once (id int); commit; begin; set lock_timeout = '200ms'; alter table busy add column n int;",
    });
    const up = await knexward('up');
    await database.query('rollback');
    expect(up.code).toBe(1);
    expect(up.stderr).not.toContain('attempt 2');
    expect(up.stderr).toContain('check what it left behind');
    expect(up.stderr).toContain('SQLSTATE    55P03');
    expect(await exists('once')).toBe(true);
  });

  it.each([0, 1, 2])(
    'a change that does not get its locks is tried again as often as the knexfile says: %i',
    async (retries) => {
      await database.query('create table busy (id int)');
      await database.query('begin; lock table busy');
      project.write({
        'knexfile.js': KNEXFILE.replace(
          'migrations:',
          `knexward: { lockTimeout: 50, retries: ${retries} }, migrations:`,
        ),
        'migrations/20260101000001_second.js': `
          const { appendFileSync } = require('node:fs');
          exports.up = (knex) => {
            appendFileSync(__dirname + '/../tried', 'x');
            return knex.raw('alter table busy add column n int');
          };`,
      });
      const { sqlstate } = await failure();
      await database.query('rollback');
      expect(sqlstate).toBe('55P03');
      expect(project.read('tried')).toHaveLength(1 + retries);
    },
  );

  it.each([
    ['js', (sql: string) => `exports.up = (knex) => knex.raw(\`${sql}\`);`],
    ['up.sql', (sql: string) => sql],
  ])(
    'one whose commit fails is the one that failed, and not the one after it (.%s)',
    async (ending, written) => {
      const [second, third] = [`20260101000001_second.${ending}`, `20260101000002_third.${ending}`];
      project.write({
        [`migrations/${second}`]: written(`
          create table half (n int references first (n) deferrable initially deferred);
          insert into half values (1);`),
        [`migrations/${third}`]: written('create table third (id int);'),
      });
      const up = await knexward('up', '--json');
      expect(up.code).toBe(1);
      expect(up.json<UpDocument>()).toMatchObject({
        done: [{ name: '20260101000000_first.js' }],
        failed: { name: second, sqlstate: '23503' },
        notReached: [third],
      });
      expect(await exists('half')).toBe(false);
      expect(await database.query('select name from knex_migrations')).toEqual([
        { name: '20260101000000_first.js' },
      ]);
    },
  );

  it('a nested transaction that is rolled back is no end of the change', async () => {
    project.write({
      'migrations/20260101000001_second.js': `exports.up = async (knex) => {
        await knex.raw('create table kept (id int)');
        await knex.transaction((inner) => inner.raw('select broken')).catch(() => {});
      };`,
    });
    const up = await knexward('up');
    expect({ code: up.code, warned: up.stderr.includes('ended its transaction') }).toEqual({
      code: 0,
      warned: false,
    });
    expect(await exists('kept')).toBe(true);
  });

  it('keeps the whole of a message that has a dash in it', async () => {
    project.write({
      'migrations/20260101000001_second.js': `exports.up = (knex) =>
        knex.raw("do $$ begin raise exception 'one - two - three' using errcode = 'P0001'; end $$");`,
    });
    expect((await failure()).message).toBe('one - two - three');
  });

  it('a change that ends its transaction itself is recorded at once, and warned about', async () => {
    project.write({
      'migrations/20260101000001_second.up.sql':
        'begin; create table second (id int); commit; create table more (id int);',
    });
    const up = await knexward('up');
    expect(up.code).toBe(0);
    expect(up.stderr).toContain('it ended its transaction itself');
    expect(await database.query('select name from knex_migrations order by id')).toHaveLength(2);
    expect(await exists('more')).toBe(true);
  });
});
