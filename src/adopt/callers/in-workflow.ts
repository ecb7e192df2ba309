import { type Span } from './mentions.js';

const RUN = /^([ \t]*(?:-[ \t]+)?)run:[ \t]+(.*?)[ \t\r]*$/;

interface Line extends Span {
  text: string;
}

/**
 * The scripts of a GitHub workflow's steps whose text stands in the file as the shell gets it: a
 * `run:` with a plain value on one line, or with a block that keeps its lines (`|`). A workflow that
 * chooses a shell or another folder has none.
 */
export function scriptsInWorkflow(text: string): Span[] {
  if (/^[ \t-]*(?:shell|working-directory):/m.test(text)) return [];
  const lines = linesOf(text);
  return lines.flatMap((line, index) => {
    const [, indentation = '', value] = RUN.exec(line.text) ?? [];
    if (value === undefined) return [];
    const start = line.start + line.text.indexOf('run:') + 'run:'.length;
    const below = deeper(lines.slice(index + 1), indentation.length);
    const isBlock = /^\|[+-]?$/.test(value);
    if (isBlock) return below ? [below] : [];
    // A value that goes on in the next line, or that YAML would read otherwise than the shell.
    if (below || /^[>|"'&*!%@`{[]|(?:^|\s)#|:(?:\s|$)/.test(value)) return [];
    const at = text.indexOf(value, start);
    return [{ start: at, end: at + value.length }];
  });
}

function linesOf(text: string): Line[] {
  let start = 0;
  return text.split('\n').map((line) => {
    const found = { text: line, start, end: start + line.length };
    start = found.end + 1;
    return found;
  });
}

/** The lines that are indented deeper than a key, up to the first that is not. */
function deeper(lines: readonly Line[], indentation: number): Span | undefined {
  const after = lines.findIndex(({ text }) => /\S/.test(text) && text.search(/\S/) <= indentation);
  const block = (after < 0 ? lines : lines.slice(0, after)).filter(({ text }) => /\S/.test(text));
  const [first, last] = [block[0], block.at(-1)];
  return first && last && { start: first.start, end: last.end };
}
