import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';

/** What a server says of itself in its data directory's `postmaster.pid`. */
export interface Postmaster {
  pid: number;
  port: number;
  /** When it started, in milliseconds since 1970. */
  startedAt: number;
}

/**
 * The server that the data directory names, if that process id is in use. The id alone proves
 * little: after a crash, or in a new container, another process may have it.
 */
export async function livePostmaster(data: string): Promise<Postmaster | undefined> {
  const postmaster = await readPostmaster(data);
  return postmaster && isAlive(postmaster.pid) ? postmaster : undefined;
}

/** Removes what a dead server left, unless a new one has written its own there meanwhile. */
export async function forgetPostmaster(data: string, stale: Postmaster): Promise<void> {
  const current = await readPostmaster(data);
  if (current?.pid === stale.pid && current.startedAt === stale.startedAt) {
    await rm(pidFile(data), { force: true });
  }
}

async function readPostmaster(data: string): Promise<Postmaster | undefined> {
  const content = await readFile(pidFile(data), 'utf8').catch(() => '');
  const [pid, , started, port] = content.split('\n').map(Number);
  if (!pid || !started || !port) return undefined;
  return { pid, port, startedAt: started * 1000 };
}

/** A process that may not be signalled belongs to another user, so it is not this server. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function pidFile(data: string): string {
  return path.join(data, 'postmaster.pid');
}
