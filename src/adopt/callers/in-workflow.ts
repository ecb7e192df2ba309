import { type Span } from './mentions.js';

/** A script of a step, and the folder that it starts in; `undefined` where that is not written plainly. */
export interface StepScript extends Span {
  folder: string | undefined;
}

const RUN = /^([ \t]*(?:-[ \t]+)?)run:[ \t]+(.*?)[ \t\r]*$/;

interface Line extends Span {
  text: string;
}

/**
 * The scripts of a GitHub workflow's steps whose text stands in the file as the shell gets it: a
 * `run:` with a plain value on one line, or with a block that keeps its lines (`|`). A workflow that
 * chooses a shell has none.
 */
export function scriptsInWorkflow(text: string): StepScript[] {
  if (/^[ \t-]*shell:/m.test(text)) return [];
  const lines = linesOf(text);
  return lines.flatMap((line, index) => {
    const [, indentation = '', value] = RUN.exec(line.text) ?? [];
    if (value === undefined) return [];
    const start = line.start + line.text.indexOf('run:') + 'run:'.length;
    const below = deeper(lines.slice(index + 1), indentation.length);
    const folder = folderOf(lines, index);
    const isBlock = /^\|[+-]?$/.test(value);
    if (isBlock) return below ? [{ ...below, folder }] : [];
    // A value that goes on in the next line, or that YAML would read otherwise than the shell.
    if (below || /^[>|"'&*!%@`{[]|(?:^|\s)#|:(?:\s|$)/.test(value)) return [];
    const at = text.indexOf(value, start);
    return [{ start: at, end: at + value.length, folder }];
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
  const block = deeperLines(lines, indentation).filter(({ text }) => /\S/.test(text));
  const [first, last] = [block[0], block.at(-1)];
  return first && last && { start: first.start, end: last.end };
}

function deeperLines(lines: readonly Line[], indentation: number): readonly Line[] {
  const after = lines.findIndex(({ text }) => /\S/.test(text) && text.search(/\S/) <= indentation);
  return after < 0 ? lines : lines.slice(0, after);
}

/** The `working-directory` of a step, else of its job's `defaults`, else of the workflow's. */
function folderOf(lines: readonly Line[], run: number): string | undefined {
  const step = keysBeside(lines, run, depthOf(lines[run]?.text ?? ''));
  let named = step.get('working-directory');
  for (let at = parentOf(lines, run); named === undefined; at = parentOf(lines, at)) {
    if (at < 0) return '.';
    const keys = keysBeside(lines, at, depthOf(lines[at]?.text ?? ''));
    named = ofDefaults(lines, keys.get('defaults'));
  }
  return plainFolder(valueOf(lines[named]?.text ?? ''));
}

/** The line of the key that holds the mapping or the list that a line is in; -1 at the top. */
function parentOf(lines: readonly Line[], at: number): number {
  const depth = depthOf(lines[at]?.text ?? '');
  for (let index = at - 1; index >= 0; index--) {
    const text = lines[index]?.text ?? '';
    if (/^\s*[\w-]+:/.test(text) && text.search(/\S/) < depth) return index;
  }
  return -1;
}

/** The column of a line's key: `- run:` has it behind the dash. */
function depthOf(text: string): number {
  return /^\s*(?:-\s+)?/.exec(text)?.[0].length ?? 0;
}

/** The lines of the keys of the mapping that a line's key is in. */
function keysBeside(lines: readonly Line[], at: number, depth: number): Map<string, number> {
  const keys = new Map<string, number>();
  const take = (index: number): boolean => {
    const text = lines[index]?.text ?? '';
    if (!/\S/.test(text) || /^\s*#/.test(text)) return true;
    const [, dash, key] = /^\s*(-\s+)?([\w-]+):/.exec(text) ?? [];
    if (depthOf(text) < depth && text.search(/\S/) < depth) return false;
    if (key !== undefined && depthOf(text) === depth) keys.set(key, index);
    // A dash begins the mapping.
    return !(dash !== undefined && depthOf(text) === depth);
  };
  for (let index = at; index >= 0 && take(index); index--);
  for (let index = at + 1; index < lines.length; index++) {
    const text = lines[index]?.text ?? '';
    if (/^\s*-/.test(text) && depthOf(text) <= depth) break;
    if (!take(index)) break;
  }
  return keys;
}

function ofDefaults(lines: readonly Line[], at: number | undefined): number | undefined {
  if (at === undefined) return undefined;
  const below = deeperLines(lines.slice(at + 1), (lines[at]?.text ?? '').search(/\S/));
  const found = below.findIndex(({ text }) => /^\s*working-directory:/.test(text));
  return found < 0 ? undefined : at + 1 + found;
}

function valueOf(text: string): string {
  return text.slice(text.indexOf(':') + 1).trim();
}

function plainFolder(value: string): string | undefined {
  const plain = value.replace(/^(["'])(.*)\1$/, '$2').replace(/\s+#.*$/, '');
  if (!/^[\w./-]+$/.test(plain) || plain.startsWith('/')) return undefined;
  return plain.replace(/^\.\//, '').replace(/\/$/, '') || '.';
}
