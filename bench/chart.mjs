// The median wall times as bars, one panel a case: an SVG that follows the reader's light or dark.
import { caseTitle } from './markdown.mjs';

/** @typedef {import('./contest.mjs').CaseResult} CaseResult */

const WIDTH = 1000;
const COLUMNS = 2;
const MARGIN = 20;
const HEADER = 56;
const PANEL_TITLE = 30;
const ROW = 20;
const BAR = 12;
const NAMES = 118;
const VALUES = 62;
const PANEL_GAP = 22;

const STYLE = `
  svg { --paper: #ffffff; --ink: #1f2328; --muted: #59636e; --us: #0969da; --peer: #8c959f; --floor: #d1d9e0; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #f0f6fc; --muted: #9198a1; --us: #4493f8; --peer: #656c76; --floor: #3d444d; }
  }
  text { font: 12px system-ui, sans-serif; fill: var(--ink); }
  .title { font-size: 16px; font-weight: 600; }
  .panel { font-weight: 600; }
  .muted { fill: var(--muted); }
  .us { fill: var(--us); } .peer { fill: var(--peer); } .floor { fill: var(--floor); }
  text.us { font-weight: 600; }
  .spread { stroke: var(--ink); stroke-width: 1; }
`;

/**
 * @param {readonly CaseResult[]} results
 * @returns {string}
 */
export function renderChart(results) {
  const width = (WIDTH - MARGIN * (COLUMNS + 1)) / COLUMNS;
  const bottoms = Array.from({ length: COLUMNS }, () => HEADER);
  const panels = results.map((one) => {
    // Each goes where there is most room: panels are of different heights.
    const column = bottoms.indexOf(Math.min(...bottoms));
    const x = MARGIN + column * (width + MARGIN);
    const y = bottoms[column];
    bottoms[column] += PANEL_TITLE + one.standings.length * ROW + PANEL_GAP;
    return panel(one, x, y, width);
  });
  const height = Math.max(...bottoms);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>Median wall time of whole processes, in milliseconds</title>
<style>${STYLE}</style>
<rect width="${WIDTH}" height="${height}" style="fill: var(--paper)"/>
<text class="title" x="${MARGIN}" y="26">Median wall time of whole processes, in milliseconds</text>
<text class="muted" x="${MARGIN}" y="44">Shorter is better; each panel has its own scale; the thin line is the middle half of the runs.</text>
${panels.join('\n')}
</svg>
`;
}

function panel(one, x, y, width) {
  const longest = Math.max(...one.standings.map(({ wallMs }) => wallMs.q3), 1);
  const scale = (width - NAMES - VALUES) / longest;
  const rows = one.standings.map((standing, index) =>
    row(standing, x, y + PANEL_TITLE + index * ROW, scale),
  );
  return `<text class="panel" x="${x}" y="${y + 18}">${escape(caseTitle(one))}</text>\n${rows.join('\n')}`;
}

function row({ id, title, floor, wallMs }, x, y, scale) {
  const kind = id.startsWith('knexward') ? 'us' : floor ? 'floor' : 'peer';
  const at = (value) => (x + NAMES + value * scale).toFixed(1);
  const middle = y + BAR / 2;
  const label = Math.round(wallMs.median).toLocaleString('en');
  const end = (x + NAMES + Math.max(wallMs.median, wallMs.q3) * scale + 6).toFixed(1);
  return [
    `<text class="${kind === 'us' ? 'us' : 'muted'}" x="${x}" y="${y + 10}">${escape(title)}</text>`,
    `<rect class="${kind}" x="${at(0)}" y="${y}" width="${(wallMs.median * scale).toFixed(1)}" height="${BAR}" rx="2"/>`,
    `<line class="spread" x1="${at(wallMs.q1)}" x2="${at(wallMs.q3)}" y1="${middle}" y2="${middle}"/>`,
    `<text x="${end}" y="${y + 10}">${label}</text>`,
  ].join('');
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
