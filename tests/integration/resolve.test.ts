import { Client } from 'pg';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';
import { waitFor } from '../support/wait-for';

const A = '20260101000000_a.js';
const B = '20260101000001_b.js';
const TABLE = (name: string) => `
exports.up = (knex) => knex.raw('create table ${name} (id int)');
exports.down = (knex) => knex.raw('drop table ${name}');
`;
/** Drops every row that is to be written. */
const DROP_WRITES = `create function drop_write() returns trigger language plpgsql
  as 'begin return null; end';`;
/** The lock that `history/fence.ts` takes. */
const FENCE = `select pg_advisory_lock(1802401893, hashtext('"public"."knex_migrations"'))`;

describe('what a command says is recorded is recorded', () => {
  let database: TestDatabase;
  let project: Project;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });
  const knex = (...args: string[]): Promise<Outcome> =>
    project.node(['node_modules/knex/bin/cli.js', ...args], { TEST_DATABASE_URL: database.url });
  const applied = async (): Promise<string[]> =>
    (await database.query<{ name: string }>('select name from knex_migrations order by id')).map(
      ({ name }) => name,
    );
  const journal = (): Promise<{ event: string; migration: string }[]> =>
    database.query('select event, migration from knexward_journal order by id');
  const dropWritesTo = (table: string, event: string) =>
    database.query(`create trigger dropped before ${event} on ${table}
      for each row execute function drop_write()`);

  beforeEach(async () => {
    database = await createDatabase();
    await database.query(DROP_WRITES);
    project = createProject({
      'knexfile.js': KNEXFILE,
      [`migrations/${A}`]: TABLE('a'),
      [`migrations/${B}`]: TABLE('b'),
    });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('in an empty database: the tables are made, and up does not run it (FR-009)', async () => {
    const resolved = await knexward('resolve', A, '--applied', '--json');
    expect(resolved).toMatchObject({ code: 0 });
    expect(resolved.json()).toMatchObject({
      ...{ version: 1, resolved: { name: A, verdict: 'applied', changed: true } },
    });
    expect(await applied()).toEqual([A]);
    expect(await journal()).toEqual([{ event: 'resolved', migration: A }]);
    expect((await knexward('up', '--json')).json()).toMatchObject({ done: [{ name: B }] });
  });

  it("where only Knex's own tables are there: written all the same (FR-009)", async () => {
    expect(await knex('migrate:up')).toMatchObject({ code: 0 });
    expect((await knexward('resolve', A, '--reverted')).stdout).toContain(
      `Recorded as reverted: ${A}\n`,
    );
    expect(await applied()).toEqual([]);
    expect((await knexward('resolve', B, '--applied')).stdout).toContain(
      `Recorded as applied: ${B}\n`,
    );
    expect(await applied()).toEqual([B]);
    expect(await journal()).toEqual([
      { event: 'resolved', migration: A },
      { event: 'resolved', migration: B },
    ]);
  });

  it.each([
    ['applied', A, 'already recorded as applied'],
    ['reverted', B, 'already recorded as not applied'],
  ])(
    'what the history says already is told as that: --%s (FR-003)',
    async (verdict, name, said) => {
      expect(await knexward('up', '-c', '1')).toMatchObject({ code: 0 });
      const before = await journal();
      expect(await knexward('resolve', name, `--${verdict}`)).toMatchObject({
        ...{
          code: 0,
          stdout: expect.stringContaining(`${name} is ${said}; nothing was changed.\n`) as string,
        },
      });
      expect((await knexward('resolve', name, `--${verdict}`, '--json')).json()).toMatchObject({
        resolved: { name, verdict, changed: false },
      });
      expect(await journal()).toEqual(before);
      expect(await applied()).toEqual([A]);
    },
  );

  it('in an empty database, that nothing is applied is so already; no table is made (FR-003)', async () => {
    expect((await knexward('resolve', A, '--reverted', '--json')).json()).toMatchObject({
      resolved: { changed: false },
    });
    expect(await database.query("select from pg_tables where schemaname = 'public'")).toEqual([]);
  });

  it("not before db-migrate's history is copied (EC-14)", async () => {
    await database.query(`
      create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
      insert into migrations (name, run_on) values ('/20200101000000-old', now())`);
    const refused = await knexward('resolve', A, '--applied');
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('NOT_ADOPTED')]);
  });

  it('a file that was applied under another extension goes by its recorded name (EC-10)', async () => {
    await database.query('create table a (id int)');
    await knexward('resolve', A, '--applied');
    await database.query(`update knex_migrations set name = '${A.replace('.js', '.ts')}'`);
    await knexward('resolve', A.replace('.js', ''), '--reverted');
    expect(await applied()).toEqual([]);
  });

  it.each([
    ['knex_migrations', 'insert', ['resolve', B, '--applied']],
    ['knex_migrations', 'delete', ['resolve', A, '--reverted']],
    ['knexward_journal', 'insert', ['resolve', B, '--applied']],
    ['knexward_journal', 'insert', ['resolve', A, '--accept-checksum']],
    ['knex_migrations_lock', 'update', ['unlock', '--yes']],
    ['knexward_journal', 'insert', ['unlock', '--yes']],
  ])(
    'a trigger on %s that drops each %s: an error, and nothing is changed, %j (FR-006)',
    async (table, event, args) => {
      await knexward('up', '-c', '1');
      // What `unlock` is for; the others refuse while Knex holds its lock.
      const lock = args[0] === 'unlock' ? 1 : 0;
      await database.query(`update knex_migrations_lock set is_locked = ${lock}`);
      project.write({ [`migrations/${A}`]: `${TABLE('a')}// edited` });
      await dropWritesTo(table, event);
      const before = await journal();
      const refused = await knexward(...args);
      expect(refused.code).toBe(1);
      expect(refused.stdout).not.toMatch(/^(Recorded|Accepted|Released the lock)/m);
      expect(refused.stderr).toContain('SERVER_REFUSED');
      expect(refused.stderr).toContain(`"${table}"`);
      expect(await applied()).toEqual([A]);
      expect(await journal()).toEqual(before);
      expect(await database.query('select is_locked from knex_migrations_lock')).toEqual([
        { is_locked: lock },
      ]);
    },
  );

  it('waits for a change that is behind the fence, whoever holds the lock (FR-009)', async () => {
    await knexward('up', '-c', '1');
    const other = new Client(database.url);
    await other.connect();
    await other.query(FENCE);
    const resolving = knexward('resolve', B, '--applied');
    await waitFor(async () => {
      const waiting = await database.query(
        "select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()",
      );
      return waiting.length === 1;
    });
    expect(await applied()).toEqual([A]);
    await other.end();
    expect((await resolving).stdout).toContain(`Recorded as applied: ${B}\n`);
  });

  it('a checksum that is accepted already is told as that; without a journal there is none (EC-10)', async () => {
    expect(await knex('migrate:up')).toMatchObject({ code: 0 });
    const none = await knexward('resolve', A, '--accept-checksum', '--json');
    expect(none.code).toBe(2);
    expect(none.json()).toMatchObject({
      error: { code: 'USAGE', message: expect.stringContaining('no checksum') as string },
    });
    await knexward('up');
    const accept = async () =>
      (await knexward('resolve', A, '--accept-checksum', '--json')).json<{
        resolved: { changed: boolean };
      }>().resolved.changed;
    expect([await accept(), await accept()]).toEqual([true, false]);
  });

  it('unlock does not list its own connections (FR-003)', async () => {
    await knexward('up');
    await database.disconnect();
    await database.query('update knex_migrations_lock set is_locked = 1');
    const { sessions, unlocked } = (await knexward('unlock', '--yes', '--json')).json<{
      sessions: { application: string }[];
      unlocked: boolean;
    }>();
    expect(unlocked).toBe(true);
    expect(sessions.map(({ application }) => application)).not.toContainEqual(
      expect.stringContaining('knexward'),
    );
  });
});
