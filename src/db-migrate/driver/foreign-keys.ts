import type Bluebird from 'bluebird';
import { type Callback, callbackIn, optionsIn, type Trailing } from './callback.js';
import {
  type ForeignKeyRules,
  foreignKeySql,
  type ForeignKeySpec,
  mappingOf,
} from './foreign-key-definition.js';
import { type Answer, type Operations } from './operations.js';

/** The methods of `db` that concern foreign keys. */
export function foreignKeyMethods(operations: Operations) {
  const methods = {
    /** Adds a foreign key; `mapping` goes from own columns to those referred to. */
    addForeignKey: (
      tableName: string,
      referencedTableName: string,
      keyName: string,
      mapping: Record<string, string>,
      ...trailing: Trailing<ForeignKeyRules>
    ): Bluebird<Answer> => {
      const rules = optionsIn(trailing);
      return operations.perform(callbackIn(trailing), (send) =>
        send(foreignKeySql(tableName, referencedTableName, keyName, mapping, rules)),
      );
    },

    removeForeignKey: (
      tableName: string,
      keyName: string,
      ...trailing: Trailing
    ): Bluebird<Answer> => {
      const sql = `ALTER TABLE "${tableName}" DROP CONSTRAINT "${keyName}"`;
      return operations.perform(callbackIn(trailing), (send) => send(sql));
    },

    /** A function that adds the foreign key a column carries, once its table exists. */
    bindForeignKey: (
      tableName: string,
      columnName: string,
      spec: ForeignKeySpec,
    ): ((callback?: Callback) => Bluebird<Answer>) => {
      const mapping = mappingOf(columnName, spec);
      return (callback) =>
        methods.addForeignKey(tableName, spec.table, spec.name, mapping, spec.rules, callback);
    },
  };
  return methods;
}
