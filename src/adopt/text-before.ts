/*
 * What a file was before it was rewritten, told by what it has become: the pieces that both have are
 * kept as places, so that nothing is written down a second time, no password above all. Only what is
 * gone from the file is kept as a text.
 */

/** A piece of the text before: a place in the text after (start and length), or a text that is gone from it. */
export type TextBefore = ([start: number, length: number] | string)[];

/** A word, or a single character between words. */
const PIECES = /[\w-]+|[^\w-]/g;

/** What `before` is, told by `after`. */
export function describeBefore(before: string, after: string): TextBefore {
  const shortest = Math.min(before.length, after.length);
  let head = 0;
  while (head < shortest && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shortest - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const described: TextBefore = [[0, head]];
  let at = head;
  for (const [piece] of before.slice(head, before.length - tail).matchAll(PIECES)) {
    const place = after.startsWith(piece, at) ? at : placeOf(piece, after, at);
    described.push(place < 0 ? piece : [place, piece.length]);
    at = place < 0 ? at : place + piece.length;
  }
  described.push([after.length - tail, tail]);
  return joined(described);
}

/** Rather behind the one before it, where the next piece is likely to be, too. */
function placeOf(piece: string, after: string, from: number): number {
  const place = after.indexOf(piece, from);
  return place < 0 ? after.indexOf(piece) : place;
}

/** The same for a text of which it is known which places became what, in order. */
export function describeEdits(
  before: string,
  edits: readonly { start: number; end: number; to: string }[],
): TextBefore {
  const described: TextBefore = [];
  let copied = 0;
  let moved = 0;
  for (const { start, end, to } of edits) {
    described.push([copied + moved, start - copied]);
    const own = describeBefore(before.slice(start, end), to);
    described.push(...own.map((piece) => shifted(piece, start + moved)));
    copied = end;
    moved += to.length - (end - start);
  }
  described.push([copied + moved, before.length - copied]);
  return joined(described);
}

function shifted(piece: TextBefore[number], by: number): TextBefore[number] {
  return typeof piece === 'string' ? piece : [piece[0] + by, piece[1]];
}

/** The text before, from the text after. */
export function textBefore(described: TextBefore, after: string): string {
  return described
    .map((piece) =>
      typeof piece === 'string' ? piece : after.slice(piece[0], piece[0] + piece[1]),
    )
    .join('');
}

/** Of a text that was rewritten twice: the first text, told by the last. */
export function describeThrough(first: TextBefore, second: TextBefore): TextBefore {
  return joined(
    first.flatMap((piece) => (typeof piece === 'string' ? piece : partOf(second, ...piece))),
  );
}

function partOf(described: TextBefore, start: number, length: number): TextBefore {
  const part: TextBefore = [];
  let at = 0;
  for (const piece of described) {
    const size = typeof piece === 'string' ? piece.length : piece[1];
    const from = Math.max(start - at, 0);
    const to = Math.min(start + length - at, size);
    if (from < to) {
      part.push(typeof piece === 'string' ? piece.slice(from, to) : [piece[0] + from, to - from]);
    }
    at += size;
  }
  return part;
}

function joined(described: TextBefore): TextBefore {
  const result: TextBefore = [];
  for (const piece of described) {
    const last = result.at(-1);
    if (typeof piece === 'string') {
      if (piece === '') continue;
      if (typeof last === 'string') result[result.length - 1] = last + piece;
      else result.push(piece);
    } else if (piece[1] > 0) {
      if (Array.isArray(last) && last[0] + last[1] === piece[0]) last[1] += piece[1];
      else result.push([...piece]);
    }
  }
  return result;
}
