import { type Catalog, type ObjectId } from '../schema/catalog/model.js';
import { type Difference } from '../schema/compare.js';
import { fixByName } from './by-name.js';
import { Change } from './change.js';
import { SchemaGraph } from './schema-graph.js';
import { type Statement } from '../schema/sql/statement.js';
import { statementsOf } from './statements.js';

/** A difference, and how to take it out of the database. */
export interface DifferenceWithFix extends Difference {
  /**
   * The SQL statements, in order, without a semicolon. Where PostgreSQL has none, a comment in SQL
   * says why.
   */
  fix: string[];
  /** One of the statements takes data away, or may. */
  losesData: boolean;
}

/** All differences, each with its own fix, and the script that fixes all of them. */
export interface Fixes {
  differences: DifferenceWithFix[];
  /** The statements that fix all of it, in an order that works. */
  script: string[];
  /** Whether one transaction can hold all of them. */
  singleTransaction: boolean;
}

/**
 * Finds the statements that bring the actual database to what is expected. Pure: nothing is run.
 *
 * Each difference has a fix that stands for itself; where something else is in the way, such as a
 * view over a column whose type changes, that is dropped first and made again as it is expected.
 */
export function findFixes(
  expected: Catalog,
  actual: Catalog,
  differences: readonly Difference[],
): Fixes {
  if (differences.length === 0) return { differences: [], script: [], singleTransaction: true };
  const before = new SchemaGraph(actual);
  const graphs = { expected: new SchemaGraph(expected, before), actual: before };
  const described = differences.map((difference) => idIn(graphs, difference));
  const differing = new Set(described.filter((id) => id !== null));
  const reordered = new Set(
    differences.flatMap((difference, index) =>
      difference.expected && 'columnOrder' in difference.expected && described[index]
        ? [described[index]]
        : [],
    ),
  );
  const all = new Change(graphs.actual, graphs.expected, differing, reordered);
  const byName: string[] = [];
  const withFixes = differences.map((difference, index): DifferenceWithFix => {
    const id = described[index];
    if (id == null) {
      const statements = fixByName(difference.kind, difference.object, difference.actual === null);
      byName.push(...statements);
      return { ...difference, fix: statements, losesData: false };
    }
    all.include(id);
    const one = new Change(graphs.actual, graphs.expected, differing, reordered);
    one.include(id);
    return { ...difference, fix: textsOf(statementsOf(one)), losesData: one.losesData };
  });
  const statements = statementsOf(all);
  return {
    differences: withFixes,
    script: [...textsOf(statements), ...byName],
    singleTransaction: statements.every(({ transactional }) => transactional),
  };
}

function textsOf(statements: readonly Statement[]): string[] {
  return statements.map(({ sql }) => sql);
}

/** `null` for what is not described. */
function idIn(
  { expected, actual }: { expected: SchemaGraph; actual: SchemaGraph },
  { kind, object, expected: wanted, actual: found }: Difference,
): ObjectId | null {
  const id = `${kind} ${object}`;
  const there = (wanted === null || expected.get(id)) && (found === null || actual.get(id));
  return there ? id : null;
}
