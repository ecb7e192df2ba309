import { formatsEntry } from '../files/format.js';
import { type LoadedMigration } from '../files/load.js';

/*
 * A file that is handed the other tool's interface calls a method that is not there:
 * "db.createTable is not a function", or "Cannot read properties of undefined (reading 'createTable')".
 */
const MISSING_METHOD = /is not a function|properties of undefined/;

/** What to do about an error that a file taken for the other tool's would cause; else `null`. */
export function wrongFormatFix(
  error: unknown,
  { format, guessedIn }: Pick<LoadedMigration, 'format' | 'guessedIn'>,
): string | null {
  if (guessedIn === undefined || !(error instanceof Error) || !MISSING_METHOD.test(error.message))
    return null;
  const [taken, other] =
    format === 'knex' ? (['Knex', 'db-migrate'] as const) : (['db-migrate', 'Knex'] as const);
  return `The file was run with the interface of ${taken}. If it is written for ${other}, say so in the knexfile: ${formatsEntry(guessedIn, other)}`;
}
