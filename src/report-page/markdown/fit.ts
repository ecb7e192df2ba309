/** A part of the document: a head that is always shown, and blocks that may be left out. */
export interface Part {
  head: string;
  blocks: readonly string[];
  /** The sentence that says how many blocks are left out. */
  leftOut: (count: number) => string;
}

/** Between two blocks: they are paragraphs. */
const BETWEEN = '\n\n';

/**
 * Joins the parts within a number of characters. Each part keeps its head, and as many of its first blocks as leave
 * room for the heads of the later parts. Pure.
 */
export function fit(parts: readonly Part[], most: number): string {
  const reserves = parts.map(
    (part) => sizeOf(part.head) + sizeOf(part.leftOut(part.blocks.length)),
  );
  let room = most - reserves.reduce((sum, size) => sum + size, 0);
  const shown = parts.flatMap(({ head, blocks, leftOut }) => {
    const kept: string[] = [];
    for (const each of blocks) {
      if (sizeOf(each) > room) break;
      room -= sizeOf(each);
      kept.push(each);
    }
    const missing = blocks.length - kept.length;
    return [head, ...kept, ...(missing > 0 ? [leftOut(missing)] : [])];
  });
  return `${shown.filter((each) => each !== '').join(BETWEEN)}\n`;
}

function sizeOf(piece: string): number {
  return piece === '' ? 0 : piece.length + BETWEEN.length;
}

/** Cuts a text and says what is missing. No character is cut in two. */
export function cutTo(value: string, most: number, rest: string): string {
  if (value.length <= most) return value;
  return `${value.slice(0, most).replace(/[\ud800-\udbff]$/, '')}\n${rest}`;
}
