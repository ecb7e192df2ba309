import { note } from '../schema/sql/alter/alteration.js';

/** What is known by kind and name only, and that name is what DROP takes. */
const DROPPED_BY_NAME: ReadonlySet<string> = new Set([
  ...['collation', 'conversion', 'language', 'operator', 'operator class', 'operator family'],
  ...['text search configuration', 'text search dictionary', 'text search parser'],
  ...['text search template', 'foreign-data wrapper', 'server', 'foreign table', 'cast'],
  ...['access method', 'transform'],
]);

/** How to fix what the catalog does not describe: it can be dropped, and not be made. */
export function fixByName(kind: string, name: string, isExpected: boolean): string[] {
  if (isExpected)
    return [note(`Make ${kind} ${name} by hand: what it is made of is not described.`)];
  if (kind === 'base type' || kind === 'range with a canonical function')
    return [`DROP TYPE ${name}`];
  if (!DROPPED_BY_NAME.has(kind)) return [note(`Take ${kind} ${name} away by hand.`)];
  return [`DROP ${kind.toUpperCase().replace('-', ' ')} ${name}`];
}
