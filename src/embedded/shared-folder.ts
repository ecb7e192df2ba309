import { randomBytes } from 'node:crypto';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { KnexwardError } from '../errors.js';
import { canReach, isRoot, serverUser } from './server-user.js';

const READABLE_FOLDER = 0o755;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * A folder outside the project that the server's user can enter, for what it cannot reach inside
 * the project. It belongs to the calling user and nobody else can write to it.
 *
 * @param name The folder inside that place; made where it is missing.
 * @throws KnexwardError EMBEDDED_SERVER_FAILED when there is no such place.
 */
export async function sharedFolder(name: string): Promise<string> {
  const candidates = sharedPlaces();
  for (const place of candidates) {
    if (!(await isOurs(place))) continue;
    let folder = place;
    for (const part of name.split('/')) {
      folder = path.join(folder, part);
      await makeReadableFolder(folder);
    }
    return folder;
  }
  throw new KnexwardError('EMBEDDED_SERVER_FAILED', {
    message: `The embedded PostgreSQL needs a folder that its user can enter, and neither of these can be used: ${candidates.join(', ')}.`,
    fix: 'Make one of them writable, or set DATABASE_URL to a PostgreSQL server of your own.',
  });
}

/**
 * Copies a folder so that everybody can read the copy, whatever the permissions of the original.
 * The copy appears under its name only when it is whole, so several processes can do this at once.
 */
export async function publishCopy(
  source: string,
  target: string,
  complete: (copy: string) => Promise<void>,
): Promise<void> {
  if (existsSync(target)) return;
  const copy = `${target}.new-${randomBytes(6).toString('hex')}`;
  try {
    await copyReadable(source, copy);
    await complete(copy);
    await rename(copy, target);
  } catch (error) {
    await rm(copy, { recursive: true, force: true });
    // Another process was quicker, and its copy is as good as this one.
    if (!existsSync(target)) throw error;
  }
}

function sharedPlaces(): string[] {
  const temporary = path.join(os.tmpdir(), `knexward-${process.getuid?.() ?? 'shared'}`);
  return isRoot() ? ['/var/lib/knexward', temporary] : [temporary];
}

/** Makes the place. A folder of that name that somebody else could have filled is not used. */
async function isOurs(place: string): Promise<boolean> {
  try {
    await mkdir(place, { recursive: true, mode: READABLE_FOLDER });
    const found = await lstat(place);
    if (!found.isDirectory()) return false;
    if (process.getuid && found.uid !== process.getuid()) return false;
    if (process.getuid && (found.mode & WRITABLE_BY_OTHERS) !== 0) return false;
    await chmod(place, READABLE_FOLDER);
    const user = await serverUser();
    return user === undefined || (await canReach(place, user));
  } catch {
    return false;
  }
}

/** The mode is set apart from the making, because the process's umask would take bits away. */
async function makeReadableFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, READABLE_FOLDER);
}

async function copyReadable(source: string, target: string): Promise<void> {
  await makeReadableFolder(target);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const from = path.join(source, entry.name);
    const to = path.join(target, entry.name);
    if (entry.isDirectory()) {
      await copyReadable(from, to);
    } else if (entry.isSymbolicLink()) {
      await symlink(await readlink(from), to);
    } else {
      await copyFile(from, to);
      const { mode } = await stat(from);
      await chmod(to, (mode & 0o100) === 0 ? 0o644 : 0o755);
    }
  }
}
