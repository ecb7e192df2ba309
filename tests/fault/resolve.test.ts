import { createDatabase, serverAddress, type TestDatabase } from '../support/database';
import { createProject, type Project } from '../support/project';
import { ProtocolProxy } from '../support/protocol-proxy';
import { Runner, type RunnerAnswer } from '../support/runner';
import { waitFor } from '../support/wait-for';

/** Evaluated anew for each request of a runner. */
const KNEXFILE = `module.exports = () => ({
  client: 'pg',
  connection: process.env.TEST_DATABASE_URL,
  migrations: { directory: './migrations' },
});
`;
const NAME = '20260101000000_outside.js';
/** Its process is killed while it goes the way that it is told. */
const MIGRATION = `
const way = (direction) => async () => {
  if (process.env.DIE === direction) process.kill(process.pid, 'SIGKILL');
};
exports.config = { transaction: false };
exports.up = way('up');
exports.down = way('down');`;

describe('a "resolve" whose connection is cut', () => {
  let database: TestDatabase;
  let project: Project;
  let runner: Runner;
  let proxy: ProtocolProxy;
  let proxied: string;

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({ 'knexfile.js': KNEXFILE, [`migrations/${NAME}`]: MIGRATION });
    runner = new Runner();
    proxy = new ProtocolProxy(serverAddress());
    const url = new URL(database.url);
    url.port = String(await proxy.listen());
    proxied = url.href;
  });
  afterEach(async () => {
    runner.kill();
    await proxy.close();
    project.remove();
    await database.drop();
  });

  const resolve = (verdict: string, url: string): Promise<RunnerAnswer> =>
    runner.ask({ action: 'resolve', cwd: project.root, url, name: NAME, verdict });
  const problems = async (): Promise<string[]> => {
    const { value } = await runner.ask({
      ...{ action: 'status', cwd: project.root, url: database.url },
    });
    return (value as { problems: { code: string }[] }).problems.map(({ code }) => code);
  };
  const isApplied = async (): Promise<boolean> =>
    (await database.query('select from knex_migrations')).length === 1;
  const untilGone = (): Promise<void> =>
    waitFor(async () => {
      const others = await database.query(
        `select from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()`,
      );
      return others.length === 0;
    });

  it.each([
    { verdict: 'applied', killed: 'up' },
    { verdict: 'reverted', killed: 'down' },
  ] as const)(
    'leaves the change as unfinished as it was, or $verdict, at whatever message (FR-006)',
    async ({ verdict, killed }) => {
      const env = { TEST_DATABASE_URL: database.url };
      if (killed === 'down') expect((await project.knexward(['up'], env)).code).toBe(0);
      const run = await project.knexwardProcess([killed], { ...env, DIE: killed });
      expect(run.signal).toBe('SIGKILL');
      await untilGone();
      expect(await problems()).toContain('UNFINISHED');
      await database.query('create table history as table knex_migrations');
      const startAgain = () =>
        database.query(`delete from knexward_journal where event = 'resolved';
          delete from knex_migrations; insert into knex_migrations table history`);

      void proxy.arm();
      expect(await resolve(verdict, proxied)).toMatchObject({
        value: { name: NAME, changed: true },
      });
      expect(await isApplied()).toBe(verdict === 'applied');
      const { messages } = proxy;
      const seen = new Set<string>();
      for (let message = 1; message <= messages; message++) {
        await startAgain();
        const struck = proxy.arm({ message, when: 'after' }, (cut) => cut());
        await resolve(verdict, proxied);
        await struck;
        await untilGone();
        const state = (await problems()).includes('UNFINISHED') ? 'unfinished' : verdict;
        seen.add(state);
        const where = `after message ${message} of ${messages}`;
        const applied = (state === verdict) === (verdict === 'applied');
        expect({ where, state, applied: await isApplied() }).toEqual({ where, state, applied });
        expect(await resolve(verdict, database.url)).toMatchObject({ value: { name: NAME } });
        expect(await isApplied()).toBe(verdict === 'applied');
        expect(await problems()).not.toContain('UNFINISHED');
      }
      expect([...seen]).toEqual(['unfinished', verdict]);
    },
  );
});
