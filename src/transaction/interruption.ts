import { KnexwardError, StoppedByMigration } from '../errors.js';

/**
 * Throws if the run was stopped.
 *
 * @throws KnexwardError `INTERRUPTED`, or the signal's own error
 */
export function refuseInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw reasonOf(signal);
}

/** The error of a run that was stopped. */
function interrupted(): KnexwardError {
  return new KnexwardError('INTERRUPTED', {
    message: 'The run was stopped. What is done is recorded.',
    fix: 'Run the command again to go on.',
  });
}

/** The same for what runs migrations in a temporary database only. */
export function replayInterrupted(): KnexwardError {
  return new KnexwardError('INTERRUPTED', {
    message: 'It was stopped before its end. The database is as it was.',
    fix: 'Run the command again.',
  });
}

/** The error that a signal stands for: its own, if a migration stopped the run. */
export function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof StoppedByMigration ? reason : interrupted();
}

/**
 * Waits for a migration's code, or for the signal to stop. The code may go on running: the caller ends its
 * connection, so that nothing more reaches the database.
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
  // The work may succeed at the moment of the signal. Then nothing awaits this promise.
  stopped.catch(() => undefined);
  try {
    return await Promise.race([work(), stopped]);
  } catch (error) {
    // The work may fail because of the signal, before the signal's own error. The signal's error is what counts.
    throw signal.aborted ? reasonOf(signal) : error;
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
