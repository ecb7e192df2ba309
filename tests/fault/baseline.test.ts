import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, type Project } from '../support/project';
import { ProtocolProxy } from '../support/protocol-proxy';
import { Runner } from '../support/runner';
import { sampleOf } from '../support/sizes';

const KNEXFILE = `module.exports = () => ({
  client: 'pg',
  connection: process.env.TEST_DATABASE_URL,
  migrations: { directory: './migrations' },
  knexward: { waitForLock: '10min' },
});
`;
const NAMES = ['20260101000000_a.up.sql', '20260102000000_b.up.sql'];
const FILES = {
  'knexfile.js': KNEXFILE,
  [`migrations/${NAMES[0]}`]:
    'create table a (id serial primary key); insert into a default values;',
  [`migrations/${NAMES[1]}`]: 'create table b (id int references a); insert into b values (1);',
};
const LATER = 'migrations/20260103000000_c.up.sql';

/** What is in the database: all of it, or nothing. */
const STATE = `select to_regclass('a') is not null as a, to_regclass('b') is not null as b,
  to_regclass('knex_migrations') is not null as history`;
const ROWS = `select (select json_agg(name order by id) from knex_migrations) as history,
  (select count(*)::int from knexward_journal where event = 'applied') as journal,
  (select count(*)::int from a) as a, (select count(*)::int from b) as b,
  (select max(is_locked) from knex_migrations_lock) as locked`;

describe('loading a baseline is all or nothing (SC-007)', () => {
  let project: Project;
  let database: TestDatabase;
  let proxy: ProtocolProxy;
  let url: string;

  beforeAll(async () => {
    project = createProject(FILES);
    const scratch = await createDatabase();
    const written = await project.knexward(['baseline'], { TEST_DATABASE_URL: scratch.url });
    expect(written).toMatchObject({ code: 0 });
    await scratch.drop();
  });
  afterAll(() => project.remove());
  beforeEach(async () => {
    database = await createDatabase();
    const given = new URL(database.url);
    proxy = new ProtocolProxy({ host: given.hostname, port: Number(given.port) });
    given.port = String(await proxy.listen());
    url = given.href;
  });
  afterEach(async () => {
    await proxy.close();
    await database.drop();
  });

  const complete = { history: NAMES, journal: 2, a: 1, b: 1, locked: 0 };

  it.each([
    ['killed', 'before'],
    ['killed', 'after'],
    ['cut', 'before'],
    ['cut', 'after'],
  ] as const)(
    'the runner is %s %s each message: nothing half true, and the next run completes it',
    async (how, when) => {
      const messages = await messagesOfUndisturbedRun();
      expect(messages).toBeGreaterThan(4);
      const all = Array.from({ length: messages }, (_, index) => index + 1);
      for (const message of sampleOf('baselineFaults', all)) {
        const runner = new Runner();
        await runner.isReady();
        const fault = proxy.arm({ message, when }, (cut) =>
          how === 'killed' ? runner.kill() : cut(),
        );
        await runner.ask({ action: 'up', cwd: project.root, url });
        await fault;
        runner.kill();
        const [state] = await database.query<{ a: boolean; b: boolean; history: boolean }>(STATE);
        expect([state?.a, state?.b]).toEqual([state?.history, state?.history]);
        if (state?.history) expect(await database.query(ROWS)).toEqual([{ ...complete }]);
        const again = await project.knexward(['up', '--json'], { TEST_DATABASE_URL: database.url });
        expect({ code: again.code, stderr: again.stderr }).toMatchObject({ code: 0 });
        expect(await database.query(ROWS)).toEqual([complete]);
        await empty();
      }
    },
  );

  const empty = () =>
    database.query('drop table b, a, knex_migrations, knex_migrations_lock, knexward_journal');

  async function messagesOfUndisturbedRun(): Promise<number> {
    const runner = new Runner();
    void proxy.arm();
    expect(await runner.ask({ action: 'up', cwd: project.root, url })).toHaveProperty('value');
    runner.kill();
    await empty();
    return proxy.messages;
  }

  it('two runners at once on an empty database: one loads it, the other finds nothing to do', async () => {
    for (let round = 0; round < 5; round++) {
      const runs = await Promise.all(
        [1, 2, 3].map(() =>
          project.knexward(['up', '--json'], { TEST_DATABASE_URL: database.url }),
        ),
      );
      const done = runs.map((run) => run.json<{ done: unknown[] }>().done.length);
      expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
      expect(done.sort()).toEqual([0, 0, 2]);
      expect(await database.query(ROWS)).toEqual([complete]);
      await empty();
    }
  });

  it('a migration after it that fails leaves what the baseline brought, as a replay would', async () => {
    project.write({ [LATER]: 'select broken;' });
    const up = await project.knexward(['up', '--json'], { TEST_DATABASE_URL: database.url });
    expect(up.code).toBe(1);
    expect(up.json()).toMatchObject({
      done: NAMES.map((name) => ({ name })),
      failed: { name: LATER.replace('migrations/', '') },
    });
    expect(await database.query(ROWS)).toEqual([complete]);
    project.write({ [LATER]: 'select 1;' });
  });
});
