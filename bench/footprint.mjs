// What an installation brings: packed as npm would publish it, installed into an empty project.
import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from './folders.mjs';
import { PEER_VERSIONS } from './install.mjs';

const run = promisify(execFile);

/**
 * @typedef {object} Footprint
 * @property {string} title
 * @property {number | null} packedBytes of the tarball, where it is ours
 * @property {number} packages that npm installs, all of them
 * @property {number} bytes that they take on the disk
 */

/** @returns {Promise<Footprint[]>} */
export async function measureFootprints() {
  const work = mkdtempSync(join(tmpdir(), 'knexward-footprint-'));
  try {
    await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', work], {
      cwd: REPOSITORY,
    });
    const tarball = join(
      work,
      readdirSync(work).find((name) => name.endsWith('.tgz')),
    );
    const packedBytes = statSync(tarball).size;
    const own = { knexward: `file:${tarball}` };
    const installations = [
      {
        title: 'knexward, without the embedded PostgreSQL',
        dependencies: own,
        without: true,
        packedBytes,
      },
      { title: 'knexward', dependencies: own, packedBytes },
      {
        title: 'db-migrate and its driver',
        dependencies: versionsOf('db-migrate', 'db-migrate-pg'),
      },
      { title: 'knex and pg', dependencies: versionsOf('knex', 'pg') },
    ];
    const footprints = [];
    for (const [
      index,
      { title, dependencies, without = false, packedBytes: packed = null },
    ] of installations.entries()) {
      const folder = join(work, String(index));
      footprints.push({
        title,
        packedBytes: packed,
        ...(await install(folder, dependencies, without)),
      });
    }
    return footprints;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function versionsOf(...names) {
  return Object.fromEntries(names.map((name) => [name, PEER_VERSIONS[name]]));
}

async function install(folder, dependencies, withoutOptional) {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const omit = withoutOptional ? ['--omit=optional'] : [];
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...quiet, ...omit], { cwd: folder });
  const modules = join(folder, 'node_modules');
  const lock = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'));
  return { packages: Object.keys(lock.packages).length, bytes: bytesIn(modules) };
}

function bytesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size,
      0,
    );
}
