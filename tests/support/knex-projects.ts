import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import PROJECTS from '../real/knex-projects.json';
import { createProject, type Project, REPOSITORY } from './project';

const run = promisify(execFile);
const CACHE = join(REPOSITORY, '.cache/knex-projects');

/** A published project that migrates a PostgreSQL with Knex. */
export interface KnexProject {
  /** Its package, of which exactly this release is fetched. */
  name: string;
  version: string;
  integrity: string;
  /** Where its migrations are, and how many. */
  folders: string[];
  migrations: number;
  /** What it has that the others do not. */
  special: string | null;
  /** The migration whose `down` fails or is missing, where there is one. */
  downStopsAt: string | null;
}

/** All of them. */
export const KNEX_PROJECTS: readonly KnexProject[] = PROJECTS;

/** The folder with a project's migrations, fetched from the npm registry at the first use and kept. */
async function fetchProject({ name, version, integrity, folders }: KnexProject): Promise<string> {
  const target = join(CACHE, `${name.replace('/', '+')}-${version}`);
  if (existsSync(target)) return target;
  const work = `${target}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    const pack = ['pack', `${name}@${version}`, '--silent', '--pack-destination', work];
    const archive = join(work, (await run('npm', pack)).stdout.trim());
    requireIntegrity(archive, integrity);
    const paths = ['package.json', ...folders].map((path) => `package/${path}`);
    await run('tar', ['-xzf', archive, '-C', work, ...paths]);
    renameSync(join(work, 'package'), target);
  } catch (error) {
    // Another Jest worker may have been faster.
    if (!existsSync(target)) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return target;
}

function requireIntegrity(archive: string, expected: string): void {
  const actual = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (actual !== expected)
    throw new Error(`${basename(archive)} is ${actual}, which is not what was published.`);
}

/** A project whose migrations appear a part at a time, as with each of its releases. */
export interface ReleasedProject extends Project {
  /** The names of its migrations, in Knex's order. */
  names: string[];
  /** Puts the first so many migrations into its folders. */
  release(count: number): void;
}

/** A copy without its migrations, and with a knexfile for `TEST_DATABASE_URL`. */
export async function createKnexProject(from: KnexProject): Promise<ReleasedProject> {
  const source = await fetchProject(from);
  const manifest = readFileSync(join(source, 'package.json'), 'utf8');
  const { type } = JSON.parse(manifest) as { type?: string };
  const project = createProject({
    'package.json': manifest,
    'knexfile.js': knexfile(type === 'module' ? 'export default' : 'module.exports =', from),
  });
  const paths = from.folders
    .flatMap((folder) => readdirSync(join(source, folder)).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.js'))
    .sort((a, b) => (basename(a) < basename(b) ? -1 : 1));
  for (const folder of from.folders) mkdirSync(join(project.root, folder), { recursive: true });
  return {
    ...project,
    names: paths.map((path) => basename(path)),
    release(count) {
      for (const path of paths.slice(0, count)) {
        mkdirSync(dirname(join(project.root, path)), { recursive: true });
        cpSync(join(source, path), join(project.root, path));
      }
    },
  };
}

function knexfile(exported: string, { folders }: KnexProject): string {
  const directory = JSON.stringify(folders.length === 1 ? folders[0] : folders);
  return `${exported} {
  client: 'pg',
  connection: process.env.TEST_DATABASE_URL,
  migrations: { directory: ${directory} },
};
`;
}
