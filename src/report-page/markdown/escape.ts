import { visible, visibleLines } from '../visible.js';

/** Letters that mean something in Markdown or in HTML, wherever they stand in a line. */
const SPECIAL = /[\\`*_[\]<>&|~$]/g;
/** What makes a heading, a list, a quotation or a line of what begins a paragraph. */
const AT_BEGINNING = /^(\s*\d*)([-+=#.)])/;

/** Text as it is, on one line, wherever it stands. Nobody is mentioned, and nothing becomes a link. */
export function text(value: string): string {
  return (
    visible(value)
      .trim()
      .replace(SPECIAL, (letter) => `\\${letter}`)
      .replace(AT_BEGINNING, '$1\\$2')
      .replace(/:(?=\/\/)|(?<=www)\./gi, '\\$&')
      // GitHub looks for names and numbers in what is rendered; an empty comment takes them apart.
      .replace(/[@#](?=\w)/g, '$&<!-- -->')
  );
}

/** A name or a command as code, on one line, in a paragraph or in a cell of a table. */
export function code(value: string): string {
  const shown = visible(value);
  if (shown.trim() === '') return '` `';
  // In a cell, no backslash keeps a bar in code apart from the next cell where one stands before it already.
  if (shown.includes('|')) return `<code>${text(shown)}</code>`;
  const fence = fenceAround(shown, 1);
  // A space keeps a backtick at an end from the fence; one on each side is taken away again.
  const space = /^[` ]|[` ]$/.test(shown) ? ' ' : '';
  return `${fence}${space}${shown}${space}${fence}`;
}

/** Several lines as a block of code. */
export function block(language: string, value: string): string {
  const shown = visibleLines(value);
  const fence = fenceAround(shown, 3);
  return `${fence}${language}\n${shown.trimEnd()}\n${fence}`;
}

/** More backticks than stand together in the text. */
function fenceAround(shown: string, least: number): string {
  const runs = [...shown.matchAll(/`+/g)].map(([run]) => run.length);
  return '`'.repeat(Math.max(least, ...runs.map((length) => length + 1)));
}
