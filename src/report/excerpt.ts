/** A statement, and what is known about the place in it that the server complains about. */
export interface StatementPlace {
  statement: string;
  /** In characters from 1; `null` where the server tells none. */
  position: number | null;
  /** Whether the statement is a whole file, whose lines have numbers that a person can go to. */
  isFile: boolean;
}

const LINES_AROUND = 3;
const LINES_WITHOUT_PLACE = 12;
const WIDTH = 100;
/** What is drawn two columns wide. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/**
 * The lines of the statement around the place, with a caret under it; without a place, the first
 * lines. Long lines are cut around the place.
 */
export function excerptOf({ statement, position, isFile }: StatementPlace): string[] {
  const lines = statement.split(/\r?\n/);
  const marked = position === null ? null : placeIn(statement, position);
  let first = marked ? Math.max(marked.line - LINES_AROUND, 0) : 0;
  let last = marked ? marked.line + LINES_AROUND : first + LINES_WITHOUT_PLACE - 1;
  last = Math.min(last, lines.length - 1);
  while (first < (marked?.line ?? last) && isBlank(lines[first])) first++;
  while (last > (marked?.line ?? first) && isBlank(lines[last])) last--;
  const gutterWidth = isFile ? String(last + 1).length : 0;
  const gutter = (text: string): string => (isFile ? `${text.padStart(gutterWidth)} | ` : '');
  const shown: string[] = [];
  for (let index = first; index <= last; index++) {
    const number = String(index + 1);
    const line = lines[index] ?? '';
    if (index !== marked?.line) {
      shown.push(gutter(number) + cut(line, 0).text);
      continue;
    }
    const { text, column } = cut(line, marked.column);
    shown.push(gutter(number) + text, `${gutter('')}${spacesAs(text, column)}^`);
  }
  if (!lines.slice(0, first).every(isBlank)) shown.unshift(`${gutter('')}…`);
  if (!lines.slice(last + 1).every(isBlank)) shown.push(`${gutter('')}…`);
  return shown.map(printable);
}

function isBlank(line = ''): boolean {
  return line.trim() === '';
}

/** The line and the column, in characters, both from 0. */
function placeIn(statement: string, position: number): { line: number; column: number } {
  const before = [...statement].slice(0, position - 1).join('');
  const lines = before.split(/\r?\n/);
  return { line: lines.length - 1, column: [...(lines.at(-1) ?? '')].length };
}

/** A line that fits, and where the column has moved to. */
function cut(line: string, column: number): { text: string; column: number } {
  const characters = [...line];
  if (characters.length <= WIDTH) return { text: line, column };
  const start = column < WIDTH - 20 ? 0 : column - Math.floor(WIDTH / 2);
  const end = start + WIDTH;
  const front = start > 0 ? '… ' : '';
  const back = end < characters.length ? ' …' : '';
  const text = front + characters.slice(start, end).join('') + back;
  return { text, column: column - start + front.length };
}

/** As wide as the beginning of the text is on a terminal, tabs being tabs. */
function spacesAs(text: string, length: number): string {
  return [...text]
    .slice(0, length)
    .map((character) => {
      if (character === '\t') return character;
      if (/\p{M}/u.test(character)) return '';
      return WIDE.test(character) ? '  ' : ' ';
    })
    .join('');
}

/** What could command the terminal is shown as what it is not. */
function printable(line: string): string {
  // eslint-disable-next-line no-control-regex
  return line.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}
