import { existsSync } from 'node:fs';
import path from 'node:path';
import { rejoin } from './acquire.js';
import { findBinaries } from './binaries.js';
import { CLUSTER, clusterHome } from './cluster-home.js';
import { openCluster } from './cluster.js';
import { unkeep } from './kept.js';
import { stopServer } from './server-process.js';

/**
 * Ends the keeping of a folder's server.
 *
 * @returns its outcome: a command that is using it goes on, and stops it at its end
 */
export async function stopKept(folder: string): Promise<'stopped' | 'in use' | 'not running'> {
  if (!existsSync(folder)) return 'not running';
  if (!existsSync(path.join(await clusterHome(path.resolve(folder)), CLUSTER)))
    return 'not running';
  const cluster = await openCluster(folder, await findBinaries(folder), true);
  const joined = await rejoin(cluster);
  if (!joined) return 'not running';
  await unkeep(cluster, joined.postmaster.port);
  let stopped = false;
  await joined.lease.leave(async () => {
    await stopServer(cluster);
    stopped = true;
  });
  return stopped ? 'stopped' : 'in use';
}
