// What was measured, as Markdown: pure.
import { ratio } from './statistics.mjs';
import { judge, judgeFootprints } from './targets.mjs';

/**
 * @typedef {import('./contest.mjs').CaseResult} CaseResult
 * @typedef {import('./contest.mjs').Standing} Standing
 */

const MIB = 2 ** 20;
const NONE = '–';
const ACROSS =
  'A line that compares two cases is only as good as the machine was equally busy in both: see when each was measured.\n';

/**
 * @param {{ machine: ReturnType<import('./machine.mjs').describeMachine>,
 *   footprints: import('./footprint.mjs').Footprint[], results: CaseResult[] }} measured
 * @returns {string}
 */
export function renderMarkdown({ machine, footprints, results }) {
  const verdicts = [...judge(results), ...judgeFootprints(footprints)];
  return [
    '# Measured\n',
    'How, and what is not fair about it: [the bench](../README.md). Every run: `latest.json`.\n',
    describe(machine),
    '![Median wall times, one panel a case](latest.svg)\n',
    '## At a glance\n',
    'Median wall time in milliseconds:\n',
    overview(results, ({ wallMs }) => milliseconds(wallMs.median)),
    'Median CPU time in milliseconds, the server’s left aside:\n',
    overview(results, ({ cpuMs }) => (cpuMs ? milliseconds(cpuMs.median) : NONE)),
    'Round trips to the server:\n',
    overview(results, ({ roundTrips }) => roundTrips.toLocaleString('en')),
    ...(verdicts.length > 0 ? ['## What was promised\n', promises(verdicts), ACROSS] : []),
    ...(footprints.length > 0 ? ['## What an installation brings\n', installed(footprints)] : []),
    '## Case by case\n',
    ...results.map(section),
  ].join('\n');
}

function describe({ date, system, processor, memoryGib, node, postgres, versions }) {
  const tools = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${date.slice(0, 10)} · ${processor}, ${memoryGib} GiB · ${system} · Node.js ${node} · PostgreSQL ${postgres}

${tools.join(' · ')}\n`;
}

/** knexward first, the floors last. */
function overview(results, figure) {
  const all = results.flatMap(({ standings }) => standings);
  const rank = ({ id, floor }) => (id.startsWith('knexward') ? 0 : floor ? 2 : 1);
  const ranked = [...all].sort((a, b) => rank(a) - rank(b));
  const titles = new Map(ranked.map(({ id, title }) => [id, title]));
  const rows = results.map((one) => [
    caseTitle(one),
    ...[...titles.keys()].map((id) => {
      const standing = one.standings.find((s) => s.id === id);
      return standing ? figure(standing) : NONE;
    }),
  ]);
  return table(['', ...titles.values()], rows);
}

function promises(verdicts) {
  return table(
    ['', 'at most', 'measured', ''],
    verdicts.map(({ what, limit, value, met }) => [what, limit, value, met ? 'met' : '**missed**']),
  );
}

function installed(footprints) {
  const rows = footprints.map(({ title, packedBytes, packages, bytes }) => [
    title,
    packedBytes === null ? NONE : `${(packedBytes / 1024).toFixed(0)} KiB`,
    String(packages),
    (bytes / MIB).toFixed(0),
  ]);
  return table(['', 'tarball', 'packages', 'MiB on disk'], rows);
}

function section(one) {
  const { standings, leftOut, at, load } = one;
  const ours = standings.find(({ id }) => id.startsWith('knexward'));
  const floor = floorOf(standings);
  const rows = standings.map((s) => [
    s.id.startsWith('knexward') ? `**${s.title}**` : s.floor ? `_${s.title}_` : s.title,
    milliseconds(s.wallMs.median),
    spread(s.wallMs),
    times(ratio(s.wallMs, ours?.wallMs)),
    times(ratio(s.wallMs, floor?.wallMs)),
    s.cpuMs ? milliseconds(s.cpuMs.median) : NONE,
    s.memoryBytes ? (s.memoryBytes.median / MIB).toFixed(0) : NONE,
    String(s.roundTrips),
  ]);
  const heads = [
    runsOf(standings),
    'wall ms',
    'min · quartiles',
    '× knexward',
    floor ? `× ${floor.title}` : '× floor',
    'CPU ms',
    'peak MiB',
    'round trips',
  ];
  const when = `${at.slice(0, 16).replace('T', ' ')} UTC, load ${load} at the start.`;
  return `### ${caseTitle(one)}\n\n${table(heads, rows)}\n${when}${without(leftOut)}\n`;
}

function runsOf(standings) {
  const runs = standings[0]?.wallMs.runs ?? 0;
  return runs === 1 ? '1 run' : `${runs} runs`;
}

/** psql where it is there, else the raw client: the least that the job takes. */
export function floorOf(standings) {
  return standings.find(({ id }) => id === 'psql') ?? standings.find(({ id }) => id === 'raw');
}

function without(leftOut) {
  if (leftOut.length === 0) return '';
  /** @type {Map<string, string[]>} */
  const reasons = new Map();
  for (const { title, reason } of leftOut) {
    reasons.set(reason, [...(reasons.get(reason) ?? []), title]);
  }
  const texts = [...reasons].map(([reason, titles]) => `${titles.join(', ')} (${reason})`);
  return ` Left out: ${texts.join('; ')}.`;
}

export function caseTitle({ title, latencyMs }) {
  return latencyMs > 0 ? `${title}, ${latencyMs} ms a round trip` : title;
}

function spread({ min, q1, q3 }) {
  return `${milliseconds(min)} · ${milliseconds(q1)}–${milliseconds(q3)}`;
}

function milliseconds(value) {
  return Math.round(value).toLocaleString('en');
}

function times(value) {
  return value === null ? NONE : value.toFixed(2);
}

function table(heads, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = heads.map((_, index) => (index === 0 ? '---' : '--:'));
  return `${[heads, rule, ...rows].map(line).join('\n')}\n`;
}
