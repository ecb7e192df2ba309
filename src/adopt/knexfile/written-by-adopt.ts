import { readFileSync } from 'node:fs';

/** Whether a knexfile is the one that an earlier `adopt` wrote, rather than the project's own. */
export function isWrittenByAdopt(knexfile: string): boolean {
  return readFileSync(knexfile, 'utf8').includes('Written by "knexward adopt"');
}
