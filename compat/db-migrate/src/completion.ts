import { exitAtOnce } from 'knexward/compat';
import Bluebird from 'bluebird';
import { type Callback, type Internals } from './internals.js';
import { log } from './log.js';

/**
 * Ends a command as db-migrate does: says that it is done, or leaves that to what the program has
 * put in its place.
 */
export async function withCompletion<Result>(
  internals: Internals,
  work: () => Promise<Result>,
): Promise<Result> {
  const { onComplete } = internals;
  if (onComplete === null) {
    const result = await work();
    sayDone(internals);
    return result;
  }
  const [error, results] = await work().then(
    (result) => [null, result] as const,
    (reason: unknown) => [reason, undefined] as const,
  );
  return Bluebird.fromCallback<Result>((callback) => {
    const close = (closed?: Callback) => Bluebird.resolve().asCallback(closed);
    const done: Callback = (failure, value) => callback(failure, value as Result);
    onComplete({ driver: { close } }, internals, done, error, results);
  });
}

function sayDone({ argv }: Internals): void {
  log.info('Done');
  if (!argv['force-exit']) return;
  log.verbose('Forcing exit');
  exitAtOnce(0);
}
