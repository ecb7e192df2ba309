// Where knexward's time goes: V8's own CPU profile of one run, to be opened in a browser's devtools.
import { join } from 'node:path';
import { runOnce } from './contest.mjs';

/**
 * @param {import('./cases.mjs').Case} one
 * @param {import('./database.mjs').BenchServer} server
 * @param {import('./options.mjs').Options} options
 */
export async function profileKnexward(one, server, { peers, out }) {
  for (const peer of peers.filter(({ id }) => id.startsWith('knexward'))) {
    const contestant = one.enter(peer);
    if (typeof contestant === 'string') continue;
    const folder = join(out, 'profiles');
    const name = `${one.id}-${contestant.peer.id}.cpuprofile`;
    const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}`];
    await runOnce(contestant, server, server.server.port, flags);
  }
  await server.dropAll();
}
