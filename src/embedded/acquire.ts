import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KnexwardError } from '../errors.js';
import { SUPERUSER, type Cluster } from './cluster.js';
import { keptPort } from './kept.js';
import { Lease } from './lease.js';
import { forgetPostmaster, livePostmaster, type Postmaster } from './postmaster.js';
import { cannotRun } from './program.js';
import {
  HOST,
  logTail,
  spawnServer,
  type ServerEnd,
  type ServerProcess,
} from './server-process.js';

const POLL_MS = 25;
/** Long enough for a server that has a crash to recover from. */
const START_TIMEOUT_MS = 60_000;
/** A server listens within this time of its start, however slow the machine. */
const LISTENS_WITHIN_MS = 30_000;
/** A server that is just ending refuses connections for a moment before its file is gone. */
const ENDS_WITHIN_MS = 1000;

/** A claim on a running server, and how to reach it. */
export interface Acquired {
  lease: Lease;
  postmaster: Postmaster;
}

/**
 * Joins the cluster's running server, or starts one. Several processes may do this at once, and
 * while another one stops it: every turn of the loop looks at what is there now, and PostgreSQL's
 * own lock on the data directory decides between two that start it.
 *
 * @throws KnexwardError EMBEDDED_SERVER_FAILED with the end of the server's log.
 */
export async function acquireLease(
  cluster: Cluster,
  settings: Readonly<Record<string, string>>,
  log: (line: string) => void,
): Promise<Acquired> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  let started: ServerProcess | undefined;
  while (Date.now() < deadline) {
    const joined = await joinRunning(cluster);
    if (joined) return joined;

    const end = await started?.ended();
    if (end) {
      refuseLastingFailure(cluster, end);
      started = undefined;
    }
    if (!started && !(await livePostmaster(cluster.data))) {
      log(`Starting the embedded PostgreSQL in ${cluster.home}`);
      started = await spawnServer(cluster, settings, await keptPort(cluster));
    }
    await sleep(POLL_MS);
  }
  throw new KnexwardError('EMBEDDED_SERVER_FAILED', {
    message: `The embedded PostgreSQL did not accept connections within ${START_TIMEOUT_MS / 1000} s. The end of its log:\n${await logTail(cluster)}`,
    fix: `Look into ${cluster.log}. Where no PostgreSQL is running on this data, remove ${pidFile(cluster)} and try again.`,
  });
}

/**
 * A new lease on the cluster's server, for a user who lost the first one. Waits while the server
 * recovers, and gives up once there is none.
 */
export async function rejoin(cluster: Cluster): Promise<Acquired | undefined> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && (await livePostmaster(cluster.data))) {
    const joined = await joinRunning(cluster);
    if (joined) return joined;
    await sleep(POLL_MS);
  }
  return undefined;
}

/** Takes a lease on the cluster's server, if one is running and stays. */
async function joinRunning(cluster: Cluster): Promise<Acquired | undefined> {
  const postmaster = await livePostmaster(cluster.data);
  if (!postmaster) return undefined;
  const { port } = postmaster;
  const address = { host: HOST, port, user: SUPERUSER, password: cluster.password };
  try {
    const lease = await Lease.take(address, (folder) => isSame(folder, cluster.data));
    if (lease instanceof Lease) return { lease, postmaster };
    // The folder was copied together with a running server's file, or the port went to another.
    if (lease === 'foreign') await forgetPostmaster(cluster.data, postmaster);
  } catch (error) {
    await judgeRefusal(cluster, postmaster, error);
  }
  return undefined;
}

/**
 * Most refusals pass: the server is starting or ending. Two do not: a password that is not the
 * stored one, and a process id that now belongs to something else than a server.
 */
async function judgeRefusal(
  cluster: Cluster,
  postmaster: Postmaster,
  error: unknown,
): Promise<void> {
  const { code } = error as { code?: string };
  if (code === '28P01') {
    throw new KnexwardError('EMBEDDED_SERVER_FAILED', {
      message: `A PostgreSQL server on port ${postmaster.port} does not accept the password of the embedded one.`,
      fix: `If the password was changed, write the new one to ${path.join(path.dirname(cluster.data), 'password')}. If that is another server, remove ${pidFile(cluster)}.`,
      cause: error,
    });
  }
  if (code === 'ECONNREFUSED' && Date.now() - postmaster.startedAt > LISTENS_WITHIN_MS) {
    await sleep(ENDS_WITHIN_MS);
    await forgetPostmaster(cluster.data, postmaster);
  }
}

function refuseLastingFailure(cluster: Cluster, end: ServerEnd): void {
  if (end.error) throw cannotRun(end.error);
  if (end.temporary) return;
  throw new KnexwardError('EMBEDDED_SERVER_FAILED', {
    message: `The embedded PostgreSQL did not start. The end of its log:\n${end.lastLines}`,
    fix: `Put right what the log in ${cluster.log} says, or set DATABASE_URL to a PostgreSQL server of your own.`,
  });
}

async function isSame(folder: string, other: string): Promise<boolean> {
  const resolved = await realpath(folder).catch(() => undefined);
  return resolved !== undefined && resolved === (await realpath(other));
}

function pidFile(cluster: Cluster): string {
  return path.join(cluster.data, 'postmaster.pid');
}
