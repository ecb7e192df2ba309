import { visible, visibleLines } from '../visible.js';

/** Characters with a meaning in Markdown or HTML, anywhere in a line. */
const SPECIAL = /[\\`*_[\]<>&|~$]/g;
/** What turns the beginning of a paragraph into a heading, a list or a line. */
const AT_BEGINNING = /^(\s*\d*)([-+=#.)])/;

/** Text as it is, on one line. It mentions nobody and contains no link. */
export function text(value: string): string {
  return (
    visible(value)
      .trim()
      .replace(SPECIAL, (letter) => `\\${letter}`)
      .replace(AT_BEGINNING, '$1\\$2')
      .replace(/:(?=\/\/)|(?<=www)\./gi, '\\$&')
      // GitHub looks for mentions in the rendered text; an empty comment breaks them up.
      .replace(/[@#](?=\w)/g, '$&<!-- -->')
  );
}

/** A name or a command as code, on one line, in a paragraph or in a cell of a table. */
export function code(value: string): string {
  const shown = visible(value);
  if (shown.trim() === '') return '` `';
  // In a table cell, a bar in code ends the cell if a backslash stands before it already.
  if (shown.includes('|')) return `<code>${text(shown)}</code>`;
  const fence = fenceAround(shown, 1);
  // A space separates a backtick at an end from the fence. Markdown removes one space on each side.
  const space = /^[` ]|[` ]$/.test(shown) ? ' ' : '';
  return `${fence}${space}${shown}${space}${fence}`;
}

/** Several lines as a block of code. */
export function block(language: string, value: string): string {
  const shown = visibleLines(value);
  const fence = fenceAround(shown, 3);
  return `${fence}${language}\n${shown.trimEnd()}\n${fence}`;
}

/** A fence that is longer than any run of backticks in the text. */
function fenceAround(shown: string, least: number): string {
  const runs = [...shown.matchAll(/`+/g)].map(([run]) => run.length);
  return '`'.repeat(Math.max(least, ...runs.map((length) => length + 1)));
}
