/*
 * What a person reads holds names that others chose: of files, scripts, environments, migrations, databases. A name
 * may hold a line break or an escape sequence, and would then write lines of its own into a log, commands of a
 * pipeline among them, or move the cursor. It is shown as JSON writes it. JSON itself stays exact.
 */

/* eslint-disable no-control-regex */
const CONTROL = String.raw`\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069`;
const HAS_CONTROL = new RegExp(`[${CONTROL}]`);
/** What is no line break of a text of ours, no tab, and no colour. */
const STRAY =
  /\u001b\[\d{1,3}m|(?!\r\n|[\n\t])[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;
const COLOR = /^\u001b\[\d/;
/* eslint-enable no-control-regex */

/** So many characters on each side tell a name's line break from one of ours, where the name is cut or joined. */
const AROUND = 12;
const PLACE = new RegExp(
  `([^${CONTROL}]{0,${AROUND}})([${CONTROL}]+)([^${CONTROL}]{0,${AROUND}})`,
  'g',
);

/** The control characters of names that were read, and what stands around them, as patterns. */
const places = new Set<string>();
let pattern: RegExp | null = null;

/**
 * Remembers a name that somebody else chose, so that its control characters are known wherever it is shown, in a
 * path or a message too. Every reader of such names tells of them.
 */
export function rememberName(name: string): void {
  if (!HAS_CONTROL.test(name)) return;
  const before = places.size;
  // From each run of them to both sides: a text between two is a part of both.
  for (let from = 0; from < name.length;) {
    PLACE.lastIndex = from;
    const found = PLACE.exec(name);
    if (!found) break;
    const [, front = '', control = '', behind = ''] = found;
    // Some texts have a name without its extension.
    const back = behind.replace(/(?<=.)\.\w*$/, '');
    // A line break that ends a name would be found at the end of lines of ours.
    const isFound = back.trim() !== '' || (front.trim() !== '' && /[^\r\n]/.test(control));
    if (isFound) places.add(`(?<=${quoted(front)})${quoted(control)}(?=${quoted(back)})`);
    from = found.index + front.length + control.length;
  }
  if (places.size > before) pattern = null;
}

/** A text for a person: control characters that no line of ours needs, and all of a name's, as JSON writes them. */
export function printable(text: string): string {
  const named =
    places.size === 0
      ? text
      : text.replace((pattern ??= new RegExp([...places].join('|'), 'g')), escaped);
  return named.replace(STRAY, (found) => (COLOR.test(found) ? found : escaped(found)));
}

/** A text of others, such as a name, in one line. */
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
