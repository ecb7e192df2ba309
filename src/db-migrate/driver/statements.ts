import type Bluebird from 'bluebird';
import { type QueryResultRow } from 'pg';
import { type Callback, callbackIn } from './callback.js';
import { type Answer, type Operations, rowsOf } from './operations.js';
import { type Statement } from './statement-text.js';

/** What may follow a statement: its values, a callback, both or neither. */
type Rest = readonly (readonly unknown[] | Callback | null | undefined)[];

/** The methods of `db` that send SQL as the migration wrote it. */
export function statementMethods(operations: Operations) {
  return {
    /**
     * `runSql(sql, [values], [callback])`. A text may hold many statements. Only where values are
     * given does `?` stand for one: without them it may be an operator of jsonb.
     */
    runSql: (statement: Statement, ...rest: Rest): Bluebird<Answer> => {
      const [sql, values] = withValues(rest) ? [numberParameters(statement), rest[0]] : [statement];
      return operations.perform(callbackIn(rest), (send) => send(sql, values));
    },

    /** `all(sql, [values], [callback])`: the rows. Values are called `$1`, `$2` and so on. */
    all: (statement: Statement, ...rest: Rest): Bluebird<QueryResultRow[] | undefined> => {
      const values = withValues(rest) ? rest[0] : undefined;
      return operations.perform(callbackIn(rest), (_, read) =>
        read(statement, values).then(rowsOf),
      );
    },
  };
}

/** db-migrate counts arguments: an empty array, or even `null`, before the callback is values too. */
function withValues(rest: Rest): boolean {
  return rest.length > 0 && typeof rest[0] !== 'function';
}

/** `?` as PostgreSQL's `$1`, `$2`, … Every one of them, also inside a text: so does db-migrate. */
export function numberParameters(statement: Statement): Statement {
  if (typeof statement !== 'string') return statement;
  let count = 0;
  return statement.replaceAll('?', () => `$${++count}`);
}
