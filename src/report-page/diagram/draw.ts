import { countOf } from '../../count.js';
import { type Content, html, type Html } from '../html-template.js';
import { type ForeignKey, type ShownColumn, type ShownTable } from '../tables.js';
import { clipped, columnsOf, visible } from '../visible.js';
import { CHANGE_SIGNS, CHANGE_WORDS } from '../words.js';
import { type Box, type Layout, layOut, type PlacedBox, type PlacedLine } from './layout.js';
import { type Drawn } from './select.js';

/** The width of the page's column, in pixels. */
const WIDTH = 1040;
/** The width of a character in a fixed-width font of 12 pixels. */
const COLUMN = 7.3;
const ROW = 18;
const HEAD = 26;
const MOST_COLUMNS = 34;
const MOST_ROWS = 14;
const MARGIN = 6;

/** Draws the tables as SVG. Loads Graphviz. */
export async function drawTables({ tables, foreignKeys }: Drawn): Promise<Html> {
  const { instance } = await import('@viz-js/viz');
  const layout = layOut(await instance(), tables.map(boxOf), foreignKeys, WIDTH);
  return svgOf(layout, tables, foreignKeys);
}

/** The rows below a table's name. */
function rowsOf({ columns, others }: ShownTable): { text: string; column: ShownColumn | null }[] {
  const shown = columns.slice(0, columns.length > MOST_ROWS ? MOST_ROWS - 1 : MOST_ROWS);
  const rest = columns.length - shown.length + others;
  const last =
    rest === 0 ? [] : [{ text: `${shown.length > 0 ? '+ ' : ''}${rest} more`, column: null }];
  const only =
    shown.length === 0 && rest > 0 ? `${rest} ${rest === 1 ? 'column' : 'columns'}` : null;
  return [
    ...shown.map((column) => ({ text: clipped(visible(column.name), MOST_COLUMNS), column })),
    ...(only === null ? last : [{ text: only, column: null }]),
  ];
}

function boxOf(table: ShownTable): Box {
  const rows = rowsOf(table);
  const title =
    columnsOf(titleOf(table)) + (table.change ? CHANGE_WORDS[table.change].length + 2 : 0);
  const widest = Math.max(
    // The name is bold, and bold letters are wider.
    title * 1.06,
    ...rows.map(({ text, column }) => columnsOf(text) + (column ? badgeOf(column).length + 4 : 0)),
  );
  return {
    id: table.id,
    width: Math.max(110, Math.ceil(widest * COLUMN) + 20),
    height: HEAD + rows.length * ROW + (rows.length > 0 ? 6 : 0),
  };
}

function titleOf({ title }: ShownTable): string {
  return clipped(visible(title), MOST_COLUMNS);
}

function badgeOf({ primary, foreign }: ShownColumn): string {
  return [primary ? 'PK' : '', foreign ? 'FK' : ''].filter((word) => word !== '').join(' ');
}

function svgOf(
  { width, height, boxes, lines }: Layout,
  tables: readonly ShownTable[],
  foreignKeys: readonly ForeignKey[],
): Html {
  const byId = new Map(tables.map((table) => [table.id, table]));
  const [w, h] = [Math.ceil(width) + 2 * MARGIN, Math.ceil(height) + 2 * MARGIN];
  const summary = `${countOf(tables.length, 'table')} and ${countOf(foreignKeys.length, 'foreign key')}. The same is in the table below.`;
  return html`<svg
    class="diagram"
    role="img"
    aria-labelledby="diagram-title diagram-text"
    width="${w}"
    height="${h}"
    viewBox="${-MARGIN} ${-MARGIN} ${w} ${h}"
  >
    <title id="diagram-title">Tables and foreign keys</title>
    <desc id="diagram-text">${summary}</desc>
    ${lines.map((line) => drawLine(line, foreignKeys[line.line]))}
    ${boxes.map((box) => drawBox(box, byId.get(box.id) as ShownTable))}
  </svg>`;
}

function drawLine({ points, end }: PlacedLine, key: ForeignKey | undefined): Html {
  const [first, ...rest] = points;
  const at = ({ x, y }: { x: number; y: number }): string => `${round(x)} ${round(y)}`;
  const start = end ? `M${at(end)}L${at(first ?? end)}` : `M${at(first ?? { x: 0, y: 0 })}`;
  const curve = rest.length > 0 ? `C${rest.map(at).join(' ')}` : '';
  const tip = end ?? first;
  const kind = key?.change ? `line ${key.change}` : 'line';
  const label = key ? `${key.from} (${key.columns.join(', ')}) refers to ${key.to}` : '';
  return html`<g class="${kind}"
    ><title>${label}</title><path d="${start}${curve}" />${
      tip ? html`<circle cx="${round(tip.x)}" cy="${round(tip.y)}" r="3" />` : null
    }</g
  > `;
}

function drawBox({ x, y, width, height }: PlacedBox, table: ShownTable): Html {
  const rows = rowsOf(table);
  const { change } = table;
  return html`<g
    class="${change ? `box ${change}` : 'box'}"
    transform="translate(${round(x)} ${round(y)})"
    ><title>${table.id}</title><rect width="${width}" height="${height}" rx="6" /><path
      class="head"
      d="M0 ${HEAD}V6a6 6 0 0 1 6-6h${width - 12}a6 6 0 0 1 6 6V${HEAD}z"
    /><text class="name" x="10" y="17">${titleOf(table)}</text>${
      change
        ? html`<text class="mark" x="${width - 10}" y="17">${CHANGE_WORDS[change]}</text>`
        : null
    }${rows.map((row, index) => drawRow(row, HEAD + 16 + index * ROW, width))}</g
  > `;
}

function drawRow(
  { text, column }: { text: string; column: ShownColumn | null },
  y: number,
  width: number,
): Content {
  if (column === null) return html`<text class="more" x="10" y="${y}">${text}</text>`;
  const { change } = column;
  const badge = badgeOf(column);
  const shown = change ? `${CHANGE_SIGNS[change]} ${text}` : text;
  return html`<text${change ? html` class="${change}"` : null} x="10" y="${y}">${shown}</text>${
    badge === '' ? null : html`<text class="badge" x="${width - 10}" y="${y}">${badge}</text>`
  }`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
