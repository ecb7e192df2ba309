import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { OwnServer } from '../support/own-server';
import { urlFor } from '../support/database';
import { createProject, KNEXFILE, type Project, REPOSITORY } from '../support/project';
import { waitFor } from '../support/wait-for';

const SLEEP = 'select pg_sleep(600)';
const NAME = '20260101000000_a.js';
/** What holds up the end of a run that was stopped must not take longer; without an end it takes for ever. */
const ENDS_IN_MS = 20_000;

/** A migration at the moment at which its server freezes. */
const MOMENTS: Record<string, string> = {
  'in its transaction': `exports.up = (knex) => knex.raw('${SLEEP}');`,
  'outside a transaction': `exports.config = { transaction: false };
    exports.up = (knex) => knex.raw('${SLEEP}');`,
  'at its commit': `exports.up = (knex) => knex.raw(\`
    create function held() returns trigger language plpgsql as
      'begin perform pg_sleep(600); return null; end';
    create table a (id int);
    create constraint trigger held after insert on a deferrable initially deferred
      for each row execute function held();
    insert into a values (1)\`);`,
};

describe('a server that is frozen does not hold up the end (US7, FR-016)', () => {
  let server: OwnServer;
  let client: Client;
  let project: Project;
  let child: ChildProcess;
  const start = (args: string[], address = server.address) => {
    child = spawn(process.execPath, [join(REPOSITORY, 'bin/knexward.js'), ...args], {
      cwd: project.root,
      env: { PATH: process.env['PATH'], TEST_DATABASE_URL: urlFor(address, 'postgres') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = once(child, 'close').then(([code]: unknown[]) => ({ code, stdout, stderr }));
    return { ended, said: () => stderr };
  };
  const sleeps = () =>
    waitFor(async () => {
      const { rowCount } = await client.query(
        `select from pg_stat_activity where wait_event = 'PgSleep'`,
      );
      return rowCount === 1;
    });
  const inTime = <T>(ended: Promise<T>): Promise<T | string> =>
    Promise.race([
      ended,
      new Promise<string>((resolve) => setTimeout(resolve, ENDS_IN_MS, 'still there').unref()),
    ]);

  beforeEach(async () => {
    server = await OwnServer.create();
    client = new Client({ ...server.address, database: 'postgres' });
    client.on('error', () => undefined);
    await client.connect();
    project = createProject({ 'knexfile.js': KNEXFILE });
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    server.thaw();
    await client.end();
    await server.remove();
    project.remove();
  });

  it.each(Object.entries(MOMENTS))(
    'one signal: it ends by itself, and says that it does not know: %s',
    async (_, code) => {
      project.write({ [`migrations/${NAME}`]: code });
      const { ended } = start(['up', '--json']);
      await sleeps();
      server.freeze();
      child.kill('SIGINT');
      const outcome = await inTime(ended);
      expect(outcome).toMatchObject({ code: 130 });
      expect(JSON.parse((outcome as { stdout: string }).stdout)).toMatchObject({
        done: [],
        failed: { name: NAME, code: 'INTERRUPTED', leftovers: true },
      });
    },
  );

  it('two signals: it ends at once', async () => {
    project.write({ [`migrations/${NAME}`]: MOMENTS['in its transaction'] as string });
    const { ended, said } = start(['up']);
    await sleeps();
    server.freeze();
    child.kill('SIGTERM');
    await waitFor(() => Promise.resolve(said().includes('stopping')));
    child.kill('SIGTERM');
    expect(await inTime(ended)).toMatchObject({ code: 143 });
  });

  it('before anything is begun: that, too', async () => {
    // It takes the connection, and never says a word.
    const silent = createServer().listen(0, '127.0.0.1');
    const connected = once(silent, 'connection');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const { ended } = start(['up', '--json'], { ...server.address, port });
    await connected;
    child.kill('SIGINT');
    expect(await inTime(ended)).toMatchObject({ code: 130 });
    silent.close();
  });
});
