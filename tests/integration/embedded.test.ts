import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import {
  startEmbedded,
  type Binaries,
  type EmbeddedOptions,
  type EmbeddedServer,
} from '../../src/embedded/index.js';
import { testBinaries } from '../support/postgres-binaries.js';
import { itOfSample } from '../support/sizes.js';

const execFileAsync = promisify(execFile);
const CHILD = path.join(__dirname, '..', 'support', 'embedded-child.js');

interface ChildServer {
  pid: number;
  port: number;
  url: string;
}

let binaries: Binaries;
let base: string;
let folder: string;
const children: ChildProcess[] = [];
/** What a child that ends without an answer is taken to have answered. */
const endOf = new WeakMap<ChildProcess, Promise<{ error: string }[]>>();
const servers: EmbeddedServer[] = [];

beforeAll(async () => {
  binaries = await testBinaries();
});

beforeEach(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'knexward-embedded-'));
  await chmod(base, 0o755);
  folder = path.join(base, 'project', '.knexward');
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) await server.stop();
  await rm(base, { recursive: true, force: true });
});

async function start(options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedServer> {
  const settings = { fsync: 'off' };
  const server = await startEmbedded({ folder, binaries, settings, ...options });
  servers.push(server);
  return server;
}

/** A process of its own that uses the same folder. It leads a process group, like a shell's job. */
function forkUser(): ChildProcess {
  const child = fork(CHILD, [folder, JSON.stringify(binaries)], { detached: true });
  children.push(child);
  endOf.set(
    child,
    once(child, 'exit').then(() => [{ error: 'The child process ended.' }]),
  );
  return child;
}

async function tell(child: ChildProcess, action: 'start' | 'stop'): Promise<ChildServer> {
  child.send(action);
  const [answer] = (await Promise.race([once(child, 'message'), endOf.get(child)])) as [
    { result?: ChildServer; error?: string },
  ];
  if (!answer.result) throw new Error(answer.error);
  return answer.result;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function settingOf(url: string, name: string): Promise<string> {
  const rows = await query(url, `SELECT current_setting('${name}') AS value`);
  return String(rows[0]?.value);
}

async function insertRow(url: string): Promise<void> {
  await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
}

async function expectRow(url: string): Promise<void> {
  expect(await query(url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
}

async function expectStopped(url: string): Promise<void> {
  await expect(query(url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const itIfDrawn = itOfSample('embeddedServer');

describe('a server of one user', () => {
  itIfDrawn('keeps its data from one start to the next', async () => {
    const first = await start();
    await insertRow(first.url);
    await first.stop();
    await expectStopped(first.url);

    const second = await start();
    await expectRow(second.url);
  });

  itIfDrawn('creates the database that is asked for, whatever its name', async () => {
    const name = 'o\'clock "8" & more';
    const server = await start({ database: name });
    expect(await query(server.url, 'SELECT current_database() AS name')).toEqual([{ name }]);
    await server.stop();
    const again = await start({ database: name });
    expect(again.database).toBe(name);
  });

  itIfDrawn('listens on the loopback address only, and only with its password', async () => {
    const server = await start();
    expect(await settingOf(server.url, 'listen_addresses')).toBe('127.0.0.1');
    expect(await settingOf(server.url, 'unix_socket_directories')).toBe('');
    const { host, port, user } = server;
    for (const password of ['wrong', '']) {
      const stranger = new Client({ host, port, user, password, database: 'postgres' });
      await expect(stranger.connect()).rejects.toThrow(/password/);
    }
  });

  itIfDrawn('is UTF-8, and says which version it is', async () => {
    const server = await start({ settings: { timezone: 'UTC' } });
    expect(await settingOf(server.url, 'server_encoding')).toBe('UTF8');
    expect(await settingOf(server.url, 'server_version')).toBe(server.version);
    expect(server.version.split('.')[0]).toBe(process.env.PG_MAJOR ?? '18');
    expect(await settingOf(server.url, 'timezone')).toBe('UTC');
  });

  itIfDrawn('tells the end of the log when it does not start', async () => {
    const server = await start();
    await server.stop();
    const failing = start({ settings: { shared_buffers: 'plenty' } });
    await expect(failing).rejects.toMatchObject({
      code: 'EMBEDDED_SERVER_FAILED',
      message: expect.stringContaining('shared_buffers') as string,
    });
  });

  itIfDrawn('refuses data of another major version', async () => {
    await (await start()).stop();
    await writeFile(path.join(folder, 'cluster', 'data', 'PG_VERSION'), '13\n');
    await expect(start()).rejects.toMatchObject({
      code: 'EMBEDDED_SERVER_FAILED',
      message: expect.stringContaining('PostgreSQL 13') as string,
    });
  });

  itIfDrawn('clears away what a killed first start left, once that is old', async () => {
    const [old, recent] = ['cluster.new-old', 'cluster.new-recent'];
    await mkdir(path.join(folder, old, 'data'), { recursive: true });
    await mkdir(path.join(folder, recent, 'data'), { recursive: true });
    const anHourAgo = new Date(Date.now() - 3_600_000);
    await utimes(path.join(folder, old), anHourAgo, anHourAgo);
    await start();
    const names = await readdir(folder);
    expect(names).toContain(recent);
    expect(names).not.toContain(old);
  });
});

describe('several users', () => {
  itIfDrawn('share one server, and the last one out stops it', async () => {
    const here = await start();
    const child = forkUser();
    const there = await tell(child, 'start');
    expect(there.pid).toBe(here.pid);

    await here.stop();
    await insertRow(there.url);
    const back = await start();
    expect(back.pid).toBe(there.pid);

    await tell(child, 'stop');
    await expectRow(back.url);
    await back.stop();
    await expectStopped(back.url);
  });

  itIfDrawn('may race for the very first start', async () => {
    const users = [forkUser(), forkUser(), forkUser()];
    const found = await Promise.all(users.map((user) => tell(user, 'start')));
    expect(new Set(found.map(({ pid }) => pid)).size).toBe(1);
    const names = await readdir(folder);
    expect(names.filter((name) => name.startsWith('cluster'))).toEqual(['cluster']);

    await Promise.all(users.map((user) => tell(user, 'stop')));
    await expectStopped(found[0]?.url ?? '');
  });

  itIfDrawn(
    'come and go in any order, killed or not, and never lose the server while they use it',
    async () => {
      const rounds = 6;
      const leaving = [forkUser(), forkUser(), forkUser()].map(async (user) => {
        for (let round = 0; round < rounds; round += 1) {
          const { url } = await tell(user, 'start');
          expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
          await tell(user, 'stop');
        }
      });
      const killed = [forkUser(), forkUser()].map(async (user) => {
        await tell(user, 'start');
        user.kill('SIGKILL');
      });
      await Promise.all([...leaving, ...killed]);

      const last = await start();
      await last.stop();
      await expectStopped(last.url);
    },
  );

  itIfDrawn('do not keep each other alive: a finished process ends with its lease', async () => {
    const child = forkUser();
    const { pid } = await tell(child, 'start');
    child.disconnect();
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    expect((await start()).pid).toBe(pid);
  });
});

describe('after a crash', () => {
  itIfDrawn('a killed server is started again with its data', async () => {
    const killed = await start();
    await insertRow(killed.url);
    process.kill(killed.pid, 'SIGKILL');
    await waitFor(() => !isAlive(killed.pid));

    const recovered = await start();
    expect(recovered.pid).not.toBe(killed.pid);
    await expectRow(recovered.url);
  });

  it.each(['SIGKILL', 'SIGINT'] as const)(
    'a server whose user ended with %s is joined, and then stopped',
    async (signal) => {
      const child = forkUser();
      const before = await tell(child, 'start');
      await insertRow(before.url);
      // The whole process group, as a terminal does it for Ctrl-C.
      process.kill(-(child.pid ?? 0), signal);
      await once(child, 'exit');

      const server = await start();
      expect(server.pid).toBe(before.pid);
      await expectRow(server.url);
      await server.stop();
      await expectStopped(server.url);
    },
  );

  itIfDrawn(
    'a server that ended every connection by itself is still stopped by the last one out',
    async () => {
      const server = await start();
      const client = new Client(server.url);
      const ended = new Promise((resolve) => client.once('end', resolve));
      client.on('error', () => undefined);
      await client.connect();
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      // PostgreSQL answers the crash of one of its processes by ending all connections.
      process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
      await ended;
      await server.stop();
      await expectStopped(server.url);
    },
  );

  itIfDrawn('a process id that went to somebody else is not taken for the server', async () => {
    const server = await start();
    await insertRow(server.url);
    await server.stop();
    const anHourAgo = Math.floor(Date.now() / 1000) - 3600;
    const data = path.join(folder, 'cluster', 'data');
    const lines = [process.pid, data, anHourAgo, server.port, '', '127.0.0.1', '', 'ready   ', ''];
    await writeFile(path.join(data, 'postmaster.pid'), lines.join('\n'));

    const again = await start();
    await expectRow(again.url);
  });

  itIfDrawn('a copy of the folder gets a server of its own', async () => {
    const original = await start();
    await insertRow(original.url);
    await query(original.url, 'CHECKPOINT');
    const copied = path.join(base, 'copy');
    await execFileAsync('cp', ['-a', folder, copied]);

    const copy = await start({ folder: copied });
    expect(copy.pid).not.toBe(original.pid);
    await query(copy.url, 'DROP TABLE kept');
    await expectRow(original.url);
  });
});

describe('a folder that only its owner may enter', () => {
  const isRoot = process.getuid?.() === 0;

  itIfDrawn('has a server all the same, on data that stays where it is', async () => {
    await chmod(base, 0o700);
    const first = await start();
    const data = await settingOf(first.url, 'data_directory');
    // Root's server runs as a user that cannot enter the folder; everybody else's can.
    expect(data.startsWith(base)).toBe(!isRoot);
    await insertRow(first.url);
    await first.stop();

    await chmod(base, 0o755);
    const second = await start();
    await expectRow(second.url);
    await second.stop();

    await rm(folder, { recursive: true });
    const fresh = await start();
    expect(await query(fresh.url, "SELECT to_regclass('kept') AS kept")).toEqual([{ kept: null }]);
    await fresh.stop();
    if (isRoot) await rm(path.dirname(path.dirname(data)), { recursive: true });
  });
});
