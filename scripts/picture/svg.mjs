/*
 * A terminal's screen as an SVG: line by line, as it was printed.
 * Without animation (print, `prefers-reduced-motion`) the whole screen is there at once.
 */

/** Select Graphic Rendition: what sets colours and weights in a terminal's output. */
const SGR = new RegExp(`${String.fromCharCode(27)}\\[([\\d;]*)m`, 'g');

const LETTER = 8.4;
const LINE = 20;
const PADDING = 18;
const BAR = 34;
const COLUMNS = 92;

/** The colours of a terminal: of its window, and by the numbers of SGR (ECMA-48, 8.3.117). */
export const THEMES = {
  light: {
    back: '#ffffff',
    frame: '#d0d7de',
    bar: '#f6f8fa',
    text: '#1f2328',
    faint: '#59636e',
    sgr: { 31: '#cf222e', 32: '#1a7f37', 33: '#9a6700', 36: '#1b7c83' },
  },
  dark: {
    back: '#0d1117',
    frame: '#30363d',
    bar: '#161b22',
    text: '#e6edf3',
    faint: '#9198a1',
    sgr: { 31: '#ff7b72', 32: '#3fb950', 33: '#d29922', 36: '#39c5cf' },
  },
};

/**
 * Draws a screen.
 * @param {({ command: string } | { line: string })[]} screen
 * @param {typeof THEMES.light} theme
 */
export function drawTerminal(screen, theme) {
  const rows = screen.flatMap((entry) => ('command' in entry ? [entry] : wrap(entry.line)));
  const width = Math.ceil(COLUMNS * LETTER) + 2 * PADDING;
  const height = BAR + rows.length * LINE + 2 * PADDING;
  let moment = 0.4;
  const drawn = rows.map((row, at) => {
    const y = BAR + PADDING + (at + 0.75) * LINE;
    const since = moment;
    moment += 'command' in row ? 0.8 : 0.06;
    // A command's first line comes when it is done.
    if ('command' in row && at > 0) moment += 0.4;
    const spans = 'command' in row ? typed(row.command, theme) : coloured(row.line, theme);
    return `<text class="r" style="animation-delay:${since.toFixed(2)}s" x="${PADDING}" y="${y}">${spans}</text>`;
  });
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (colour, at) =>
      `<circle cx="${PADDING + 6 + at * 18}" cy="${BAR / 2}" r="5.5" fill="${colour}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t">
<title id="t">${escaped(spoken(screen))}</title>
<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: ${theme.text}; white-space: pre }
.b { font-weight: 600 } .f { fill: ${theme.faint} }
@media (prefers-reduced-motion: no-preference) { .r { opacity: 0; animation: a 1ms forwards } }
@keyframes a { to { opacity: 1 } }
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="${theme.back}" stroke="${theme.frame}"/>
<path d="M1 ${BAR}V10a9 9 0 0 1 9-9H${width - 10}a9 9 0 0 1 9 9V${BAR}z" fill="${theme.bar}"/>
${dots.join('')}
${drawn.join('\n')}
</svg>
`;
}

function typed(command, theme) {
  return `<tspan fill="${theme.sgr[32]}">$</tspan><tspan class="b"> ${escaped(command)}</tspan>`;
}

/** Lines that are too long go on in the next row, as on a terminal. */
function wrap(line) {
  const rows = [''];
  let used = 0;
  for (const [at, part] of line.split(SGR).entries()) {
    if (at % 2 === 1) {
      rows[rows.length - 1] += `\u001b[${part}m`;
      continue;
    }
    for (const letter of part) {
      if (used === COLUMNS) {
        rows.push('');
        used = 0;
      }
      rows[rows.length - 1] += letter;
      used += 1;
    }
  }
  return rows.map((row) => ({ line: row }));
}

function coloured(line, theme) {
  let attributes = '';
  return line
    .split(SGR)
    .map((part, at) => {
      if (at % 2 === 0) return part && `<tspan${attributes}>${escaped(part)}</tspan>`;
      if (part === '1') attributes += ' class="b"';
      else if (part === '2') attributes = ' class="f"';
      else if (theme.sgr[part]) attributes = ` fill="${theme.sgr[part]}"`;
      else attributes = '';
      return '';
    })
    .join('');
}

/** What a screen reader says. */
function spoken(screen) {
  return screen.map((entry) => entry.command ?? entry.line.replaceAll(SGR, '')).join('\n');
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
