/** One word of a shell command, and where it stands in the script. */
export interface ShellWord {
  start: number;
  end: number;
  /** The word as it is written, quotes and all. */
  text: string;
  /** What the program is given; `undefined` where only the shell can tell (`$X`, `*`). */
  value: string | undefined;
}

/** A program with its arguments: what stands between `&&`, `|`, `;` and the like. */
export interface ShellCommand {
  /** None where a redirection stands by itself, as behind a group. */
  words: ShellWord[];
  /** Where its redirections (`> file`) start; their targets are not among the words. */
  redirections: number[];
}

/** What stands between two commands, or around them. */
export interface ShellOperator {
  operator: string;
}

const OPERATOR = /\|\||\|&|\||&&|&(?!>)|;;|;|\(|\)|\n/y;
const REDIRECTION = /(?:\d*(?:>>|>\||>&|<&|<>|<(?!<)|>)|&>>?)/y;
const BLANK = /(?:[ \t\r]|\\\r?\n)+/y;
const COMMENT = /#[^\n]*/y;

/** The pieces that a word is made of, each with what it contributes to the word's value. */
const PIECES: [RegExp, (piece: string) => string | undefined][] = [
  [/[^\s'"\\$`|&;<>()*?[\]{}~]+/y, (piece) => (/%\w+%/.test(piece) ? undefined : piece)],
  [/'[^']*'/y, (piece) => piece.slice(1, -1)],
  [/"(?:[^"\\$`]|\\[\s\S])*"/y, (piece) => piece.slice(1, -1).replace(/\\(["\\$`])/g, '$1')],
  [
    /"(?:[^"\\$`]|\\[\s\S]|\$\([^()'"`]*\)|`[^`'"]*`|\$\{[^{}'"`]*\}|\$(?![({]))*"/y,
    () => undefined,
  ],
  [/\\[\s\S]/y, (piece) => piece.slice(1)],
  [/\$\([^()'"`]*\)|`[^`'"]*`|\$\{[^{}'"`]*\}|\$(?![({])/y, () => undefined],
  [/\{\}|[{}](?=[\s;&|()]|$)/y, (piece) => piece],
  [/[*?[\]~{}]/y, () => undefined],
];

/**
 * Splits a script as a shell would, without losing where anything stands. Returns `undefined` for
 * what it cannot follow with certainty: open quotes, quotes within a substitution, here-documents.
 */
export function parseShell(script: string): ShellCommand[] | undefined {
  return tokenizeShell(script)?.filter((token) => 'words' in token);
}

/** The same with the operators between the commands, in the order in which they stand. */
export function tokenizeShell(script: string): (ShellCommand | ShellOperator)[] | undefined {
  const tokens: (ShellCommand | ShellOperator)[] = [];
  let current: ShellCommand = { words: [], redirections: [] };
  for (let at = 0; at < script.length;) {
    const skipped = matchAt(BLANK, script, at) || matchAt(COMMENT, script, at);
    if (skipped) {
      at += skipped.length;
      continue;
    }
    const operator = matchAt(OPERATOR, script, at);
    if (operator) {
      if (!isEmpty(current)) tokens.push(current);
      tokens.push({ operator });
      current = { words: [], redirections: [] };
      at += operator.length;
      continue;
    }
    const redirection = matchAt(REDIRECTION, script, at);
    const target = at + redirection.length;
    const word = readWord(script, target + matchAt(BLANK, script, target).length);
    if (!word) return undefined;
    if (redirection) current.redirections.push(at);
    else current.words.push(word);
    at = word.end;
  }
  if (!isEmpty(current)) tokens.push(current);
  return tokens;
}

function isEmpty({ words, redirections }: ShellCommand): boolean {
  return words.length + redirections.length === 0;
}

function readWord(script: string, start: number): ShellWord | undefined {
  let value: string | undefined = '';
  let end = start;
  while (end < script.length && !/[\s|&;<>()]/.test(script.charAt(end))) {
    const piece = readPiece(script, end);
    if (!piece) return undefined;
    value = value === undefined || piece.value === undefined ? undefined : value + piece.value;
    end += piece.length;
  }
  return end === start ? undefined : { start, end, text: script.slice(start, end), value };
}

function readPiece(
  script: string,
  at: number,
): { length: number; value: string | undefined } | undefined {
  for (const [pattern, toValue] of PIECES) {
    const piece = matchAt(pattern, script, at);
    if (piece) return { length: piece.length, value: toValue(piece) };
  }
  return undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}
