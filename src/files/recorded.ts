import { type Migration } from './find.js';
import { stemOf } from './name.js';
import { type HistoryRow } from '../history/read.js';

/**
 * The files under the names that the history has for them. A file that was applied as `.js` and is
 * `.ts` now, or is what the compiler made of it, is the same migration: it must not run again.
 */
export function asRecorded(
  files: readonly Migration[],
  rows: readonly Pick<HistoryRow, 'name'>[],
): Migration[] {
  const names = new Set(rows.map(({ name }) => name));
  // Sources have recorded "./x.js" for "x.js".
  const byStem = new Map(rows.map(({ name }) => [stemOf(name).replace(/^\.\//, ''), name]));
  return files.map((file) => {
    if (names.has(file.name) || file.custom !== undefined) return file;
    const recorded = byStem.get(stemOf(file.name));
    return recorded === undefined ? file : { ...file, name: recorded };
  });
}
