// On what it was measured.
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
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
    /** What else it was doing: the load of the last minute, when the bench began. */
    load: Number(loadavg()[0]?.toFixed(2)),
    node: process.version,
    postgres,
    versions: { knexward: knexwardVersion(), ...PEER_VERSIONS },
  };
}

function knexwardVersion() {
  return JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')).version;
}
