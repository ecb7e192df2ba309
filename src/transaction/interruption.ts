import { KnexwardError, StoppedByMigration } from '../errors.js';

/** @throws KnexwardError `INTERRUPTED` once the signal was given, or the signal's own error. */
export function refuseInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw reasonOf(signal);
}

/** The error that an interrupted run ends with. */
export function interrupted(): KnexwardError {
  return new KnexwardError('INTERRUPTED', {
    message: 'The run was stopped. What is done is recorded.',
    fix: 'Run the command again to go on.',
  });
}

export function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof StoppedByMigration ? reason : interrupted();
}

/**
 * Waits for a migration's own code, or for the signal to stop. The code may run on; the caller ends
 * its connection, so that nothing of that reaches the database.
 *
 * @throws KnexwardError `INTERRUPTED`, or the signal's own error
 */
export async function untilInterrupted<T>(
  work: () => PromiseLike<T> | T,
  signal: AbortSignal | undefined,
): Promise<T> {
  refuseInterrupted(signal);
  if (!signal) return work();
  let stop: (() => void) | undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = () => reject(reasonOf(signal));
    signal.addEventListener('abort', stop, { once: true });
  });
  // The work may end well in the moment of the signal; nobody waits for this one then.
  stopped.catch(() => undefined);
  try {
    return await Promise.race([work(), stopped]);
  } catch (error) {
    // What the signal brought about may be the first to fail; why it was given is what counts.
    throw signal.aborted ? reasonOf(signal) : error;
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
