import { type Client, escapeLiteral } from 'pg';
import { KnexwardError } from '../errors.js';

/** @throws KnexwardError `INTERRUPTED` once the signal was given. */
export function refuseInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw interrupted();
}

/** The error that an interrupted run ends with. */
export function interrupted(): KnexwardError {
  return new KnexwardError('INTERRUPTED', {
    message: 'The run was stopped. What was under way is rolled back; what is done is recorded.',
    fix: 'Run the command again to go on.',
  });
}

/**
 * Waits for a change's work, or for the signal to stop: then the statement that it is at is
 * cancelled on the server, so that the rollback has not to wait for its end.
 *
 * @param bystander a connection that the work does not use
 * @param applicationName what the work's own connections are called
 * @throws KnexwardError `INTERRUPTED`
 */
export async function untilInterrupted<T>(
  work: PromiseLike<T>,
  signal: AbortSignal | undefined,
  bystander: Client,
  applicationName: string,
): Promise<T> {
  if (!signal) return work;
  refuseInterrupted(signal);
  let stop: (() => void) | undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = () => {
      void cancelStatements(bystander, applicationName).finally(() => reject(interrupted()));
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  // The work may end well in the moment of the signal; nobody waits for this one then.
  stopped.catch(() => undefined);
  try {
    return await Promise.race([work, stopped]);
  } catch (error) {
    // The cancelled statement fails first, as a rule; why it was cancelled is what counts.
    throw signal.aborted ? interrupted() : error;
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}

async function cancelStatements(bystander: Client, applicationName: string): Promise<void> {
  await bystander
    .query(
      `select pg_stat_clear_snapshot();
       select pg_cancel_backend(pid) from pg_stat_activity
        where application_name = ${escapeLiteral(applicationName)} and pid <> pg_backend_pid()
          and datname = current_database() and state = 'active'`,
    )
    .catch(() => undefined);
}
