import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programPath } from '../../src/embedded/binaries.js';
import { type Cluster, openCluster, SUPERUSER } from '../../src/embedded/cluster.js';
import { programOptions } from '../../src/embedded/program.js';
import { isTaken, onFreePort } from './free-port.js';
import { type TestServerAddress } from './postgres-address.js';
import { testBinaries } from './postgres-binaries.js';
import { waitFor } from './wait-for.js';

/*
 * The machine lives on when the server is killed, so what the server has written to a file is kept,
 * and it need not be synced to the disk. But it must have been written: with synchronous_commit off,
 * the end of the log is still in the server's memory when it reports a commit, and dies with it.
 */
const SETTINGS = {
  synchronous_commit: 'on',
  // In its own folder: what a killed server has in the system's shared memory stays there for ever.
  dynamic_shared_memory_type: 'mmap',
  fsync: 'off',
  full_page_writes: 'off',
  // Small, so that it starts in no time.
  shared_buffers: '16MB',
  max_connections: '30',
  autovacuum: 'off',
  timezone: 'UTC',
};

/** A PostgreSQL of a test's own, which can be killed and started again. */
export class OwnServer {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly cluster: Cluster,
    readonly address: TestServerAddress,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  /** Makes a cluster in a temporary folder and starts it, with these settings besides the usual. */
  static async create(given: Readonly<Record<string, string>> = {}): Promise<OwnServer> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'knexward-server-'));
    await chmod(folder, 0o755);
    const cluster = await openCluster(folder, await testBinaries(), false);
    const { password } = cluster;
    return onFreePort(async (port) => {
      const address = { host: '127.0.0.1', port, user: SUPERUSER, password };
      const server = new OwnServer(folder, cluster, address, { ...SETTINGS, ...given });
      await server.startOnce();
      return server;
    });
  }

  /** Starts it, on the same port each time; after a kill it recovers first. */
  async start(): Promise<void> {
    // The system may take a moment to give the killed one's port back.
    await waitFor(() =>
      this.startOnce().then(
        () => true,
        (error: unknown) => {
          if (isTaken(error)) return false;
          throw error;
        },
      ),
    );
  }

  private async startOnce(): Promise<void> {
    const { binaries, data, user } = this.cluster;
    const { host, port } = this.address;
    const settings = {
      ...this.settings,
      listen_addresses: host,
      port,
      unix_socket_directories: '',
    };
    const child = spawn(
      programPath(binaries, 'postgres'),
      [
        '-D',
        data,
        ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
      ],
      { ...programOptions(binaries, user), stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.child = child;
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        log += text;
        if (log.includes('ready to accept connections')) resolve();
      });
      child.once('close', () => reject(new Error(`PostgreSQL does not start:\n${log}`)));
    });
    // From here on nobody reads what it says.
    child.stderr.removeAllListeners('data').resume();
  }

  /** Kills the postmaster and all its children at once: none of them can finish anything. */
  async kill(): Promise<void> {
    const { child } = this;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    // Stopped first, so that it neither starts another child nor notices that one is gone.
    process.kill(child.pid, 'SIGSTOP');
    const children = childrenOf(child.pid);
    for (const pid of [...children, child.pid]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It had ended by itself.
      }
    }
    await once(child, 'exit');
    // The next server refuses to start while a process of this one is still on its way out.
    while (children.some(isRunning)) await sleep(1);
  }

  /** Stops all its processes where they are: it takes what it is sent, and answers nothing. */
  freeze(): void {
    this.signalAll('SIGSTOP');
  }

  /** Lets it go on. */
  thaw(): void {
    this.signalAll('SIGCONT');
  }

  private signalAll(name: NodeJS.Signals): void {
    const { pid } = this.child ?? {};
    if (pid === undefined) throw new Error('The server does not run.');
    for (const each of [pid, ...childrenOf(pid)]) process.kill(each, name);
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function childrenOf(pid: number): number[] {
  const list = `/proc/${pid}/task/${pid}/children`;
  const text = existsSync(list)
    ? readFileSync(list, 'utf8')
    : execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter(([, parent]) => Number(parent) === pid)
        .map(([child]) => child)
        .join(' ');
  return text.split(' ').map(Number).filter(Boolean);
}

/** Where nobody collects it, a process that has ended keeps its number. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return (
      !existsSync('/proc/self') ||
      !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    );
  } catch {
    return false;
  }
}
