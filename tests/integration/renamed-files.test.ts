import { Client } from 'pg';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';
import { waitFor } from '../support/wait-for';

const OLD = '20260101000000_create_users.js';
const NEW = '20260105000000_create_users.js';
const OTHER = '20260102000000_other.js';
const MIGRATION = `
exports.up = (knex) => knex.raw('create table if not exists users (id int); insert into users values (1)');
exports.down = (knex) => knex.raw('drop table users');
`;
const EMPTY = 'exports.up = async () => {};\nexports.down = async () => {};\n';

describe('a file that was renamed after it was applied', () => {
  let database: TestDatabase;
  let project: Project;
  const env = (): Record<string, string> => ({ TEST_DATABASE_URL: database.url });
  const knexward = (...args: string[]): Promise<Outcome> => project.knexward(args, env());
  const knex = (...args: string[]): Promise<Outcome> =>
    project.node(['node_modules/knex/bin/cli.js', ...args], env());
  const resolve = (from: string, to: string, ...more: string[]): Promise<Outcome> =>
    knexward('resolve', from, '--renamed-to', to, ...more);
  const applied = async (): Promise<string[]> =>
    (await database.query<{ name: string }>('select name from knex_migrations order by id')).map(
      ({ name }) => name,
    );
  const timesRun = async (): Promise<number> => (await database.query('select from users')).length;
  const rename = (from: string, to: string, content = project.read(`migrations/${from}`)): void => {
    project.delete(`migrations/${from}`);
    project.write({ [`migrations/${to}`]: content });
  };

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({ 'knexfile.js': KNEXFILE, [`migrations/${OLD}`]: MIGRATION });
    expect(await knexward('up')).toMatchObject({ code: 0 });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it.each([
    ['up', []],
    ['up', ['--dry-run']],
    ['plan', []],
  ])('is not run a second time: %s %j offers the command (FR-001)', async (command, options) => {
    rename(OLD, NEW);
    const refused = await knexward(command, ...options);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('RENAMED_FILE');
    expect(refused.stderr).toContain(`"knexward resolve ${OLD} --renamed-to ${NEW}"`);
    expect([await timesRun(), await applied()]).toEqual([1, [OLD]]);
  });

  it('status tells of it, in place of a missing file (FR-003)', async () => {
    rename(OLD, NEW);
    const status = (await knexward('status', '--json')).json<{ problems: unknown[] }>();
    expect(status).toMatchObject({
      upToDate: false,
      pending: [{ name: NEW }],
      problems: [
        {
          code: 'RENAMED_FILE',
          migration: OLD,
          fix: `Record the new name: knexward resolve ${OLD} --renamed-to ${NEW}`,
        },
      ],
    });
    expect(status.problems).toHaveLength(1);
  });

  it('is known under the new name afterwards, to Knex as well (FR-010)', async () => {
    rename(OLD, NEW);
    expect((await knex('migrate:status')).stderr).toContain('migration directory is corrupt');
    const resolved = await resolve(OLD, NEW, '--json');
    expect(resolved.json()).toMatchObject({
      resolved: { name: NEW, verdict: 'renamed', from: OLD, changed: true },
    });
    expect(await applied()).toEqual([NEW]);
    expect(
      await database.query(
        'select event, migration, batch, details from knexward_journal order by id desc limit 1',
      ),
    ).toEqual([
      {
        ...{ event: 'resolved', migration: NEW, batch: 1 },
        details: { verdict: 'renamed', from: OLD },
      },
    ]);
    const status = (await knexward('status', '--json')).json();
    expect(status).toMatchObject({ upToDate: true, problems: [] });
    const told = await knex('migrate:status');
    expect([told.code, told.stdout]).toEqual([0, expect.stringContaining('No Pending')]);
    expect((await knexward('up')).stdout).toContain('Already up to date');
    expect(await timesRun()).toBe(1);
    expect((await knexward('down')).code).toBe(0);
    expect(await applied()).toEqual([]);
  });

  it('recorded twice: the second time nothing is changed', async () => {
    rename(OLD, NEW);
    await resolve(OLD, NEW);
    const again = await resolve(OLD, NEW);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain(`${OLD} is already recorded as renamed to ${NEW}`);
    expect(
      await database.query("select from knexward_journal where event = 'resolved'"),
    ).toHaveLength(1);
  });

  it('there and back again', async () => {
    rename(OLD, NEW);
    await resolve(OLD, NEW);
    rename(NEW, OLD);
    expect((await knexward('up')).stderr).toContain(`resolve ${NEW} --renamed-to ${OLD}`);
    expect((await resolve(NEW, OLD)).stdout).toContain(`Recorded as renamed: ${NEW} → ${OLD}\n`);
    rename(OLD, NEW);
    expect((await resolve(OLD, NEW)).stdout).toContain(`Recorded as renamed: ${OLD} → ${NEW}\n`);
    expect(await applied()).toEqual([NEW]);
  });

  it('line ends do not count; an edit made with the rename is told afterwards (EC-10)', async () => {
    rename(OLD, NEW, MIGRATION.replaceAll('\n', '\r\n'));
    expect((await knexward('up')).stderr).toContain('RENAMED_FILE');
    rename(NEW, NEW, `${MIGRATION}// edited\n`);
    expect(await resolve(OLD, NEW)).toMatchObject({ code: 0 });
    expect((await knexward('status', '--json')).json()).toMatchObject({
      problems: [{ code: 'CHANGED_FILE', migration: NEW }],
    });
  });

  it('from .js to .ts: after it, Knex finds the file too (EC-10)', async () => {
    const typed = OLD.replace('.js', '.ts');
    rename(
      OLD,
      typed,
      MIGRATION.replaceAll('exports.', 'export const ').replaceAll('(knex)', '(knex: any)'),
    );
    expect((await knexward('up')).stdout).toContain('Already up to date');
    expect(await resolve(OLD, typed)).toMatchObject({ code: 0 });
    expect(await applied()).toEqual([typed]);
    expect((await knexward('status', '--json')).json()).toMatchObject({ problems: [] });
  });

  it('into a sub-folder, and a history that only Knex has written', async () => {
    await database.query('drop table knexward_journal');
    rename(OLD, `billing/${NEW}`);
    expect((await resolve(OLD, `billing/${NEW}`)).stdout).toContain('Recorded as renamed');
    expect(await applied()).toEqual([`billing/${NEW}`]);
  });

  it('a file of the same content that is changed runs; so does one where no file is missing', async () => {
    project.write({ [`migrations/${NEW}`]: MIGRATION });
    expect(await knexward('up')).toMatchObject({ code: 0 });
    expect(await timesRun()).toBe(2);
    rename(NEW, OTHER, `${MIGRATION}// to be run all the same\n`);
    expect(await knexward('up')).toMatchObject({ code: 0 });
    expect(await timesRun()).toBe(3);
  });

  it('of two files of one content, the one with the name in common is offered', async () => {
    rename(OLD, NEW);
    project.write({ [`migrations/20260104000000_seed.js`]: MIGRATION });
    const { problems } = (await knexward('status', '--json')).json<{
      problems: { code: string }[];
    }>();
    expect(problems.filter(({ code }) => code === 'RENAMED_FILE')).toHaveLength(1);
    expect((await knexward('up')).code).toBe(5);
  });

  describe('is refused, and nothing is changed', () => {
    const refusal = async (from: string, to: string): Promise<string> => {
      const before = await database.query('select * from knexward_journal');
      const names = await applied();
      const { json } = await resolve(from, to, '--json');
      expect(await applied()).toEqual(names);
      expect(await database.query('select * from knexward_journal')).toEqual(before);
      return json<{ error: { code: string } }>().error.code;
    };

    it('where the old name has a file', async () => {
      project.write({ [`migrations/${NEW}`]: MIGRATION });
      expect(await refusal(OLD, NEW)).toBe('RENAME_REFUSED');
      expect(await refusal(OLD, OLD)).toBe('RENAME_REFUSED');
    });

    it.each([
      ['20270101000000_nowhere.js', 'MISSING_FILE'],
      ['', 'USAGE'],
    ])('where the new name has no file: "%s"', async (to, code) => {
      project.delete(`migrations/${OLD}`);
      project.write({ [`migrations/${OTHER}`]: EMPTY });
      expect(await refusal(OLD, to)).toBe(code);
    });

    it('where the new name is applied', async () => {
      project.write({ [`migrations/${OTHER}`]: EMPTY });
      await knexward('up');
      project.delete(`migrations/${OLD}`);
      expect(await refusal(OLD, OTHER)).toBe('RENAME_REFUSED');
    });

    it('where the old name is not applied', async () => {
      project.write({ [`migrations/${NEW}`]: MIGRATION });
      expect(await refusal('20200101000000_never.js', NEW)).toBe('UNKNOWN_MIGRATION');
    });

    it('where the end of the change is not known', async () => {
      rename(OLD, NEW);
      await database.query(
        `insert into knexward_journal (run_id, event, migration, actor, details)
         values (gen_random_uuid(), 'started', '${OLD}', 'me', '{}')`,
      );
      expect(await refusal(OLD, NEW)).toBe('UNFINISHED');
    });

    it("where Knex's lock is held", async () => {
      rename(OLD, NEW);
      await database.query('update knex_migrations_lock set is_locked = 1');
      expect(await refusal(OLD, NEW)).toBe('LOCKED');
    });

    it("where db-migrate's table is in use", async () => {
      await database.query(
        'create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null)',
      );
      rename(OLD, '20260101000000-create-users.js');
      expect(await refusal(OLD, '20260101000000-create-users.js')).toBe('RENAME_REFUSED');
    });

    it('where a trigger drops the update', async () => {
      rename(OLD, NEW);
      await database.query(`create function drop_write() returns trigger language plpgsql
        as 'begin return null; end';
        create trigger dropped before update on knex_migrations
        for each row execute function drop_write()`);
      expect(await refusal(OLD, NEW)).toBe('SERVER_REFUSED');
    });

    it('with a second verdict', async () => {
      expect((await resolve(OLD, NEW, '--applied', '--json')).json()).toMatchObject({
        error: { code: 'USAGE' },
      });
    });
  });

  it('waits for a change that is behind the fence (FR-009)', async () => {
    rename(OLD, NEW);
    const other = new Client(database.url);
    await other.connect();
    await other.query(
      `select pg_advisory_lock(1802401893, hashtext('"public"."knex_migrations"'))`,
    );
    const resolving = resolve(OLD, NEW);
    await waitFor(async () => {
      const waiting = await database.query(
        "select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()",
      );
      return waiting.length === 1;
    });
    expect(await applied()).toEqual([OLD]);
    await other.end();
    expect(await resolving).toMatchObject({ code: 0 });
  });

  it('while an up waits for its turn: it is not run after that either (FR-001)', async () => {
    rename(OLD, OTHER, EMPTY);
    await resolve(OLD, OTHER);
    // The old release is about to apply what the new one has under another name.
    project.write({ [`migrations/${NEW}`]: `${MIGRATION}// both\n` });
    const other = new Client(database.url);
    await other.connect();
    await other.query('begin; update knex_migrations_lock set is_locked = 0');
    const running = knexward('up');
    await waitFor(async () => {
      const waiting = await database.query(
        "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
      );
      return waiting.length > 0;
    });
    await other.query(
      `insert into knex_migrations (name, batch, migration_time) values ('20260104000000_old_name.js', 2, now());
       insert into knexward_journal (run_id, event, migration, batch, checksum, actor, details)
         values (gen_random_uuid(), 'applied', '20260104000000_old_name.js', 2,
           encode(sha256(convert_to($q$${MIGRATION}// both\n$q$, 'utf8')), 'hex'), 'me', '{}');
       commit`,
    );
    await other.end();
    const refused = await running;
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('RENAMED_FILE')]);
    expect(await timesRun()).toBe(1);
  });
});
