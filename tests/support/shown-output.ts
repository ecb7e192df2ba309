/** What of a shown text stands for something else, each time anew or throughout the document. */
export interface Placeholders {
  /** Texts that differ from run to run, such as `6 ms`: any with the same letters fits, and seconds where it took that long. */
  varies: readonly string[];
  /** Texts that stand for one and the same thing throughout: the text → what it is, once it is known. */
  standsFor: Map<string, string | undefined>;
}

const MARK = '…';

/**
 * Whether a command printed what a document shows. `…` on a line of its own stands for any lines,
 * and inside a line for any text. What is learnt about texts that stand for something is kept.
 */
export function fits(shown: string, printed: string, placeholders: Placeholders): boolean {
  const groups: string[] = [];
  const source = trimmed(shown)
    .split('\n')
    .map((line) =>
      line.trim() === MARK ? '(?:.*\\n)*?' : `${linePattern(line, placeholders, groups)}\\n`,
    )
    .join('');
  const match = new RegExp(`^${source}$`).exec(`${trimmed(printed)}\n`);
  groups.forEach((text, index) => {
    if (match) placeholders.standsFor.set(text, match.groups?.[`g${index}`]);
  });
  return match !== null;
}

/** A command or a file of a document, with what its texts stand for. */
export function substitute(text: string, { standsFor }: Placeholders): string {
  return [...standsFor].reduce(
    (result, [shown, actual]) => (actual === undefined ? result : result.replaceAll(shown, actual)),
    text,
  );
}

function linePattern(line: string, placeholders: Placeholders, groups: string[]): string {
  const { varies, standsFor } = placeholders;
  // Which server and database it is differs from machine to machine.
  if (line.startsWith('Using database: ')) return 'Using database: .*';
  const special = [MARK, ...standsFor.keys(), ...varies].sort((a, b) => b.length - a.length);
  const pieces = line.split(new RegExp(`(${special.map(escape).join('|')})`));
  return pieces
    .map((piece) => {
      if (piece === MARK) return '.*';
      if (standsFor.has(piece)) return standingFor(piece, standsFor.get(piece), groups);
      if (/^\d+ ms$/.test(piece) && varies.includes(piece)) return '(?:\\d+ ms|\\d+\\.\\d s)';
      if (varies.includes(piece)) return escape(piece).replaceAll(/\d+/g, '\\d+');
      return escape(piece);
    })
    .join('');
}

function standingFor(text: string, actual: string | undefined, groups: string[]): string {
  if (actual !== undefined) return escape(actual);
  const known = groups.indexOf(text);
  if (known >= 0) return `\\k<g${known}>`;
  groups.push(text);
  const shape = /^\d+$/.test(text) ? `\\d{${text.length}}` : '[^\\s"]+?';
  return `(?<g${groups.length - 1}>${shape})`;
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

function trimmed(text: string): string {
  return text.replaceAll(/[ \t]+$/gm, '').trimEnd();
}
