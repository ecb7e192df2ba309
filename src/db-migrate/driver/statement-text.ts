import { type QueryConfig } from 'pg';

/** A statement as a migration may give it: text, or an object as `pg` takes one. */
export type Statement = string | QueryConfig;

/** The SQL of a statement. A migration may have given anything; then it is for `pg` to refuse it. */
export function textOf(statement: Statement): string {
  return typeof statement === 'string'
    ? statement
    : String((statement as Partial<QueryConfig> | null)?.text);
}
