import { KnexwardError, StoppedByMigration } from '../errors.js';
import { reasonOf } from '../server-error.js';

/** As long as Knex waits for a connection. */
const PATIENCE_MS = 60_000;

/**
 * Waits for code of the project's configuration. The process stays for it: a promise that nothing
 * settles would end it without a word.
 *
 * @param what what is asked, to begin a sentence with
 * @param patienceMs how long to wait for it
 * @throws KnexwardError `KNEXFILE_BROKEN` where it throws, or has not come back in a minute
 */
export async function askProject<Answer>(
  what: string,
  ask: () => Promise<Answer> | Answer,
  patienceMs = PATIENCE_MS,
): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`it has not come back in ${patienceMs / 1000} s`)),
      patienceMs,
    );
  });
  try {
    return await Promise.race([(async () => ask())(), late]);
  } catch (error) {
    const ends = error instanceof StoppedByMigration;
    throw new KnexwardError('KNEXFILE_BROKEN', {
      message: `${what} cannot be used: ${ends ? error.message : reasonOf(error)}`,
      fix: ends
        ? 'Throw an error in it instead.'
        : 'Correct it. "node --check" shows the place of a syntax error in JavaScript.',
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}
