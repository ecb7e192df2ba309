// Installs the peers at the first use, in the versions that peers.json names.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { BENCH, PEER_MODULES, REPOSITORY } from './folders.mjs';

const run = promisify(execFile);
const UNLEASH = 'unleash-server-7.5.1';
const UNLEASH_HOME = join(REPOSITORY, '.cache', UNLEASH);

/** @type {Record<string, string>} */
export const PEER_VERSIONS = JSON.parse(readFileSync(join(BENCH, 'peers.json'), 'utf8'));

/** Installs what is missing or has another version than it should. */
export async function installPeers(log) {
  const folder = dirname(PEER_MODULES);
  const file = join(folder, 'package.json');
  const manifest = JSON.stringify({ private: true, dependencies: PEER_VERSIONS }, null, 2);
  const installed = join(folder, 'installed.json');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === manifest) return;
  log('Installing the peers into .cache/bench/peers');
  mkdirSync(folder, { recursive: true });
  rmSync(installed, { force: true });
  writeFileSync(file, manifest);
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
  writeFileSync(installed, manifest);
}

/** The folder of Unleash's migrations, once they are fetched; the tests keep them in the same place. */
export function unleashFolder() {
  return join(UNLEASH_HOME, 'dist/migrations');
}

/** Fetches the migrations of Unleash, a project that others wrote, at the first use. */
export async function fetchUnleash(log) {
  if (existsSync(UNLEASH_HOME)) return;
  log(`Fetching ${UNLEASH}`);
  const work = `${UNLEASH_HOME}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    await run('npm', ['pack', UNLEASH.replace(/-(?=\d)/, '@'), '--pack-destination', work]);
    const archive = join(work, `${UNLEASH}.tgz`);
    await run('tar', ['-xzf', archive, '-C', work, 'package/dist/migrations']);
    renameSync(join(work, 'package'), UNLEASH_HOME);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
