// One case: every tool once, then every tool once more, and so on, so that what else the machine
// does meets all of them alike. Each run is checked; a wrong result ends the bench.
import { performance } from 'node:perf_hooks';
import { loadavg } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { check } from './check.mjs';
import { PEER_MODULES } from './folders.mjs';
import { measure } from './measure.mjs';
import { ensureProject, resetProject } from './projects.mjs';
import { startProxy } from './proxy.mjs';
import { summarize } from './statistics.mjs';

/**
 * @typedef {import('./cases.mjs').Contestant} Contestant
 * @typedef {{ wallMs: number, cpuMs: number | null, memoryBytes: number | null }} Run
 * @typedef {object} Standing one tool's figures in one case
 * @property {string} id
 * @property {string} title
 * @property {boolean} floor
 * @property {number} roundTrips
 * @property {number} connections
 * @property {Run[]} runs
 * @property {import('./statistics.mjs').Summary} wallMs
 * @property {import('./statistics.mjs').Summary | null} cpuMs
 * @property {import('./statistics.mjs').Summary | null} memoryBytes
 *
 * @typedef {object} CaseResult
 * @property {string} id
 * @property {string} title
 * @property {string} group
 * @property {number} count
 * @property {number} latencyMs
 * @property {string} at when it began
 * @property {number} load what else the machine was doing then: processes at work, in the last minute
 * @property {Standing[]} standings
 * @property {{ title: string, reason: string }[]} leftOut
 */

/**
 * @param {import('./cases.mjs').Case} one
 * @param {{ server: import('./database.mjs').BenchServer, peers: import('./peers/peer.mjs').Peer[],
 *   runs: number, latencyMs: number, log: (line: string) => void }} context
 * @returns {Promise<CaseResult>}
 */
export async function contest(one, { server, peers, runs, latencyMs, log }) {
  const { contestants, leftOut } = enter(one, peers);
  const began = { at: new Date().toISOString(), load: Number(loadavg()[0]?.toFixed(1)) };
  const proxy = await startProxy(server.server, latencyMs);
  const field = contestants.map((contestant) => ({ contestant, counted: undefined, runs: [] }));
  const port = latencyMs > 0 ? proxy.port : server.server.port;
  try {
    // The first time warms up and counts; it is not measured.
    for (const entry of field) {
      proxy.roundTrips.reset();
      await runOnce(entry.contestant, server, proxy.port);
      entry.counted = {
        roundTrips: proxy.roundTrips.total,
        connections: proxy.roundTrips.connections,
      };
    }
    for (let run = 0; run < runs; run++) {
      const start = performance.now();
      for (const entry of turned(field, run)) {
        entry.runs.push(await runOnce(entry.contestant, server, port));
      }
      log(`${one.id}: ${run + 1} of ${runs}, ${((performance.now() - start) / 1000).toFixed(1)} s`);
    }
  } finally {
    await proxy.close();
    await server.dropAll();
  }
  const { id, title, group, count } = one;
  const standings = field.map(standing);
  return { id, title, group, count, latencyMs, ...began, standings, leftOut };
}

function enter(one, peers) {
  const entries = peers.map((peer) => ({ title: peer.title, entry: one.enter(peer) }));
  return {
    contestants: entries.map(({ entry }) => entry).filter((entry) => typeof entry !== 'string'),
    leftOut: entries
      .filter(({ entry }) => typeof entry === 'string')
      .map(({ title, entry }) => ({ title, reason: entry })),
  };
}

/** Another one begins each time: who runs after whom must not matter. */
function turned(field, by) {
  const start = by % field.length;
  return [...field.slice(start), ...field.slice(0, start)];
}

/**
 * @param {Contestant} contestant
 * @param {string[]} [nodeOptions] for a profile
 * @returns {Promise<Run>}
 */
export async function runOnce(contestant, server, port, nodeOptions = []) {
  const { peer, files, project, reset, seed, changes } = contestant;
  const folder = ensureProject(project, files, peer.modules);
  if (reset) resetProject(folder, files);
  const database = await server.database(seed, changes);
  if (changes) await server.settle();
  try {
    const url = server.url(database, port);
    const measured = await measure(commandOf(contestant, { url, folder }, nodeOptions));
    await check(contestant, measured, (sql) => server.query(database, sql));
    return figuresOf(contestant, measured);
  } finally {
    await server.drop(database);
  }
}

/**
 * Of the whole process, or of the part that it has measured itself.
 *
 * @param {Pick<Contestant, 'tells'>} contestant
 * @param {Pick<import('./measure.mjs').Measured, 'wallMs' | 'cpuMs' | 'memoryBytes' | 'output'>} measured
 * @returns {Run}
 */
export function figuresOf({ tells }, { wallMs, cpuMs, memoryBytes, output }) {
  const [, wall, cpu] = tells?.exec(output) ?? [];
  if (wall === undefined || cpu === undefined) return { wallMs, cpuMs, memoryBytes };
  return { wallMs: Number(wall), cpuMs: Number(cpu), memoryBytes };
}

function commandOf({ peer, args }, place, nodeOptions) {
  const { PATH = '', HOME = '' } = process.env;
  const base = { PATH, HOME, TZ: 'UTC', NO_COLOR: '1', DATABASE_URL: place.url };
  const program = isAbsolute(peer.program)
    ? peer.program
    : join(peer.program.startsWith('./') ? place.folder : PEER_MODULES, peer.program);
  return {
    program: peer.native ? program : process.execPath,
    args: peer.native ? [...args, place.url] : [...nodeOptions, program, ...args],
    cwd: place.folder,
    env: { ...base, ...peer.env?.(place) },
  };
}

/** @returns {Standing} */
function standing({ contestant: { peer }, counted, runs }) {
  return {
    id: peer.id,
    title: peer.title,
    floor: peer.floor === true,
    ...counted,
    runs,
    wallMs: summarize(runs.map(({ wallMs }) => wallMs)),
    cpuMs: summarize(runs.map(({ cpuMs }) => cpuMs)),
    memoryBytes: summarize(runs.map(({ memoryBytes }) => memoryBytes)),
  };
}
