import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isRoot, serverUser, canReach } from './server-user.js';
import { sharedFolder } from './shared-folder.js';

/** The folder inside a cluster's home that is made whole or not at all. */
export const CLUSTER = 'cluster';

/**
 * Where the data of a folder really lies: in the folder itself, or, where the server's user cannot
 * enter that, in a shared folder outside the project.
 *
 * A folder that was moved once stays moved, so that a later change of permissions does not seem to
 * lose the data; and removing the folder starts afresh, moved or not.
 */
export async function clusterHome(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await keepOutOfGit(folder);
  if (!isRoot() || existsSync(path.join(folder, CLUSTER))) return folder;

  const marker = path.join(folder, 'moved');
  if (!existsSync(marker)) {
    const user = await serverUser();
    if (user === undefined || (await canReach(folder, user))) return folder;
    await makeMarker(marker);
  }
  const identity = (await realpath(folder)) + (await readFile(marker, 'utf8'));
  const key = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  return sharedFolder(`clusters/${key}`);
}

/** The data and its password are not to be committed, whatever the project's own .gitignore says. */
async function keepOutOfGit(folder: string): Promise<void> {
  const ignore = path.join(folder, '.gitignore');
  if (!existsSync(ignore)) await writeFile(ignore, '*\n');
}

/** Linked into place, so that of two processes both see the same whole content. */
async function makeMarker(marker: string): Promise<void> {
  const draft = `${marker}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${randomBytes(16).toString('hex')}\n`);
  try {
    await link(draft, marker);
  } catch (error) {
    if (!existsSync(marker)) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
