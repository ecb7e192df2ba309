// What the project promises of its speed, each promise against what was measured: pure.
import { ratio } from './statistics.mjs';

/**
 * @typedef {import('./contest.mjs').CaseResult} CaseResult
 * @typedef {import('./contest.mjs').Standing} Standing
 * @typedef {{ what: string, limit: string, value: string, met: boolean }} Verdict
 */

const MIB = 2 ** 20;

/** @type {{ what: string, limit: number, unit: string, of: (find: Find) => number | null }[]} */
const TARGETS = [
  ...[
    { peer: 'dbmate', limit: 1 },
    { peer: 'knex', limit: 0.5 },
    { peer: 'db-migrate', limit: 0.5 },
  ].map(({ peer, limit }) => ({
    what: `Nothing pending, 2,000 applied: wall time against ${peer}`,
    limit,
    unit: '×',
    of: (find) =>
      worst(find, 'nothing-2000', (ours) => ratio(ours.wallMs, find('nothing-2000', peer)?.wallMs)),
  })),
  {
    what: 'Nothing pending: 10,000 applied against 200 applied',
    limit: 1.3,
    unit: '×',
    of: (find) =>
      worst(find, 'nothing-10000', (ours) =>
        ratio(ours.wallMs, find('nothing-200', ours.id)?.wallMs),
      ),
  },
  {
    what: 'Nothing pending, 2,000 applied: peak memory against knex',
    limit: 1,
    unit: '×',
    of: (find) =>
      worst(find, 'nothing-2000', (ours) =>
        ratio(ours.memoryBytes, find('nothing-2000', 'knex')?.memoryBytes),
      ),
  },
  {
    what: 'Apply 2,000: against psql and one start of Node.js',
    limit: 1.1,
    unit: '×',
    of: (find) => {
      const psql = find('apply-2000', 'psql');
      const start = find('nothing-2000', 'node');
      if (!psql || !start) return null;
      const floor = psql.wallMs.median + start.wallMs.median;
      return worst(find, 'apply-2000', (ours) => ours.wallMs.median / floor);
    },
  },
  {
    what: 'Round trips a change, each one statement',
    limit: 2,
    unit: '',
    of: (find) =>
      worst(find, 'apply-2000', (ours) => {
        const fewer = find('apply-200', ours.id);
        return fewer ? (ours.roundTrips - fewer.roundTrips) / 1800 : null;
      }),
  },
  {
    what: 'Unleash from empty: against db-migrate',
    limit: 0.7,
    unit: '×',
    of: (find) =>
      worst(find, 'unleash', (ours) => ratio(ours.wallMs, find('unleash', 'db-migrate')?.wallMs)),
  },
  {
    what: 'Unleash from empty, from a baseline: against the replay',
    limit: 0.15,
    unit: '×',
    of: (find) => {
      const [loaded, replayed] = ['knexward', 'knexward-replay'].map((id) =>
        find('unleash-baseline', id),
      );
      return loaded && replayed ? ratio(loaded.wallMs, replayed.wallMs) : null;
    },
  },
  {
    what: 'A test database from the template: against a replay',
    limit: 0.05,
    unit: '×',
    of: (find) =>
      worst(find, 'test-database', (ours) =>
        ratio(ours.wallMs, find('test-database', 'replay')?.wallMs),
      ),
  },
  {
    what: 'Adopt 10,000 rows: wall time',
    limit: 1.5,
    unit: ' s',
    of: (find) => worst(find, 'adopt-10000', (ours) => ours.wallMs.median / 1000),
  },
  {
    what: 'Adopt 10,000 rows: peak memory',
    limit: 120,
    unit: ' MiB',
    of: (find) =>
      worst(find, 'adopt-10000', (ours) => ours.memoryBytes && ours.memoryBytes.median / MIB),
  },
];

/**
 * @callback Find
 * @param {string} caseId
 * @param {string | ((standing: Standing) => boolean)} who
 * @returns {Standing | undefined}
 */

/**
 * @param {readonly CaseResult[]} results
 * @returns {Verdict[]} of the promises that the measured cases can judge
 */
export function judge(results) {
  const plain = results.filter(({ latencyMs }) => latencyMs === 0);
  const inCase = (caseId) => plain.find(({ id }) => id === caseId)?.standings ?? [];
  const find = (caseId, peerId) => inCase(caseId).find(({ id }) => id === peerId);
  find.all = inCase;
  return TARGETS.flatMap(({ what, limit, unit, of }) => {
    const value = of(find);
    if (value === null) return [];
    return [
      {
        what,
        limit: `${limit}${unit}`,
        value: `${value.toFixed(limit < 0.1 ? 3 : 2)}${unit}`,
        met: value <= limit,
      },
    ];
  });
}

/**
 * @param {readonly import('./footprint.mjs').Footprint[]} footprints
 * @returns {Verdict[]}
 */
export function judgeFootprints(footprints) {
  const packagesOf = (start) => footprints.find(({ title }) => title.startsWith(start))?.packages;
  const [ours, theirs] = [packagesOf('knexward'), packagesOf('db-migrate')];
  if (ours === undefined || theirs === undefined) return [];
  const what = 'Packages installed, against db-migrate and its driver';
  const value = `${(ours / theirs).toFixed(2)}×`;
  return [{ what, limit: 'less than 1×', value, met: ours < theirs }];
}

/** Of knexward's own entries the one that does worst: a promise holds for all of them. */
function worst(find, caseId, figure) {
  const figures = find
    .all(caseId)
    .filter(({ id }) => id.startsWith('knexward'))
    .map(figure)
    .filter((value) => value !== null);
  return figures.length === 0 ? null : Math.max(...figures);
}
