import { Client } from 'pg';
import { createDatabase, type TestDatabase } from '../support/database';
import { waitFor } from '../support/wait-for';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const FIRST = '20260101000000_first.js';
const LATE = '20260102000000_late.js';
const NEWEST = '20260103000000_newest.js';
const LAST = '20260104000000_last.js';
const TABLE = (name: string) => `
exports.up = (knex) => knex.raw('create table ${name} (id int)');
exports.down = (knex) => knex.raw('drop table ${name}');
`;

describe('a migration from a branch that was merged late', () => {
  let database: TestDatabase;
  let project: Project;
  const env = (): Record<string, string> => ({ TEST_DATABASE_URL: database.url });
  const knexward = (...args: string[]): Promise<Outcome> => project.knexward(args, env());
  const says = (outOfOrder: string, more = ''): void =>
    project.write({
      'knexfile.js': KNEXFILE.replace(
        "client: 'pg',",
        `client: 'pg', knexward: { outOfOrder: '${outOfOrder}' },`,
      ).replace("directory: './migrations'", `directory: './migrations'${more}`),
    });
  const applied = async (): Promise<string[]> =>
    (await database.query<{ name: string }>('select name from knex_migrations order by id')).map(
      ({ name }) => name,
    );

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': KNEXFILE,
      [`migrations/${FIRST}`]: TABLE('first'),
      [`migrations/${NEWEST}`]: TABLE('newest'),
    });
    await knexward('up');
    project.write({ [`migrations/${LATE}`]: TABLE('late'), [`migrations/${LAST}`]: TABLE('last') });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it('is applied, with a warning, unless something else is configured', async () => {
    const plan = (await knexward('plan', '--json')).json<{ changes: { warnings: string[] }[] }>();
    expect(plan.changes.map(({ warnings }) => warnings)).toEqual([
      [`it comes before ${NEWEST}, which is applied`],
      [],
    ]);
    const up = await knexward('up');
    expect([up.code, up.stdout]).toEqual([0, expect.stringContaining('Batch 2 run: 2 migrations')]);
    expect(up.stderr).toContain(`! ${LATE}: it comes before ${NEWEST}, which is applied\n`);
    expect(up.stderr).not.toContain(`! ${LAST}`);
    expect(await applied()).toEqual([FIRST, NEWEST, LATE, LAST]);
    expect((await knexward('status', '--json')).json()).toMatchObject({ problems: [] });
  });

  it("with 'allow' nothing is said", async () => {
    says('allow');
    expect((await knexward('status', '--json')).json()).toMatchObject({ problems: [] });
    const up = await knexward('up');
    expect([up.code, up.stderr.includes('comes before')]).toEqual([0, false]);
  });

  it.each([
    ['up', []],
    ['up', ['--dry-run']],
    ['up', ['-c', '1']],
    ['plan', []],
    ['wait', ['--timeout', '60s']],
  ])("with 'refuse' nothing runs: %s %j", async (command, options) => {
    says('refuse');
    const refused = await knexward(command, ...options);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain(`OUT_OF_ORDER`);
    expect(refused.stderr).toContain(`${LATE} before ${NEWEST}`);
    expect(await applied()).toEqual([FIRST, NEWEST]);
  });

  it("with 'refuse', status and doctor say that up stops; what is in order runs", async () => {
    says('refuse');
    expect((await knexward('status', '--json')).json()).toMatchObject({
      problems: [{ code: 'OUT_OF_ORDER', fix: expect.stringMatching(/^up refuses it/) as string }],
    });
    const { checks } = (await knexward('doctor', '--json')).json<{ checks: object[] }>();
    expect(checks).toContainEqual(expect.objectContaining({ code: 'OUT_OF_ORDER', status: 'red' }));
    project.delete(`migrations/${LATE}`);
    project.write({ [`migrations/20260105000000_late.js`]: TABLE('late') });
    expect(await knexward('up')).toMatchObject({ code: 0 });
    expect((await knexward('down')).code).toBe(0);
  });

  it("with 'refuse', a replay of a history that was not in order is none of it", async () => {
    await knexward('up');
    says('refuse');
    expect(await knexward('verify')).toMatchObject({ code: 0 });
  });

  it("with 'refuse', where another run applies the newer one meanwhile", async () => {
    await database.query(`delete from knex_migrations where name = '${NEWEST}'; drop table newest`);
    project.delete(`migrations/${NEWEST}`);
    says('refuse');
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
      `insert into knex_migrations (name, batch, migration_time) values ('${NEWEST}', 2, now()); commit`,
    );
    await other.end();
    expect(await running).toMatchObject({ code: 5 });
    expect(await applied()).toEqual([FIRST, NEWEST]);
  });

  it('a value that it does not know is refused', async () => {
    says('sometimes');
    expect((await knexward('up', '--json')).json()).toMatchObject({
      error: {
        code: 'KNEXFILE_BROKEN',
        fix: "Write 'warn' or 'allow' or 'refuse'.",
      },
    });
  });
});
