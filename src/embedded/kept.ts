import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Cluster } from './cluster.js';
import { livePostmaster, type Postmaster } from './postmaster.js';

/**
 * Says that a server stays when its last user leaves. It names one server and no other: where that
 * one is gone, killed perhaps, it means nothing any more. The port is for the next one to have again.
 */
interface Kept {
  pid: number | null;
  startedAt: number | null;
  port: number;
}

/** Has this server stay when its last user leaves. To be called by one of its users. */
export async function keep(cluster: Cluster, postmaster: Postmaster): Promise<void> {
  const { pid, startedAt, port } = postmaster;
  await write(cluster, { pid, startedAt, port });
}

/** Whether the server that runs now is to stay. */
export async function isKept(cluster: Cluster): Promise<boolean> {
  const [kept, running] = [await read(cluster), await livePostmaster(cluster.data)];
  return running !== undefined && kept?.pid === running.pid && kept.startedAt === running.startedAt;
}

/** The port that a kept server had, so that its URL stays the same. */
export async function keptPort(cluster: Cluster): Promise<number | undefined> {
  return (await read(cluster))?.port;
}

/** Has no server stay any more; the next one gets its port. */
export async function unkeep(cluster: Cluster, port: number): Promise<void> {
  await write(cluster, { pid: null, startedAt: null, port });
}

function fileOf({ home }: Cluster): string {
  return path.join(home, 'kept.json');
}

async function read(cluster: Cluster): Promise<Kept | undefined> {
  const file = fileOf(cluster);
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Kept) : undefined;
}

/** Renamed into place, so that a reader never meets a part of it. */
async function write(cluster: Cluster, kept: Kept): Promise<void> {
  const draft = `${fileOf(cluster)}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, JSON.stringify(kept), { mode: 0o600 });
    await rename(draft, fileOf(cluster));
  } finally {
    await rm(draft, { force: true });
  }
}
