import { columnMethods } from './columns.js';
import { databaseMethods } from './databases.js';
import { definitionMethods } from './definitions.js';
import { escapeMethods } from './escape.js';
import { foreignKeyMethods } from './foreign-keys.js';
import { type CurrentSchema } from './history.js';
import { indexMethods } from './indexes.js';
import { type Operations } from './operations.js';
import { rowMethods } from './rows.js';
import { statementMethods } from './statements.js';
import { storedStateMethods } from './stored-state.js';
import { tableMethods } from './tables.js';
import { unavailableMethods } from './unavailable.js';

/** What a migration's driver and a program's have in common: all but history and transactions. */
export function schemaMethods(operations: Operations, current: CurrentSchema) {
  const foreignKeys = foreignKeyMethods(operations);
  return {
    _escapeDDL: '"',
    _escapeString: "'",
    _meta: { supports: { optionParam: true, columnStrategies: true } },
    ...escapeMethods,
    ...statementMethods(operations),
    ...tableMethods(operations),
    ...columnMethods(operations),
    ...indexMethods(operations),
    ...foreignKeys,
    ...rowMethods(operations),
    ...databaseMethods(operations, current),
    ...definitionMethods(operations, foreignKeys),
    ...storedStateMethods(operations),
    ...unavailableMethods(operations),
  };
}
