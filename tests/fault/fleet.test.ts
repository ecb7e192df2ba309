import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createProject, type Project, REPOSITORY } from '../support/project';
import {
  ALL_TENANTS,
  counting,
  createTenants,
  fleetKnexfile,
  onceEach,
  type Tenants,
} from '../support/tenants';
import { waitFor } from '../support/wait-for';

describe('a fleet run that is stopped (US13, FR-009, SC-007)', () => {
  let tenants: Tenants;
  let project: Project;
  const { PATH = '', HOME = '' } = process.env;
  const env = () => ({ PATH, HOME, TZ: 'UTC', TEST_DATABASE_URL: tenants.database.url });
  const start = (...args: string[]) => {
    const bin = join(REPOSITORY, 'bin/knexward.js');
    const child = spawn(process.execPath, [bin, 'fleet', 'up', '--json', ...args], {
      ...{ cwd: project.root, env: env(), stdio: ['ignore', 'pipe', 'ignore'] },
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout }));
    return { child, ended };
  };
  const begun = (least: number) =>
    waitFor(async () => Object.keys(await tenants.applied()).length >= least);

  beforeEach(async () => {
    tenants = await createTenants(16);
    project = createProject({
      'knexfile.js': fleetKnexfile(`${ALL_TENANTS}, concurrency: 2`),
      'migrations/20260101000000_a.js': counting('a', "await knex.raw('select pg_sleep(0.1)');"),
    });
  });
  afterEach(async () => {
    project.remove();
    await tenants.drop();
  });

  it('SIGINT: those that have begun finish, and no other begins', async () => {
    const { child, ended } = start();
    await begun(3);
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    const { done, failed, notReached, interrupted } = JSON.parse(stdout) as {
      done: number;
      failed: unknown[];
      notReached: string[];
      interrupted: boolean;
    };
    expect({ failed, interrupted, all: done + notReached.length }).toEqual({
      failed: [],
      interrupted: true,
      all: 16,
    });
    expect(notReached.length).toBeGreaterThan(0);
    expect(Object.keys(await tenants.applied()).length).toBe(done);
    const resumed = await start('--resume').ended;
    expect(resumed.code).toBe(0);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ targets: 16, done: 16, upToDate: 0 });
    expect(await tenants.applied()).toEqual(onceEach(tenants.names, ['a']));
  });

  it('a migration that calls process.exit: no other target begins, nothing of it stays, and no signal is told', async () => {
    project.write({
      'migrations/20260101000000_a.js': counting(
        'a',
        `if ((await knex.raw('select current_schema() as s')).rows[0].s === 't_04') process.exit(0);
         await knex.raw('select pg_sleep(0.1)');`,
      ),
    });
    const { code, stdout } = await start().ended;
    const result = JSON.parse(stdout) as {
      done: number;
      failed: { target: string }[];
      notReached: string[];
      interrupted: boolean;
    };
    const { done, failed, notReached, interrupted } = result;
    expect({ code, interrupted, all: done + failed.length + notReached.length }).toEqual({
      code: 1,
      interrupted: false,
      all: 16,
    });
    expect(failed.map(({ target }) => target)).toContain('t_04');
    expect(notReached.length).toBeGreaterThan(0);
    expect(Object.keys(await tenants.applied())).toHaveLength(done);
  });

  it("the fleet's connections cut in each migration, then SIGINT: the journal holds each end all the same", async () => {
    const cut = `select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'knexward-fleet' and datname = current_database()`;
    project.write({
      'migrations/20260101000000_a.js': counting('a', `await knex.raw(\`${cut}\`);`),
    });
    const { child, ended } = start();
    await begun(6);
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    const rows = await tenants.database.query(
      `select event, count(distinct target)::int as targets from knexward_fleet group by 1 order by 1`,
    );
    const { done } = JSON.parse(stdout) as { done: number };
    expect(rows).toEqual([
      { event: 'begun', targets: 0 },
      { event: 'done', targets: done },
      { event: 'ended', targets: 0 },
    ]);
    expect(Object.keys(await tenants.applied())).toHaveLength(done);
    expect((await start('--resume').ended).code).toBe(0);
    expect(await tenants.applied()).toEqual(onceEach(tenants.names, ['a']));
  });

  it('SIGKILL, twice, then --resume: each target exactly once', async () => {
    for (const [args, least] of [
      [[], 3],
      [['--resume'], 8],
    ] as const) {
      const { child, ended } = start(...args);
      await begun(least);
      child.kill('SIGKILL');
      await ended;
    }
    const { code, stdout } = await start('--resume').ended;
    expect(code).toBe(0);
    const { done, upToDate, ...result } = JSON.parse(stdout) as { done: number; upToDate: number };
    expect(done + upToDate).toBe(16);
    expect(result).toMatchObject({ targets: 16, failed: [], notReached: [] });
    expect(await tenants.applied()).toEqual(onceEach(tenants.names, ['a']));
  });
});
