import { type Catalog, type ObjectId } from '../schema/catalog/model.js';
import { type Difference } from '../schema/compare.js';
import { mendByName } from './by-name.js';
import { Change } from './change.js';
import { Side } from './side.js';
import { statementsOf } from './statements.js';

/** A difference, and how to take it out of the database. */
export interface MendedDifference extends Difference {
  /**
   * The SQL statements, in order, without a semicolon. Where PostgreSQL has none, a comment in SQL
   * says why.
   */
  mend: string[];
  /** One of the statements takes data away, or may. */
  losesData: boolean;
}

/** All differences, each with its own mend, and all of them at once. */
export interface Mends {
  differences: MendedDifference[];
  /** The statements that mend all of it, in an order that works. */
  script: string[];
}

/**
 * Finds the statements that bring the actual database to what is expected. Pure: nothing is run.
 *
 * Each difference has a mend that stands for itself; where something else is in the way, such as a
 * view over a column whose type changes, that is dropped first and made again as it is expected.
 */
export function mend(
  expected: Catalog,
  actual: Catalog,
  differences: readonly Difference[],
): Mends {
  if (differences.length === 0) return { differences: [], script: [] };
  const sides = { expected: new Side(expected), actual: new Side(actual) };
  const described = differences.map((difference) => idIn(sides, difference));
  const differing = new Set(described.filter((id) => id !== null));
  const reordered = new Set(
    differences.flatMap((difference, index) =>
      difference.expected && 'columnOrder' in difference.expected && described[index]
        ? [described[index]]
        : [],
    ),
  );
  const all = new Change(sides.actual, sides.expected, differing, reordered);
  const byName: string[] = [];
  const mended = differences.map((difference, index): MendedDifference => {
    const id = described[index];
    if (id == null) {
      const statements = mendByName(difference.kind, difference.object, difference.actual === null);
      byName.push(...statements);
      return { ...difference, mend: statements, losesData: false };
    }
    all.include(id);
    const one = new Change(sides.actual, sides.expected, differing, reordered);
    one.include(id);
    return { ...difference, mend: statementsOf(one), losesData: one.losesData };
  });
  const script = [...statementsOf(all), ...byName];
  return { differences: mended, script };
}

/** `null` for what is not described. */
function idIn(
  { expected, actual }: { expected: Side; actual: Side },
  { kind, object, expected: wanted, actual: found }: Difference,
): ObjectId | null {
  const id = `${kind} ${object}`;
  const there = (wanted === null || expected.get(id)) && (found === null || actual.get(id));
  return there ? id : null;
}
