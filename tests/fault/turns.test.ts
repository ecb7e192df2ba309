import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { closeGate, waitingSessions } from '../support/gate';
import { createProject, type Project, REPOSITORY } from '../support/project';
import { waitFor } from '../support/wait-for';

const KNEXFILE = `module.exports = {
  client: 'pg',
  connection: process.env.TEST_DATABASE_URL,
  migrations: { directory: './migrations' },
  knexward: {
    waitForLock: Number(process.env.WAIT_FOR_LOCK ?? 600_000),
    lockTimeout: Number(process.env.LOCK_TIMEOUT ?? 600_000),
    retries: 0,
  },
};
`;
const B = '20260101000001_b.js';
/** Counts itself, in a table that lets the same name in twice. */
const counted = (gate: string) => `exports.up = async (knex) => {
  await knex.raw("insert into ran values ('b')");
  await knex.raw(\`${gate}\`);
  if (process.env.FAIL) throw new Error('as asked');
};`;

describe('one runner after the other (US7, FR-009)', () => {
  let database: TestDatabase;
  let project: Project;
  let children: ChildProcess[];
  const env = (more: Record<string, string> = {}) => ({ TEST_DATABASE_URL: database.url, ...more });
  const column = async (sql: string): Promise<string[]> =>
    (await database.query<{ name: string }>(sql)).map(({ name }) => name);

  beforeEach(async () => {
    children = [];
    database = await createDatabase();
    await database.query('create table ran (name text)');
    project = createProject({ 'knexfile.js': KNEXFILE });
  });
  afterEach(async () => {
    children.forEach((child) => child.kill('SIGKILL'));
    project.remove();
    await database.drop();
  });

  /** Starts an "up" that can be listened to. */
  function startUp(more: Record<string, string> = {}): {
    ended: Promise<unknown[]>;
    said(): string;
  } {
    const child = spawn(process.execPath, [join(REPOSITORY, 'bin/knexward.js'), 'up'], {
      cwd: project.root,
      env: { PATH: process.env['PATH'], ...env(more) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.push(child);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return { ended: once(child, 'close'), said: () => stderr };
  }

  it('a runner that has lost its lock is still at its last change: the next one does not run that too', async () => {
    const gate = await closeGate(database, 1);
    project.write({ [`migrations/${B}`]: counted(gate.statement) });
    const first = project.knexward(['up', '--json'], env());
    await waitFor(async () => (await waitingSessions(database)) === 1);
    // As where a firewall cuts the connection that holds the lock, which is idle.
    await database.query(
      `select pg_terminate_backend(pid) from pg_locks
        where locktype = 'advisory' and classid = x'6b6e7864'::int
          and database = (select oid from pg_database where datname = current_database())`,
    );
    const second = project.knexward(['up', '--json'], env());
    await waitFor(async () => (await waitingSessions(database)) === 2);
    await gate.open();
    const [one, other] = [await first, await second];
    expect([one.json(), other.json()]).toMatchObject([
      { done: [{ name: B }], failed: null },
      { done: [], failed: null },
    ]);
    expect(await column('select name from ran')).toEqual(['b']);
    expect(await column('select name from knex_migrations')).toEqual([B]);
  });

  it('a runner that had to wait and finds work left keeps the others out while it does it', async () => {
    const gates = [await closeGate(database, 1), await closeGate(database, 2)] as const;
    project.write({ [`migrations/${B}`]: counted(gates[0].statement) });
    const first = startUp({ FAIL: 'yes' });
    await waitFor(async () => (await waitingSessions(database)) === 1);
    project.write({ [`migrations/${B}`]: counted(gates[1].statement) });
    const second = startUp();
    await waitFor(() => Promise.resolve(second.said().includes('Waiting for another runner')));
    await gates[0].open();
    expect(await first.ended).toEqual([1, null]);
    await waitFor(async () => (await waitingSessions(database)) === 1);
    const third = await project.knexward(
      ['up', '--json'],
      env({ WAIT_FOR_LOCK: '0', LOCK_TIMEOUT: '1' }),
    );
    expect(third.json()).toMatchObject({ error: { code: 'LOCKED' } });
    expect(third.code).toBe(4);
    await gates[1].open();
    expect(await second.ended).toEqual([0, null]);
    expect(await column('select name from ran')).toEqual(['b']);
  });
});
