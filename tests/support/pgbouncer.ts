import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { serverUser } from '../../src/embedded/server-user.js';
import { serverAddress, type TestRole } from './database.js';
import { onFreePort } from './free-port.js';
import { type TestServerAddress } from './postgres-address.js';
import { waitFor } from './wait-for.js';

/** When PgBouncer takes a server connection away from its client. */
export type PoolMode = 'session' | 'transaction' | 'statement';

export interface PgBouncerOptions {
  mode: PoolMode;
  /** How many server connections there are at most for a role in a database (20). */
  poolSize?: number;
  /** Who may log in, besides the superuser. */
  roles?: readonly Pick<TestRole, 'name' | 'password'>[];
  /** The server behind it, where that is not the tests' own. */
  server?: TestServerAddress;
  /** Further settings, by their names in PgBouncer's manual. */
  settings?: Readonly<Record<string, string>>;
}

/** A running PgBouncer in front of the tests' server. */
export interface PgBouncer {
  address: { host: string; port: number };
  /** The same connection URL, through PgBouncer. */
  through(url: string): string;
  /** Asks PgBouncer itself, as `SHOW POOLS`. */
  console<Row extends QueryResultRow>(command: string): Promise<Row[]>;
  /** Ends it with every connection through it, and removes its folder. */
  stop(): Promise<void>;
}

let told = false;

/** The program, or `null` where it is not installed; what is left out then is said once. */
export function findPgBouncer(): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const found = folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path));
  if (found === undefined && !told) {
    told = true;
    console.warn('PgBouncer is not installed: the tests that go through it are left out.');
  }
  return found ?? null;
}

/** `describe` for tests that need PgBouncer. */
export const describeWithPgBouncer = (...given: Parameters<typeof describe.skip>): void =>
  (findPgBouncer() === null ? describe.skip : describe)(...given);

/** Starts a PgBouncer of the test's own, which must be stopped. */
export async function startPgBouncer(options: PgBouncerOptions): Promise<PgBouncer> {
  const program = findPgBouncer();
  if (program === null) throw new Error('PgBouncer is not installed.');
  return onFreePort((port) => startOn(port, program, options));
}

async function startOn(
  port: number,
  program: string,
  options: PgBouncerOptions,
): Promise<PgBouncer> {
  const folder = await writeConfiguration(options, port);
  const { child, log, closed } = start(program, folder, await serverUser());
  const { host, user, password } = options.server ?? serverAddress();
  const admin = new Client({ host, port, user, password, database: 'pgbouncer' });
  try {
    await waitFor(() => Promise.resolve(log().includes('process up') || closed()));
    if (closed()) throw new Error(`PgBouncer does not start:\n${log()}`);
    await admin.connect();
  } catch (error) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    address: { host, port },
    through: (url) => {
      const pooled = new URL(url);
      pooled.port = String(port);
      return pooled.href;
    },
    console: async <Row extends QueryResultRow>(command: string) =>
      (await admin.query<Row>(command)).rows,
    stop: async () => {
      await admin.end().catch(() => undefined);
      // What SIGTERM and SIGINT wait for differs between versions.
      if (!hasEnded(child)) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function writeConfiguration(options: PgBouncerOptions, port: number): Promise<string> {
  const server = options.server ?? serverAddress();
  const folder = mkdtempSync(join(tmpdir(), 'knexward-pgbouncer-'));
  const settings = {
    listen_addr: server.host,
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: join(folder, 'userlist.txt'),
    admin_users: server.user,
    pool_mode: options.mode,
    default_pool_size: String(options.poolSize ?? 20),
    max_client_conn: '500',
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const target = `* = host=${server.host} port=${server.port}`;
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    ['[databases]', target, '[pgbouncer]', ...lines, ''].join('\n'),
    { mode: 0o600 },
  );
  const roles = (options.roles ?? []).map(({ name, password }) => ({ user: name, password }));
  const users = [server, ...roles];
  // With the passwords themselves: PgBouncer logs in to the server with them.
  const list = users.map(({ user, password }) => `"${user}" "${password}"\n`);
  writeFileSync(join(folder, 'userlist.txt'), list.join(''), { mode: 0o600 });
  const owner = await serverUser();
  chmodSync(folder, 0o700);
  for (const path of [join(folder, 'userlist.txt'), join(folder, 'pgbouncer.ini'), folder]) {
    if (owner) chownSync(path, owner.uid, owner.gid);
  }
  return folder;
}

function start(
  program: string,
  folder: string,
  user: { uid: number; gid: number } | undefined,
): { child: ChildProcess; log: () => string; closed: () => boolean } {
  const child = spawn(program, [join(folder, 'pgbouncer.ini')], {
    ...{ cwd: folder, env: {}, stdio: ['ignore', 'ignore', 'pipe'], ...user },
  });
  let log = '';
  let closed = false;
  child.on('close', () => (closed = true));
  child.on('error', (error) => (log += error.message));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text));
  return { child, log: () => log, closed: () => closed };
}

function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}
