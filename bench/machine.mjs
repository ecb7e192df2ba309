// On what it was measured.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from './folders.mjs';
import { PEER_VERSIONS } from './install.mjs';

/** @param {string} postgres the server's version */
export function describeMachine(postgres) {
  const cores = cpus();
  return {
    date: new Date().toISOString(),
    system: `${process.platform} ${release()}, ${process.arch}`,
    processor: `${cores[0]?.model ?? 'unknown'}, ${cores.length} cores`,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    postgres,
    versions: { knexward: knexwardVersion(), ...PEER_VERSIONS },
  };
}

/** With the commit, where there is one: most of what is measured is between two versions. */
function knexwardVersion() {
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  return git.status === 0 ? `${version} (${git.stdout.trim()})` : version;
}
