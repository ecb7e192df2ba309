/** A part of the document: what always stands in it, and blocks of which some may be left out. */
export interface Part {
  head: string;
  blocks: readonly string[];
  /** The sentence that tells of blocks that were left out. */
  leftOut: (count: number) => string;
}

/** Between two blocks: they are paragraphs. */
const BETWEEN = '\n\n';

/**
 * Puts the parts together within a number of characters. Each part keeps its head; of its blocks those
 * from the beginning are kept that leave room for the heads of the parts behind it. Pure.
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

/** The beginning of a text, and what is said in the place of its rest. No letter is cut in two. */
export function cutTo(value: string, most: number, rest: string): string {
  if (value.length <= most) return value;
  return `${value.slice(0, most).replace(/[\ud800-\udbff]$/, '')}\n${rest}`;
}
