// The packages as npm would publish them, and a project that has installed them.
import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Packs knexward and its face of db-migrate into a folder; returns the paths of the tarballs. */
export function packInto(folder) {
  const pack = ['pack', '--silent', '--pack-destination', folder];
  // This one builds both.
  execFileSync('npm', pack, { cwd: REPOSITORY });
  execFileSync('npm', [...pack, '--ignore-scripts'], {
    cwd: join(REPOSITORY, 'compat/db-migrate'),
  });
  return tarballsIn(folder);
}

/** The paths of the tarballs in a folder. */
export function tarballsIn(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.tgz'))
    .map((name) => join(folder, name));
}

/** Makes a project in an empty folder, and installs the tarballs with that npm. */
export function installInto(folder, tarballs, [npm, ...args] = ['npm']) {
  const dependencies = Object.fromEntries(
    tarballs.map((path) => [
      path.includes('knexward-db-migrate') ? 'db-migrate' : 'knexward',
      `file:${path}`,
    ]),
  );
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'smoke', private: true, dependencies }),
  );
  execFileSync(npm, [...args, 'install', '--silent', '--no-audit', '--no-fund'], { cwd: folder });
}
