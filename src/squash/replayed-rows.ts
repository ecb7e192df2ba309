import { type Data, type DataColumn, type TableData } from './data.js';

/** The same table after two replays, row by row. */
interface Aligned {
  first: string[][];
  second: string[][];
  /** Positions of the columns in which rows differ. */
  differing: Set<number>;
}

/** What two replays have left in a table: what of it goes into the baseline, and what does not. */
export interface ReplayedTable {
  table: TableData;
  /** As of the first replay. */
  rows: string[][];
  differing: { column: DataColumn; at: number; values: { first: string; second: string }[] }[];
  /** Even how many rows there are differs from replay to replay. */
  countDiffers: boolean;
}

/**
 * Compares what two replays have left in the tables. Rows are taken to be the same that lie at the
 * same place; where that says nothing, because rows were moved, those that are alike in all columns
 * that can be compared.
 */
export function compareReplays(first: Data, second: Data): ReplayedTable[] {
  const others = new Map(second.tables.map((table) => [table.name, table]));
  return first.tables.map((table) => {
    const other = others.get(table.name);
    if (other?.rows.length !== table.rows.length) {
      return { table, rows: table.rows, differing: [], countDiffers: true };
    }
    const aligned = align(table.rows, other.rows, table.columns.length);
    const differing = [...aligned.differing]
      .sort((a, b) => a - b)
      .flatMap((at) => {
        const column = table.columns[at];
        if (!column) return [];
        const values = aligned.first.flatMap((row, index) => {
          const pair = { first: row[at] ?? '', second: aligned.second[index]?.[at] ?? '' };
          return pair.first === pair.second ? [] : [pair];
        });
        return [{ column, at, values }];
      });
    return { table, rows: aligned.first, differing, countDiffers: false };
  });
}

/** Which cells of a replayed table differ: those that its default may give anew. */
export function differs(replayed: ReplayedTable, at: number, value: string): boolean {
  return (
    replayed.differing
      .find((each) => each.at === at)
      ?.values.some(({ first }) => first === value) ?? false
  );
}

function align(first: string[][], second: string[][], width: number): Aligned {
  const inPlace = differingColumns(first, second);
  if (inPlace.size === 0) return { first, second, differing: inPlace };
  const unlike = new Set<number>();
  for (let at = 0; at < width; at++) {
    const column = (rows: string[][]): string =>
      rows
        .map((row) => row[at])
        .sort()
        .join('\0');
    if (column(first) !== column(second)) unlike.add(at);
  }
  if (unlike.size === inPlace.size) return { first, second, differing: inPlace };
  const key = (row: string[]): string => row.filter((_, at) => !unlike.has(at)).join('\0');
  const sorted = (rows: string[][]): string[][] =>
    [...rows].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  const [one, two] = [sorted(first), sorted(second)];
  const moved = differingColumns(one, two);
  const explained = [...moved].every((at) => unlike.has(at));
  return explained
    ? { first: one, second: two, differing: unlike }
    : { first, second, differing: inPlace };
}

function differingColumns(first: string[][], second: string[][]): Set<number> {
  const differing = new Set<number>();
  for (const [index, row] of first.entries()) {
    for (const [at, value] of row.entries()) if (value !== second[index]?.[at]) differing.add(at);
  }
  return differing;
}

/** Rows by their content, without the columns that are not compared: how often each is there. */
export function countRows(
  { rows, columns, name }: TableData,
  ignored: ReadonlySet<string>,
): Map<string, number> {
  const kept = columns.map((column) => !ignored.has(`${name}.${column.name}`));
  const counts = new Map<string, number>();
  for (const row of rows) {
    const content = `(${row.filter((_, at) => kept[at]).join(', ')})`;
    counts.set(content, (counts.get(content) ?? 0) + 1);
  }
  return counts;
}
