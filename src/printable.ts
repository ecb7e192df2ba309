/*
 * Output for people contains names that others chose: of files, scripts, environments, migrations, databases. A name
 * may contain a line break or an escape sequence. It could then add lines to a log, such as commands to a pipeline,
 * or move the cursor. So control characters are shown as JSON escapes. JSON output stays exact.
 */

/* eslint-disable no-control-regex */
const CONTROL = String.raw`\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069`;
const HAS_CONTROL = new RegExp(`[${CONTROL}]`);
/** Control characters other than line breaks and tabs, and colours, which `printable` keeps. */
const STRAY =
  /\u001b\[\d{1,3}m|(?!\r\n|[\n\t])[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;
const COLOR = /^\u001b\[\d/;
/* eslint-enable no-control-regex */

/** How many characters around a name's line break tell it from one of ours. The name may be cut or joined. */
const AROUND = 12;
const PLACE = new RegExp(
  `([^${CONTROL}]{0,${AROUND}})([${CONTROL}]+)([^${CONTROL}]{0,${AROUND}})`,
  'g',
);

/** Patterns for the control characters in names, and the text around them. */
const places = new Set<string>();
let pattern: RegExp | null = null;

/**
 * Remembers a name that somebody else chose, so that its control characters are recognized wherever it is shown,
 * also inside a path or a message. Call it wherever such a name is read.
 */
export function rememberName(name: string): void {
  if (!HAS_CONTROL.test(name)) return;
  const before = places.size;
  // Text between two runs of control characters belongs to both patterns.
  for (let from = 0; from < name.length;) {
    PLACE.lastIndex = from;
    const found = PLACE.exec(name);
    if (!found) break;
    const [, front = '', control = '', behind = ''] = found;
    // Some texts show the name without its extension.
    const back = behind.replace(/(?<=.)\.\w*$/, '');
    // The pattern of a line break at the end of a name would match the ends of our own lines.
    const isFound = back.trim() !== '' || (front.trim() !== '' && /[^\r\n]/.test(control));
    if (isFound) places.add(`(?<=${quoted(front)})${quoted(control)}(?=${quoted(back)})`);
    from = found.index + front.length + control.length;
  }
  if (places.size > before) pattern = null;
}

/** A text for people. All control characters of names, and those that our own text never has, become JSON escapes. */
export function printable(text: string): string {
  const named =
    places.size === 0
      ? text
      : text.replace((pattern ??= new RegExp([...places].join('|'), 'g')), escaped);
  return named.replace(STRAY, (found) => (COLOR.test(found) ? found : escaped(found)));
}

/** A text that others chose, such as a name, on one line. */
export function escaped(text: string): string {
  return text.replace(new RegExp(`[${CONTROL}]`, 'g'), (character) => {
    const written = JSON.stringify(character).slice(1, -1);
    if (written !== character) return written;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
