import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Project } from '../support/project';
import { ProtocolProxy } from '../support/protocol-proxy';
import { waitFor } from '../support/wait-for';

const NAME = '20260101000000_a.js';

/**
 * A change outside a transaction whose last statement the server has received and not begun, as on a busy machine:
 * the process that is to carry it out stands still. The run ends in that moment.
 */
const migration = (end: string): string => `
exports.config = { transaction: false };
exports.up = async (knex) => {
  const { rows: [{ pid }] } = await knex.raw('insert into began select pg_backend_pid() returning pid');
  process.kill(pid, 'SIGSTOP');
  const ended = new Promise((resolve, reject) => {
    knex.once('query', () => setImmediate(() => ${end}));
  });
  knex.raw("insert into ran values ('late')").catch(() => undefined);
  await ended;
};
`;

describe('what a change has sent before its end (FR-006, FR-009)', () => {
  let database: TestDatabase;
  let project: Project;
  const pids = async (): Promise<number[]> =>
    (await database.query<{ pid: number }>('select pid from began')).map(({ pid }) => pid);
  const goOn = async (): Promise<void> => {
    for (const pid of await pids()) {
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // It has ended.
      }
    }
  };

  beforeEach(async () => {
    database = await createDatabase();
    await database.query('create table began (pid int); create table ran (name text)');
  });
  afterEach(async () => {
    await goOn();
    project.remove();
    await database.drop();
  });

  it.each([
    ['a signal', "process.kill(process.pid, 'SIGTERM')", 143],
    ['a failure', "reject(new Error('no'))", 1],
  ])('is not carried out after the run has told of its end by %s', async (_, end, code) => {
    project = createProject({ 'knexfile.js': KNEXFILE, [`migrations/${NAME}`]: migration(end) });
    const up = await project.knexwardProcess(['up', '--json'], { TEST_DATABASE_URL: database.url });
    expect([up.code, up.json()]).toMatchObject([code, { failed: { name: NAME } }]);
    const [pid] = await pids();
    await goOn();
    await waitFor(async () => {
      const there = await database.query('select from pg_stat_activity where pid = $1', [pid]);
      return there.length === 0;
    });
    expect(await database.query('select * from ran')).toEqual([]);
  });

  it('is not carried out either where all connections of the run were cut at once', async () => {
    const address = new URL(database.url);
    const proxy = new ProtocolProxy({ host: address.hostname, port: Number(address.port) });
    address.hostname = '127.0.0.1';
    address.port = String(await proxy.listen());
    project = createProject({
      'knexfile.js': KNEXFILE,
      [`migrations/${NAME}`]: `exports.config = { transaction: false };
        exports.up = (knex) => knex.raw("select pg_sleep(3); insert into ran values ('late')");`,
    });
    const up = project.knexwardProcess(['up', '--json'], { TEST_DATABASE_URL: address.href });
    const atWork = (): Promise<unknown[]> =>
      database.query(
        "select from pg_stat_activity where datname = current_database() and query like 'select pg_sleep(3)%' and state = 'active'",
      );
    await waitFor(async () => (await atWork()).length > 0);
    proxy.cutAll();
    // Which of the connections is missed first decides whether the change has failed or the lock is lost.
    expect([1, 4]).toContain((await up).code);
    await waitFor(async () => (await atWork()).length === 0);
    expect(await database.query('select * from ran')).toEqual([]);
    await proxy.close();
  });

  it('is told as known where all sessions of the run have ended', async () => {
    project = createProject({
      'knexfile.js': KNEXFILE,
      [`migrations/${NAME}`]: `exports.config = { transaction: false };
        exports.up = async (knex) => {
          await Promise.all(Array.from({ length: 8 }, () => knex.raw('select pg_sleep(0.2)')));
          throw new Error('no');
        };`,
    });
    const up = await project.knexwardProcess(['up', '--json'], { TEST_DATABASE_URL: database.url });
    const failed = { name: NAME, message: 'no', leftovers: true, endUnknown: false };
    expect([up.code, up.json()]).toMatchObject([1, { failed }]);
  });
});
