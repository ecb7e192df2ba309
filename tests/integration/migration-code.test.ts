import { createDatabase, type TestDatabase } from '../support/database';
import { closeGate, waitingSessions } from '../support/gate';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';
import { waitFor } from '../support/wait-for';

const A = '20260101000000_a.js';
const B = '20260101000001_b';

interface Document {
  done: { name: string }[];
  failed: { name: string; message: string; leftovers: boolean; code: string } | null;
  notReached: string[];
}

describe('what the code of a migration does to its run', () => {
  let database: TestDatabase;
  let project: Project;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexwardProcess(args, { TEST_DATABASE_URL: database.url });
  const history = async (): Promise<string[]> =>
    (await database.query<{ name: string }>('select name from knex_migrations order by id')).map(
      ({ name }) => name,
    );
  const tables = async (): Promise<string[]> =>
    (
      await database.query<{ name: string }>(
        "select tablename as name from pg_tables where schemaname = 'public' and tablename !~ '^knex' order by 1",
      )
    ).map(({ name }) => name);
  const journal = async (): Promise<string[]> =>
    (await database.query<{ event: string }>('select event from knexward_journal order by id')).map(
      ({ event }) => event,
    );
  const lockRow = async (): Promise<number | undefined> =>
    (await database.query<{ is_locked: number }>('select is_locked from knex_migrations_lock'))[0]
      ?.is_locked;

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': KNEXFILE,
      [`migrations/${A}`]: `exports.up = (knex) => knex.raw('create table a (id int)');
        exports.down = (knex) => knex.raw('drop table a');`,
    });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  describe('a SQL file that ends its transaction (FR-006)', () => {
    it.each([
      ['rollback at the end', 'create table b (id int); rollback;', false],
      ['rollback and a new transaction', 'create table b (id int); rollback; begin;', false],
      ['rollback, then more', 'rollback; create table c (id int);', true],
      ['commit, then rollback', 'create table c (id int); commit; begin; rollback;', true],
    ])('%s: failed, not recorded', async (_, sql, leftovers) => {
      project.write({ [`migrations/${B}.up.sql`]: sql });
      const { code, json } = await knexward('up', '--json');
      const { done, failed } = json<Document>();
      expect([code, done.map(({ name }) => name), await history()]).toEqual([1, [A], [A]]);
      expect(failed).toMatchObject({ name: `${B}.up.sql`, leftovers });
      expect(failed?.message).toContain(leftovers ? 'ended its transaction itself' : 'ROLLBACK');
      expect(await tables()).toEqual(leftovers ? ['a', 'c'] : ['a']);
    });

    it('reset all is no end of the transaction', async () => {
      project.write({ [`migrations/${B}.up.sql`]: 'create table b (id int); reset all;' });
      expect((await knexward('up')).code).toBe(0);
    });

    it('a commit, and a savepoint of the next transaction that is rolled back', async () => {
      project.write({
        [`migrations/${B}.js`]: `exports.up = async (knex) => {
          await knex.raw('create table b (id int); commit; begin;');
          await knex.transaction((inner) => inner.raw('create table c (id int)').then(() => { throw new Error('no'); })).catch(() => undefined);
        };`,
      });
      expect((await knexward('up')).code).toBe(0);
      expect([await history(), await tables()]).toEqual([
        [A, `${B}.js`],
        ['a', 'b'],
      ]);
    });

    it('a rollback to a savepoint is no end of the transaction', async () => {
      project.write({
        [`migrations/${B}.up.sql`]:
          'create table b (id int); savepoint s; create table c (id int); rollback to savepoint s;',
      });
      expect((await knexward('up')).code).toBe(0);
      expect([await history(), await tables()]).toEqual([
        [A, `${B}.up.sql`],
        ['a', 'b'],
      ]);
    });
  });

  it.each([
    ['await trx.commit()', "await knex.raw('create table b (id int)'); await knex.commit();"],
    ['trx.commit() without await', "await knex.raw('create table b (id int)'); knex.commit();"],
    [
      'trx.commit(), and then something else that takes its time',
      "await knex.raw('create table b (id int)'); await knex.commit(); await new Promise((resolve) => setTimeout(resolve, 50));",
    ],
  ])('%s: applied, recorded, and warned of (FR-006)', async (_, code) => {
    project.write({ [`migrations/${B}.js`]: `exports.up = async (knex) => { ${code} };` });
    const { code: exit, stderr } = await knexward('up');
    expect({ exit, stderr }).toMatchObject({ exit: 0 });
    expect(stderr).toContain('it ended its transaction itself');
    expect([await history(), await tables()]).toEqual([
      [A, `${B}.js`],
      ['a', 'b'],
    ]);
  });

  it.each(['knex_migrations', 'knexward_journal'])(
    'a trigger that keeps the row out of %s: not told as done (FR-006)',
    async (table) => {
      await knexward('up');
      await database.query(`
        create function drop_it() returns trigger language plpgsql as $$ begin return null; end $$;
        create trigger drop_it before insert on ${table} for each row execute function drop_it()`);
      project.write({
        [`migrations/${B}.js`]: `exports.up = (knex) => knex.raw('create table b (id int)');`,
      });
      const { code, json } = await knexward('up', '--json');
      expect([code, json<Document>().done, await tables()]).toEqual([1, [], ['a']]);
      expect(json<Document>().failed?.message).toContain('was not written');
    },
  );

  const OWN_ENDS: [string, string, string][] = [
    ['process.exit(0)', 'process.exit(0);', 'process.exit(0)'],
    [
      'process.exit in a timer',
      'setTimeout(() => process.exit(0)); await HELD;',
      'process.exit(0)',
    ],
    ['process.exitCode = 0', "process.exitCode = 0; await knex.raw('select broken');", 'broken'],
    [
      'a rejection that nothing handles',
      "Promise.reject(new Error('left alone')); await HELD;",
      'left alone',
    ],
    [
      'an exception in a timer',
      "setTimeout(() => { throw new Error('too late'); }); await HELD;",
      'too late',
    ],
    ['a rejection without a reason', 'return Promise.reject();', ''],
    [
      'an error whose message is no text',
      'throw Object.assign(new Error(), { message: undefined });',
      '',
    ],
    ['an object without a prototype', 'throw Object.create(null);', ''],
    [
      'an error whose stack is no text',
      "throw Object.assign(new Error('odd'), { stack: 5 });",
      'odd',
    ],
    [
      'a listener for the end that sets process.exitCode = 0',
      "process.on('exit', () => (process.exitCode = 0)); throw new Error('odd');",
      'odd',
    ],
    ['trx.rollback() without a reason', 'await knex.rollback();', ''],
  ];

  it.each(OWN_ENDS)(
    '%s: the exit code is that of a failure, the journal has it, and no lock is left (FR-014)',
    async (_, code, message) => {
      project.write({
        [`migrations/${B}.js`]: `exports.up = async (knex) => {
          const HELD = new Promise((resolve) => setTimeout(resolve, 600_000));
          await knex.raw('create table b (id int)');
          ${code}
        };`,
      });
      const outcome = await knexward('up', '--json');
      const { done, failed } = outcome.json<Document>();
      expect([outcome.code, done.map(({ name }) => name)]).toEqual([1, [A]]);
      expect(failed).toMatchObject({ name: `${B}.js`, leftovers: false });
      expect(failed?.message).toContain(message);
      expect([await history(), await tables(), await lockRow()]).toEqual([[A], ['a'], 0]);
      expect(await journal()).toEqual(['applied', 'failed']);
    },
  );

  it('what nobody waits for fails after the last migration: exit code 1, and told (FR-014)', async () => {
    project.write({
      [`migrations/${B}.js`]: `exports.up = async (knex) => {
        [1, 2].forEach(async () => { await knex.raw('select 1'); await knex.raw('select 2'); });
      };`,
    });
    const { code, stderr } = await knexward('up');
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toContain('An error that nothing handled');
  });

  it('a migration is called as a method of what the file exports, as Knex does it', async () => {
    project.write({
      [`migrations/${B}.js`]: `exports.helper = (knex) => knex.raw('create table b (id int)');
        exports.up = function (knex) { return this.helper(knex); };`,
    });
    expect((await knexward('up')).code).toBe(0);
    expect(await tables()).toEqual(['a', 'b']);
  });

  it('a connection that a migration never gives back does not hold up the end', async () => {
    project.write({
      [`migrations/${B}.js`]: `exports.config = { transaction: false };
        exports.up = async (knex) => { await knex.client.acquireConnection(); };`,
    });
    expect((await knexward('up')).code).toBe(0);
  });

  it('process.exitCode = 5 in a migration that is applied: exit code 0 (FR-014)', async () => {
    project.write({
      [`migrations/${B}.js`]: 'exports.up = async () => { process.exitCode = 5; };',
    });
    expect((await knexward('up')).code).toBe(0);
  });

  it('a knexfile that calls process.exit is told of as broken', async () => {
    project.write({ 'knexfile.js': 'process.exit(0);' });
    const outcome = await knexward('up', '--json');
    expect(outcome.json()).toMatchObject({ error: { code: 'KNEXFILE_BROKEN' } });
    expect(outcome.code).toBe(2);
  });

  describe('what a migration sets for the session is not for the next one (FR-009)', () => {
    it.each([
      ['search_path', 'set search_path = other'],
      ['what pg_dump writes', "select pg_catalog.set_config('search_path', '', false)"],
      ['role', 'create role "ROLE" superuser; set role "ROLE"'],
      ['a temporary table in front of a real one', 'create temporary table c (other int)'],
    ])('%s', async (_, statement) => {
      const role = `r${process.pid}${Date.now()}`;
      project.write({
        [`migrations/${B}.up.sql`]: `create schema other; ${statement.replaceAll('ROLE', role)};`,
        'migrations/20260101000002_c.up.sql': 'create table c (id int);',
        'migrations/20260101000003_d.js': `exports.up = (knex) => knex.raw('insert into c (id) values (1)');`,
      });
      const { code, stderr } = await knexward('up');
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(await database.query('select id from public.c')).toEqual([{ id: 1 }]);
      await database.query(`drop role if exists "${role}"`);
    });

    it('nor what a change outside a transaction sets', async () => {
      project.write({
        [`migrations/${B}.js`]: `exports.config = { transaction: false };
          exports.up = (knex) => knex.raw('set search_path = nowhere');`,
        'migrations/20260101000002_c.js': `exports.up = (knex) => knex.raw('create table c (id int)');`,
      });
      expect((await knexward('up')).code).toBe(0);
      expect(await tables()).toEqual(['a', 'c']);
    });
  });

  describe('a pool of one connection (FR-009)', () => {
    beforeEach(() =>
      project.write({
        'knexfile.js': KNEXFILE.replace("client: 'pg',", "client: 'pg', pool: { max: 1 },"),
      }),
    );

    it('transactions, changes outside of one, and a failure', async () => {
      project.write({
        [`migrations/${B}.js`]: `exports.config = { transaction: false };
          exports.up = (knex) => knex.raw('create index concurrently on a (id)');`,
        'migrations/20260101000002_c.js': `exports.up = (knex) => knex.raw('select broken');`,
      });
      const { code, json } = await knexward('up', '--json');
      expect([code, json<Document>().done.length]).toEqual([1, 2]);
      expect(await journal()).toEqual(expect.arrayContaining(['failed']));
      expect(await lockRow()).toBe(0);
    });

    it('a stop between two changes is in the journal', async () => {
      project.write({
        'runner.js': `const { createMigrator } = require('knexward');
          const stop = new AbortController();
          createMigrator({ knexfile: 'knexfile.js' })
            .up({ signal: stop.signal, listener: ({ type }) => type === 'done' && stop.abort() })
            .then(({ failed }) => console.log(failed.code));`,
        [`migrations/${B}.js`]: `exports.up = (knex) => knex.raw('create table b (id int)');`,
      });
      const { stdout } = await project.node(['runner.js'], { TEST_DATABASE_URL: database.url });
      expect(stdout).toBe('INTERRUPTED\n');
      expect(await journal()).toEqual(['applied', 'failed']);
    });
  });

  it.each([
    ['afterAll', [A], []],
    ['beforeAll', [], [A]],
  ])('a hook %s that throws: what was done is told (FR-014)', async (hook, done, notReached) => {
    project.write({
      'knexfile.js': KNEXFILE.replace(
        'migrations: {',
        `migrations: { ${hook}: () => { throw new Error('no mail server'); },`,
      ),
    });
    const outcome = await knexward('up', '--json');
    const told = outcome.json<Document>();
    expect(outcome.code).toBe(1);
    expect(told.failed).toMatchObject({ name: hook, code: 'MIGRATION_FAILED' });
    expect(told.failed?.message).toContain('no mail server');
    expect([told.done.map(({ name }) => name), told.notReached]).toEqual([done, notReached]);
    expect([await history(), await lockRow()]).toEqual([done, 0]);
    const again = hook === 'afterAll' ? 'redo' : 'up';
    const log = await knexward(again, '--log-format', 'json');
    expect(log.stderr).toContain('no mail server');
  });

  describe('after the end of a change, its code reaches the database no more (FR-006)', () => {
    /** Goes on after it was told that it failed, and says when it has tried to write. */
    const GOES_ON: [string, string, (statement: string) => string][] = [
      [
        'a Knex migration',
        `${B}.js`,
        (statement) => `exports.up = async (knex) => {
          await knex.raw('create table late (who text)');
          const connection = await knex.client.acquireConnection();
          for (const send of [(sql) => knex.raw(sql), (sql) => connection.query(sql)]) {
            send(\`${statement}\`).catch(() => undefined).then(() => send("create table too_late (id int)")).catch(() => undefined);
          }
          await knex.raw(\`${statement}\`);
        };`,
      ],
      [
        "a file of db-migrate's",
        '20260101000001-b.js',
        (statement) => `exports.setup = () => undefined;
        exports.up = (db, callback) => {
          db.runSql('create table late (who text)', () => {
            db.runSql(\`${statement}\`, (error) => {
              db.runSql('create table too_late (id int)', () => callback(error));
            });
          });
        };`,
      ],
      [
        'a migration outside a transaction',
        `${B}.js`,
        (statement) => `exports.config = { transaction: false };
        exports.up = async (knex) => {
          await knex.raw(\`${statement}\`).catch(() => undefined);
          for (let i = 0; i < 20; i++) await knex.raw('create table too_late (id int)').catch(() => undefined);
        };`,
      ],
    ];

    it.each(GOES_ON)('%s, interrupted', async (_, file, content) => {
      const gate = await closeGate(database, 1);
      project.write({
        'runner.js': `const { createMigrator } = require('knexward');
          const stop = new AbortController();
          process.on('unhandledRejection', () => undefined);
          createMigrator({ knexfile: 'knexfile.js' })
            .up({ signal: stop.signal })
            .then(({ failed }) => console.log(failed.code))
            // Its code may go on for as long as it likes.
            .finally(() => setTimeout(() => undefined, 500));
          const { unwatchFile, watchFile } = require('node:fs');
          watchFile('stop', { interval: 20 }, ({ mtimeMs }) => {
            if (mtimeMs === 0) return;
            unwatchFile('stop');
            stop.abort();
          });`,
        [`migrations/${file}`]: content(gate.statement),
      });
      const ended = project.node(['runner.js'], { TEST_DATABASE_URL: database.url });
      await waitFor(async () => (await waitingSessions(database)) >= 1);
      project.write({ stop: '' });
      const { stdout } = await ended;
      await gate.open();
      expect(stdout).toBe('INTERRUPTED\n');
      expect(await tables()).toEqual(['a']);
    });

    it('one of several statements at once fails: the others are not committed', async () => {
      project.write({
        [`migrations/${B}.js`]: `exports.up = async (knex) => {
          const connection = await knex.client.acquireConnection();
          await Promise.all([
            connection.query('select broken'),
            connection.query('create table b (id int)').catch(() => connection.query('create table c (id int)')),
          ]);
        };`,
      });
      expect((await knexward('up')).code).toBe(1);
      expect([await history(), await tables()]).toEqual([[A], ['a']]);
    });
  });
});
