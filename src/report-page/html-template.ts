import { visible, visibleLines } from './visible.js';

/** A piece of HTML (or of SVG in it) that is safe to be put into another. */
export class Html {
  constructor(readonly text: string) {}
}

/** What a template may contain. Everything but `Html` is escaped; `null` writes nothing. */
export type Content = Html | string | number | null | readonly Content[];

/**
 * HTML from a template. Values are escaped for text and for attributes in double quotes.
 *
 * @example
 * html`<td title="${name}">${name}</td>`
 */
export function html(pieces: TemplateStringsArray, ...values: readonly Content[]): Html {
  const text = unindented(pieces).map((piece, index) => piece + textOf(values[index] ?? null));
  return new Html(text.join(''));
}

const known = new WeakMap<TemplateStringsArray, readonly string[]>();

/** Removes the indentation of the template. */
function unindented(pieces: TemplateStringsArray): readonly string[] {
  const short = known.get(pieces) ?? pieces.map((piece) => piece.replace(/\s*\n\s*/g, '\n'));
  known.set(pieces, short);
  return short;
}

/** SQL and other text of several lines. Line breaks are kept. */
export function lines(text: string): Html {
  return new Html(escaped(visibleLines(text)));
}

/** Text that is HTML already: the style sheet. */
export function trusted(text: string): Html {
  return new Html(text);
}

function textOf(value: Content): string {
  if (value === null) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string') return escaped(visible(value));
  if (typeof value === 'number') return String(value);
  return value.map(textOf).join('');
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
}
