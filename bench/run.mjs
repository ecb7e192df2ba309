// npm run bench: measures knexward and its peers, in one run, on one server.
import { mkdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { CASES } from './cases.mjs';
import { contest } from './contest.mjs';
import { BenchServer } from './database.mjs';
import { measureFootprints } from './footprint.mjs';
import { fetchUnleash, installPeers } from './install.mjs';
import { describeMachine } from './machine.mjs';
import { killMeasured } from './measure.mjs';
import { MOST_WITH_LATENCY, parseOptions, sizeOf, USAGE } from './options.mjs';
import { profileKnexward } from './profile.mjs';
import { earlierFootprints, earlierResults, writeResults } from './results.mjs';

const EXIT_INTERRUPTED = 130;
/** A case that applies so many takes minutes a round. */
const LONG = 2000;
const OF_UNLEASH = ['unleash', 'unleash-baseline', 'test-database'];
const started = performance.now();

const log = (line) => {
  const seconds = ((performance.now() - started) / 1000).toFixed(0).padStart(4);
  process.stderr.write(`${seconds} s  ${line}\n`);
};

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') process.stdout.write(USAGE);
  else await bench(options);
} catch (error) {
  process.stderr.write(`The bench failed. ${error.message}\n`);
  process.exitCode = 1;
}

/** @param {import('./options.mjs').Options} options */
async function bench(options) {
  if (options.peers.some((peer) => peer.package !== null)) await installPeers(log);
  if (options.cases.some(({ id }) => OF_UNLEASH.includes(id))) await fetchUnleash(log);
  const server = await BenchServer.start();
  stopOnSignals(server);
  mkdirSync(options.out, { recursive: true });
  const machine = describeMachine(server.server.version);
  const footprints = await footprintsFor(options);
  const results = [];
  try {
    for (const { one, latencyMs, runs } of programme(options)) {
      log(latencyMs > 0 ? `${one.title}, with ${latencyMs} ms` : one.title);
      const { peers } = options;
      results.push(await contest(one, { server, peers, runs, latencyMs, log }));
      // After each case: what is measured is not lost when a later one fails.
      const earlier = options.add ? earlierResults(options.out, results) : [];
      const all = inOrder([...earlier, ...results]);
      writeResults(options.out, { machine, footprints, results: all });
      if (options.profile && latencyMs === 0) await profileKnexward(one, server, options);
    }
  } finally {
    await server.stop();
  }
  log(`Done: ${options.out}`);
}

/** What an installation brings, where everything is measured; else as it was measured before. */
async function footprintsFor({ footprint, add, out }) {
  if (!footprint) return add ? earlierFootprints(out) : [];
  log('What an installation brings');
  return measureFootprints();
}

/** As the list of cases has them, in whatever order they were asked for. */
function inOrder(results) {
  const place = ({ id, latencyMs }) =>
    CASES.findIndex((one) => one.id === id) + (latencyMs > 0 ? CASES.length : 0);
  return [...results].sort((a, b) => place(a) - place(b));
}

/** The cases, then those again that are asked for with latency. */
function programme({ cases, runs, longRuns, latencyMs, latencyRuns }) {
  const plain = cases.map((one) => {
    const isLong = one.group === 'apply' && one.count >= LONG;
    return { one, latencyMs: 0, runs: isLong ? longRuns : runs };
  });
  if (latencyMs === 0) return plain;
  const slow = cases.filter(
    ({ id, count }) => count <= MOST_WITH_LATENCY && (sizeOf(id) <= 2000 || count === 0),
  );
  return [...plain, ...slow.map((one) => ({ one, latencyMs, runs: latencyRuns }))];
}

/** Nothing is left behind: not the measured process, not the server, not its data. */
function stopOnSignals(server) {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      log('Stopping');
      killMeasured();
      server.stop().finally(() => process.exit(EXIT_INTERRUPTED));
    });
  }
}
