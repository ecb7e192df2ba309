import Bluebird from 'bluebird';
import { callbackIn, optionsIn, type Trailing } from './callback.js';
import { quoteName } from './escape.js';
import { type CurrentSchema } from './history.js';
import { type Answer, type Operations } from './operations.js';

/** Where to go on working: PostgreSQL cannot change the database, so both mean a schema. */
export type SwitchTarget = string | { schema?: string; database?: string };

/** The methods of `db` that concern databases and schemas. */
export function databaseMethods(operations: Operations, current: CurrentSchema) {
  return {
    createDatabase: (name: string, ...trailing: Trailing): Bluebird<Answer> => {
      const sql = `CREATE DATABASE ${quoteName(name)}`;
      return operations.perform(callbackIn(trailing), (send) => send(sql));
    },

    dropDatabase: (
      name: string,
      ...trailing: Trailing<{ ifExists?: boolean }>
    ): Bluebird<Answer> => {
      const ifExists = optionsIn(trailing).ifExists === true ? 'IF EXISTS' : '';
      const sql = `DROP DATABASE ${ifExists} ${quoteName(name)}`;
      return operations.perform(callbackIn(trailing), (send) => send(sql));
    },

    /** Sets the search path, to what may be a list. Without a target it does nothing. */
    switchDatabase: (
      target?: SwitchTarget | null,
      ...trailing: Trailing
    ): Bluebird<Answer | undefined> => {
      const { database, schema } = toTarget(target);
      if (database === undefined && schema !== undefined) current.schema = schema;
      const path = database ?? schema;
      return operations.perform<Answer | undefined>(callbackIn(trailing), (send) =>
        path === undefined ? Bluebird.resolve(undefined) : send(`SET search_path TO ${path}`),
      );
    },
  };
}

function toTarget(target: SwitchTarget | null | undefined): Exclude<SwitchTarget, string> {
  return typeof target === 'string' ? { database: target } : (target ?? {});
}
