import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';

/** The operating-system user that a server runs as, where that is not the calling user. */
export interface ServerUser {
  uid: number;
  gid: number;
}

const ROOT_UID = 0;
/** `nobody` on Linux, and an unused id elsewhere: either way a user without rights of its own. */
const UNPRIVILEGED: ServerUser = { uid: 65534, gid: 65534 };

/** Whether this process runs as root, which PostgreSQL refuses to run as. */
export function isRoot(): boolean {
  return process.getuid?.() === ROOT_UID;
}

/**
 * The user to run a server as: for root, the owner of the data where there already is some, else
 * an unprivileged user. Undefined for everybody else, who run it as themselves.
 *
 * @param dataFolder The data directory, which need not exist yet.
 */
export async function serverUser(dataFolder?: string): Promise<ServerUser | undefined> {
  if (!isRoot()) return undefined;
  const owner = dataFolder === undefined ? undefined : await ownerOf(dataFolder);
  return owner && owner.uid !== ROOT_UID ? owner : UNPRIVILEGED;
}

/**
 * Whether a user may enter a folder, or execute a file, by the permission bits of it and of every
 * folder above it.
 */
export async function canReach(target: string, user: ServerUser): Promise<boolean> {
  let current = await realpath(target);
  for (;;) {
    const { uid, gid, mode } = await stat(current);
    const executeBit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & executeBit) === 0) return false;
    const parent = path.dirname(current);
    if (parent === current) return true;
    current = parent;
  }
}

async function ownerOf(folder: string): Promise<ServerUser | undefined> {
  try {
    const { uid, gid } = await stat(folder);
    return { uid, gid };
  } catch {
    return undefined;
  }
}
