/** What a terminal shows in one line, as far as it depends on us. */
export const WIDTH = 100;

/** Between two columns. */
const GAP = '  ';

/**
 * Lines whose columns stand below each other. A cell that is much longer than most, such as the name
 * of one migration, does not push the others out of the line: it takes the room that it needs.
 *
 * @param style makes a cell bold, green or dim; it must not change what is read
 */
export function tableOf(
  rows: readonly (readonly string[])[],
  style: (cell: string, column: number) => string = (cell) => cell,
  room = WIDTH - 4,
): string[] {
  const widths = widthsOf(rows, room);
  const padded = (cell: string, column: number): string =>
    (cell === '' ? '' : style(cell, column)) +
    ' '.repeat(Math.max(0, (widths[column] ?? 0) - cell.length));
  return rows.map((row) => row.map(padded).join(GAP).trimEnd());
}

/** As wide as the widest cell; where that is too much, the widest column gets what is left. */
function widthsOf(rows: readonly (readonly string[])[], room: number): number[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const over = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - room;
  const widest = widths.indexOf(Math.max(0, ...widths.slice(0, -1)));
  if (over > 0 && widest >= 0) widths[widest] = Math.max(20, (widths[widest] ?? 0) - over);
  return widths;
}
