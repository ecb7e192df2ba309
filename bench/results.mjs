// Writes what was measured: JSON with every run, Markdown to read, a chart to see.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderChart } from './chart.mjs';
import { renderMarkdown } from './markdown.mjs';

/**
 * @param {string} folder
 * @param {{ machine: ReturnType<import('./machine.mjs').describeMachine>,
 *   footprints: import('./footprint.mjs').Footprint[],
 *   results: import('./contest.mjs').CaseResult[] }} measured
 */
export function writeResults(folder, { machine, footprints, results }) {
  const document = { version: 1, machine, footprints, results };
  writeFileSync(join(folder, 'latest.json'), json(document));
  writeFileSync(join(folder, 'latest.md'), renderMarkdown(document));
  writeFileSync(join(folder, 'latest.svg'), renderChart(results));
}

/**
 * What was measured before, of other cases than these. Each case is complete in itself: ratios are
 * within it.
 *
 * @param {string} folder
 * @param {readonly import('./contest.mjs').CaseResult[]} results
 */
export function earlierResults(folder, results) {
  const key = ({ id, latencyMs }) => `${id} ${latencyMs}`;
  const measured = new Set(results.map(key));
  return (readEarlier(folder).results ?? []).filter((one) => !measured.has(key(one)));
}

/**
 * What was measured before of what an installation brings.
 *
 * @param {string} folder
 * @returns {import('./footprint.mjs').Footprint[]}
 */
export function earlierFootprints(folder) {
  return readEarlier(folder).footprints ?? [];
}

function readEarlier(folder) {
  const file = join(folder, 'latest.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/** A line for each tool in each case: a file that can be read, and compared with another. */
function json({ results, ...rest }) {
  const cases = results.map(({ standings, ...one }) => {
    const lines = standings.map((standing) => `    ${JSON.stringify(standing, rounded)}`);
    return `  ${JSON.stringify(one).slice(0, -1)},"standings":[\n${lines.join(',\n')}\n  ]}`;
  });
  return `${JSON.stringify(rest).slice(0, -1)},"results":[\n${cases.join(',\n')}\n]}\n`;
}

/** A hundredth of a millisecond is less than anything here can tell. */
function rounded(key, value) {
  return typeof value === 'number' ? Math.round(value * 100) / 100 : value;
}
