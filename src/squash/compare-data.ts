import { type Difference } from '../schema/compare.js';
import { type Data } from './data.js';
import { countRows } from './replayed-rows.js';

/**
 * Compares the rows and the sequences of two databases. Pure.
 *
 * @param ignored columns (`table.column`), tables and sequences that differ from replay to replay
 */
export function compareData(
  expected: Data,
  actual: Data,
  ignored: ReadonlySet<string>,
): Difference[] {
  const tables = new Map(actual.tables.map((table) => [table.name, table]));
  const rows = expected.tables.flatMap((table): Difference[] => {
    const other = tables.get(table.name);
    // A table that is not there is a difference of the catalogs.
    if (!other || ignored.has(table.name)) return [];
    const [wanted, found] = [countRows(table, ignored), countRows(other, ignored)];
    const missing = surplus(wanted, found);
    const added = surplus(found, wanted);
    if (missing.length + added.length === 0) return [];
    const described = (count: number, examples: string[]): Record<string, unknown> => ({
      rows: count,
      ...(examples.length > 0 && { 'the first that only one has': examples[0] }),
    });
    return [
      {
        ...{ kind: 'rows of table', object: table.name },
        expected: described(table.rows.length, missing),
        actual: described(other.rows.length, added),
      },
    ];
  });
  return [...rows, ...compareSequences(expected, actual, ignored)];
}

function compareSequences(
  expected: Data,
  actual: Data,
  ignored: ReadonlySet<string>,
): Difference[] {
  const others = new Map(actual.sequences.map((sequence) => [sequence.name, sequence]));
  return expected.sequences.flatMap(({ name, value, called }): Difference[] => {
    const other = others.get(name);
    if (!other || ignored.has(name) || (other.value === value && other.called === called))
      return [];
    const described = (last: string, used: boolean): Record<string, unknown> => ({
      value: last,
      used,
    });
    return [
      {
        ...{ kind: 'value of sequence', object: name },
        expected: described(value, called),
        actual: described(other.value, other.called),
      },
    ];
  });
}

/** What is more often in the first than in the second. */
function surplus(counts: Map<string, number>, others: Map<string, number>): string[] {
  return [...counts].flatMap(([row, count]) => (count > (others.get(row) ?? 0) ? [row] : []));
}
