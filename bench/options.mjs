// The command line of the bench.
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CASES, selectCases } from './cases.mjs';
import { BENCH } from './folders.mjs';
import { PEERS } from './peers/index.mjs';

export const USAGE = `npm run bench -- [options]

  --cases a,b     only these; a name also stands for all that begin with it
                  (${CASES.map(({ id }) => id).join(', ')})
  --peers a,b     only these (${PEERS.map(({ id }) => id).join(', ')})
  --runs N        measured runs of each (15)
  --long-runs N   measured runs of the cases that apply 2,000 (as --runs)
  --latency MS    again with that much added to each round trip, in cases of at most 200 changes
  --latency-runs N
                  measured runs of each with latency (as --runs)
  --quick         3 runs, and no case of more than 200 changes
  --out FOLDER    where the results go (bench/results)
  --add           keep what is there of the cases that are not measured again
  --footprint     measure also what an installation brings; without --cases it is
  --profile       a CPU profile of knexward in each case, beside the results
`;

/** The cases with latency are not for thousands of changes, each of which waits for it. */
export const MOST_WITH_LATENCY = 200;
const RUNS = 15;
const QUICK_RUNS = 3;

/**
 * @typedef {object} Options
 * @property {import('./cases.mjs').Case[]} cases
 * @property {import('./peers/peer.mjs').Peer[]} peers
 * @property {number} runs
 * @property {number} longRuns
 * @property {number} latencyMs 0: not asked for
 * @property {number} latencyRuns
 * @property {string} out
 * @property {boolean} add
 * @property {boolean} footprint
 * @property {boolean} profile
 */

/**
 * @param {string[]} argv
 * @returns {Options | 'help'}
 */
export function parseOptions(argv) {
  const text = /** @type {const} */ ({ type: 'string', multiple: false });
  const flag = /** @type {const} */ ({ type: 'boolean', multiple: false, default: false });
  const { values } = parseArgs({
    args: argv,
    options: {
      cases: text,
      peers: text,
      runs: text,
      'long-runs': text,
      latency: text,
      'latency-runs': text,
      out: text,
      quick: flag,
      add: flag,
      footprint: flag,
      profile: flag,
      help: { ...flag, short: 'h' },
    },
  });
  if (values.help) return 'help';
  const cases = selectCases(values.cases).filter(({ id }) => !values.quick || sizeOf(id) <= 200);
  const runs = whole('--runs', values.runs ?? String(values.quick ? QUICK_RUNS : RUNS));
  return {
    cases,
    peers: selectPeers(values.peers),
    runs,
    longRuns: whole('--long-runs', values['long-runs'] ?? String(runs)),
    latencyMs: values.latency === undefined ? 0 : whole('--latency', values.latency),
    latencyRuns: whole('--latency-runs', values['latency-runs'] ?? String(runs)),
    out: values.out === undefined ? join(BENCH, 'results') : resolve(values.out),
    add: values.add,
    footprint: values.footprint || (values.cases === undefined && !values.quick),
    profile: values.profile,
  };
}

/** The number at the end of a case's name: how many changes it is about, applied ones included. */
export function sizeOf(id) {
  return Number(/\d+$/.exec(id)?.[0] ?? 374);
}

function selectPeers(names) {
  if (names === undefined) return PEERS;
  const chosen = names.split(',').flatMap((name) => {
    const exact = PEERS.filter(({ id }) => id === name);
    const found = exact.length > 0 ? exact : PEERS.filter(({ id }) => id.startsWith(`${name}-`));
    if (found.length > 0) return found;
    throw new Error(`No peer "${name}". There are: ${PEERS.map(({ id }) => id).join(', ')}.`);
  });
  return PEERS.filter((peer) => chosen.includes(peer));
}

function whole(option, text) {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`${option} wants a whole number from 1, not "${text}".`);
}
