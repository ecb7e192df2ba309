import type Bluebird from 'bluebird';
import { type Callback, callbackIn, type Trailing } from './callback.js';
import { quoteName } from './escape.js';
import { type Answer, type Operations } from './operations.js';

/** The methods of `db` that concern indexes. */
export function indexMethods(operations: Operations) {
  return {
    /** `addIndex(table, index, columns, [unique], [callback])` */
    addIndex: (
      tableName: string,
      indexName: string,
      columns: string | readonly string[],
      ...trailing: readonly (boolean | Callback | null | undefined)[]
    ): Bluebird<Answer> => {
      const [unique] = trailing;
      const kind = unique && typeof unique !== 'function' ? 'UNIQUE' : '';
      const names = [columns].flat().map(quoteName).join(', ');
      const sql = `CREATE ${kind} INDEX "${indexName}" ON "${tableName}" (${names})`;
      return operations.perform(callbackIn(trailing), (send) => send(sql));
    },

    /** `removeIndex([table], index, [callback])`: PostgreSQL needs no table to find an index. */
    removeIndex: (...given: readonly [string, ...Trailing<string>]): Bluebird<Answer> => {
      const indexName = given.filter((argument) => typeof argument === 'string').at(-1);
      const sql = `DROP INDEX "${indexName}"`;
      return operations.perform(callbackIn(given), (send) => send(sql));
    },
  };
}
