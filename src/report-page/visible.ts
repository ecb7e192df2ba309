/*
 * A name in PostgreSQL may contain any character but NUL: line breaks, control characters, marks that reverse the
 * direction of text. A report shows each of them as a visible sign, so that none takes effect.
 */

/** Characters that are invisible or move the text around them: controls, direction marks, zero width. */
const UNSEEN =
  /[\u0080-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/g;
const HALF_PAIR = /\p{Surrogate}/gu;
/** The zero-width joiner holds an emoji together. */
const JOINER = '\u200d';

/** A text on one line, with a sign or a code for each invisible character. */
export function visible(text: string): string {
  return visibleLines(text).replace(/[\t\n]/g, pictureOf);
}

/** The same for a text of several lines: tabs and line breaks stay. */
export function visibleLines(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(HALF_PAIR, '\ufffd')
    .replace(CONTROL, (letter) => (letter === '\n' || letter === '\t' ? letter : pictureOf(letter)))
    .replace(UNSEEN, (letter) => (letter === JOINER ? letter : codeOf(letter)));
}

/** The sign for a control character, such as ␊. */
function pictureOf(control: string): string {
  const code = control.charCodeAt(0);
  return code === 0x7f ? '\u2421' : String.fromCharCode(0x2400 + code);
}

function codeOf(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const WIDE =
  /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f000}-\u{3fffd}]/u;

const letters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The width of a text in columns of a fixed-width font. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const { segment } of letters.segment(text)) columns += WIDE.test(segment) ? 2 : 1;
  return columns;
}

/** Shortens a text to at most so many columns, with an ellipsis at its end. No character is cut in two. */
export function clipped(text: string, most: number): string {
  if (columnsOf(text) <= most) return text;
  let shown = '';
  let columns = 0;
  for (const { segment } of letters.segment(text)) {
    columns += WIDE.test(segment) ? 2 : 1;
    if (columns > most - 1) break;
    shown += segment;
  }
  return `${shown}…`;
}
