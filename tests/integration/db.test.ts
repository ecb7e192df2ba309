import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { Client } from 'pg';
import { createProject, type Project } from '../support/project';

interface Running {
  url: string;
  pid: number;
  alreadyRunning: boolean;
}

describe('db keeps the embedded PostgreSQL running', () => {
  let project: Project;
  const db = async (): Promise<Running> =>
    (await project.knexwardProcess(['db', '--json'])).json<Running>();
  const stop = async () =>
    (await project.knexwardProcess(['db', '--stop', '--json'])).json<{ outcome: string }>().outcome;
  const rows = async (url: string) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    const result = await client.query('select * from a');
    await client.end();
    return result.rowCount;
  };

  beforeEach(() => {
    project = createProject({ 'migrations/20260101000000_a.up.sql': 'create table a (id int);' });
    chmodSync(project.root, 0o755);
  });
  afterEach(async () => {
    await stop();
    project.remove();
  });

  it('it outlives the command, up works on it and leaves it, --stop ends it, and the URL stays', async () => {
    expect(await stop()).toBe('not running');
    const first = await db();
    expect(first.alreadyRunning).toBe(false);
    expect((await project.knexwardProcess(['up'])).code).toBe(0);
    expect(await rows(first.url)).toBe(0);
    expect(await db()).toEqual({ ...first, alreadyRunning: true });
    const { password } = new URL(first.url);
    expect(execFileSync('ps', ['-ef'], { encoding: 'utf8' })).not.toContain(password);
    expect(await stop()).toBe('stopped');
    await expect(rows(first.url)).rejects.toThrow('ECONNREFUSED');
    expect((await db()).url).toBe(first.url);
  });

  it('two at once are one server; a killed one is kept no more, and comes back', async () => {
    const [one, two] = await Promise.all([db(), db()]);
    expect([one.pid, one.url]).toEqual([two.pid, two.url]);
    process.kill(one.pid, 'SIGKILL');
    expect((await project.knexwardProcess(['up'])).code).toBe(0);
    // The one that up started is not the one that was to stay.
    await expect(rows(one.url)).rejects.toThrow();
    const again = await db();
    expect([again.alreadyRunning, await rows(again.url)]).toEqual([false, 0]);
  });

  it('in production: refused', async () => {
    expect(await project.knexwardProcess(['db', '--env', 'production'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is for development') as string,
    });
  });
});
