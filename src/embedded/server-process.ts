import { spawn } from 'node:child_process';
import { closeSync, fchownSync, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { KnexwardError } from '../errors.js';
import { type Cluster } from './cluster.js';
import { programPath } from './binaries.js';
import { livePostmaster, type Postmaster } from './postmaster.js';
import { programOptions, runProgram } from './program.js';

/** The only address that the server listens on. */
export const HOST = '127.0.0.1';

/** A `postgres` that was just started, and may yet turn out not to stay. */
export interface ServerProcess {
  /** Why the process ended, once it has. */
  ended(): Promise<ServerEnd | undefined>;
}

/** How a server that would not start ended. */
export interface ServerEnd {
  /** True where another attempt may do better, as when the port was taken. */
  temporary: boolean;
  /** The last lines of its log. */
  lastLines: string;
  /** The system's error, where the program could not be started at all. */
  error?: Error;
}

const LOG_LIMIT_BYTES = 1024 * 1024;
const LAST_LINES = 15;
const STOP_TIMEOUT_MS = 10_000;
const STOP_POLL_MS = 10;
const TEMPORARY =
  /could not create any TCP\/IP sockets|lock file ".*" (already exists|is empty)|pre-existing shared memory block/;

/**
 * Starts `postgres` in a session of its own, so that Ctrl-C in the terminal does not reach it, and
 * so that it outlives this process where somebody else still uses it.
 *
 * @param settings Server settings, given on its command line.
 * @param preferredPort The port to listen on, where it is free.
 */
export async function spawnServer(
  cluster: Cluster,
  settings: Readonly<Record<string, string>>,
  preferredPort: number | undefined,
): Promise<ServerProcess> {
  const port = await freePort(preferredPort);
  const { descriptor, start } = openLog(cluster);
  const child = spawn(
    programPath(cluster.binaries, 'postgres'),
    serverArguments(cluster, port, settings),
    {
      ...programOptions(cluster.binaries, cluster.user),
      detached: true,
      stdio: ['ignore', descriptor, descriptor],
    },
  );
  closeSync(descriptor);
  child.unref();

  let failure: Error | undefined;
  child.on('error', (error) => (failure = error));
  return {
    async ended() {
      if (!failure && child.exitCode === null && child.signalCode === null) return undefined;
      const output = await readFrom(cluster.log, start);
      return {
        // It ends with 0 when it was stopped: another user came, left and was the last one out.
        temporary: child.exitCode === 0 || TEMPORARY.test(output),
        lastLines: lastLines(output),
        ...(failure && { error: failure }),
      };
    },
  };
}

/** The last lines that the cluster's server logged. */
export async function logTail(cluster: Cluster): Promise<string> {
  return lastLines(await readFrom(cluster.log, 0));
}

/**
 * Stops the cluster's server. It is asked to end every connection and to write everything out; if
 * that takes too long, it is made to end at once, and recovers its data at the next start. That
 * happens: asked just after one of its processes crashed, PostgreSQL may never finish.
 *
 * @throws KnexwardError EMBEDDED_SERVER_FAILED when the server does not end.
 */
export async function stopServer(cluster: Cluster): Promise<void> {
  const stopping = await livePostmaster(cluster.data);
  if (!stopping) return;
  for (const mode of ['fast', 'immediate']) {
    const args = ['stop', `--pgdata=${cluster.data}`, `--mode=${mode}`, '--no-wait', '--silent'];
    await runProgram(cluster.binaries, 'pg_ctl', args, cluster.user);
    if (await hasEnded(cluster, stopping)) return;
  }
  throw new KnexwardError('EMBEDDED_SERVER_FAILED', {
    message: `The embedded PostgreSQL (process ${stopping.pid}) does not stop. The end of its log:\n${await logTail(cluster)}`,
    fix: `Look into ${cluster.log}, and end the process by hand if need be: its data survives that.`,
  });
}

/**
 * Waits for the end of one server. `pg_ctl` does not: it looks only whether there is a process id
 * file, so where a newcomer starts the next server at once, it waits for that one to end.
 */
async function hasEnded(cluster: Cluster, stopping: Postmaster): Promise<boolean> {
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const current = await livePostmaster(cluster.data);
    if (current?.pid !== stopping.pid || current.startedAt !== stopping.startedAt) return true;
    await sleep(STOP_POLL_MS);
  }
  return false;
}

function serverArguments(
  cluster: Cluster,
  port: number,
  settings: Readonly<Record<string, string>>,
): string[] {
  const all = {
    ...settings,
    port: String(port),
    listen_addresses: HOST,
    unix_socket_directories: '',
    // In the same place and language whatever the settings say, because it is read here.
    logging_collector: 'off',
    log_destination: 'stderr',
    lc_messages: 'C',
  };
  return [
    '-D',
    cluster.data,
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/** Appends, so that the log of a crash can still be read, but does not let the file grow for ever. */
function openLog({ log, user }: Cluster): { descriptor: number; start: number } {
  const descriptor = openSync(log, 'a', 0o600);
  if (user) fchownSync(descriptor, user.uid, user.gid);
  if (fstatSync(descriptor).size > LOG_LIMIT_BYTES) ftruncateSync(descriptor);
  return { descriptor, start: fstatSync(descriptor).size };
}

/** A port that is free now. Another process may take it first; the server then says so. */
async function freePort(preferred = 0): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', (error) => (preferred === 0 ? reject(error) : resolve(freePort())));
    probe.listen(preferred, HOST, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function lastLines(output: string): string {
  return output.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
}

async function readFrom(file: string, start: number): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.max(0, size - start));
    await handle.read(buffer, 0, buffer.length, start);
    return buffer.toString('utf8');
  } finally {
    await handle.close();
  }
}
