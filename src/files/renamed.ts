import { type ClientBase } from 'pg';
import { readRecordedFiles } from '../history/journal.js';
import { type HistoryTables } from '../history/tables.js';
import { isTextOf, readAll } from './checksum.js';
import { type Migration } from './find.js';
import { stemOf, timestampOf } from './name.js';
import { withoutScope } from './scope.js';

/** An applied migration whose file has another name now. */
export interface RenamedFile {
  /** The name in the history. */
  from: string;
  /** The file's name, which is not applied. */
  to: string;
}

/**
 * The applied migrations that have no file any more, and whose content a pending file has. Line ends
 * do not count. A migration without a recorded checksum cannot be recognized.
 *
 * @param rows names in the history that have no file
 */
export async function findRenamedFiles(
  client: ClientBase,
  tables: HistoryTables,
  { rows, files }: { rows: readonly string[]; files: readonly Migration[] },
): Promise<RenamedFile[]> {
  if (rows.length === 0 || files.length === 0) return [];
  const recorded = await readRecordedFiles(client, tables);
  // What did nothing may have any other file's text: that of the template.
  const left = new Set(rows.filter((name) => recorded.get(name)?.empty === false));
  const renamed: RenamedFile[] = [];
  if (left.size === 0) return renamed;
  for await (const some of readAll(files)) {
    for (const { name, content } of some) {
      const same = [...left].filter((row) => isTextOf(content, recorded.get(row)?.checksum ?? ''));
      const from = mostAlike(same, name);
      if (from === undefined) continue;
      left.delete(from);
      renamed.push({ from, to: name });
    }
  }
  return renamed;
}

/** Of several of the same content, the one that has the rest of the name, or the timestamp, in common. */
function mostAlike(names: readonly string[], wanted: string): string | undefined {
  return (
    names.find((name) => titleOf(name) === titleOf(wanted)) ??
    names.find((name) => timestampOf(withoutScope(name)) === timestampOf(withoutScope(wanted))) ??
    names[0]
  );
}

/** The name without scope, timestamp and extension. */
function titleOf(name: string): string {
  return stemOf(withoutScope(name)).replace(/^\d+/, '');
}
