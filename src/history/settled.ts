import { createHash } from 'node:crypto';
import { type HistoryTables, qualified } from './tables.js';

/**
 * A condition for the history having exactly these names, each once. The server compares what they
 * hash to, so that of a history of thousands not one row has to be sent; it sorts them by their
 * bytes, as nearly every name is sorted here too. One that is not only costs the rows.
 */
export function hasExactly(tables: HistoryTables, names: readonly string[]): string {
  // In a name with a line feed, two lists could read the same.
  if (names.length === 0 || names.some((name) => name.includes('\n'))) return 'false';
  const digest = createHash('sha256')
    .update([...names].sort().join('\n'))
    .digest('hex');
  // A row whose name is null is counted, and so is a difference: it has to be told.
  return `(select count(*) = ${names.length} and encode(sha256(convert_to(
        string_agg(name, chr(10) order by name collate "C"), 'UTF8')), 'hex') = '${digest}'
      from ${qualified(tables.schema, tables.history)})`;
}
