import { basename } from 'node:path';
import { inspect } from 'node:util';
import { KnexwardError } from '../../errors.js';
import { type DbMigrateFile, type DbMigrateFunction } from '../load.js';
import { type Callback } from './callback.js';
import { type MigrationDriver } from './index.js';

/** Which way a migration runs. */
export type Direction = 'up' | 'down';

/**
 * Calls a migration and waits until it says that it is done, in any of db-migrate's ways: it calls
 * its callback, returns a promise, or returns `null`. The first of them counts. An error counts
 * later, too, and then goes to `onLateError`: some files pass their one callback to several calls.
 *
 * @throws KnexwardError `INVALID_MIGRATION` where it does none of these and never could.
 */
export async function settle(
  file: DbMigrateFile,
  direction: Direction,
  driver: MigrationDriver,
  onLateError: (error: unknown) => void,
): Promise<void> {
  const run = functionFor(file, direction);
  await new Promise<void>((resolve, reject) => {
    const done: Callback = (error) => {
      if (!error) return resolve();
      const failure = asError(error, file, direction);
      reject(failure);
      onLateError(failure);
    };
    const self = { name: basename(file.path), path: file.path };
    const returned = run.call(self, driver, done);
    if (isThenable(returned)) {
      returned.then(
        () => resolve(),
        (error: unknown) => done(error ?? new Error('The promise was rejected without a reason.')),
      );
    } else if (returned === null) {
      resolve();
    } else if (!takesCallback(run)) {
      reject(neverDone(file, direction));
    }
  });
}

function functionFor(file: DbMigrateFile, direction: Direction): DbMigrateFunction {
  const run = file[direction];
  if (run) return run;
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `The migration ${basename(file.path)} exports no function "${direction}".`,
    fix: `Export one from ${file.path}, also if it only returns null.`,
  });
}

/**
 * Whether a function could call back: it names a second parameter, collects its parameters, gives
 * one a default (which `length` does not count), or looks at `arguments`.
 */
function takesCallback(run: DbMigrateFunction): boolean {
  return run.length >= 2 || /\barguments\b|^[^({]*\([^)]*(?:\.\.\.|,[^)]*=)/.test(String(run));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** A migration may call back with a text; what comes after it expects an error. */
function asError(reason: unknown, file: DbMigrateFile, direction: Direction): Error {
  if (typeof reason === 'object') return reason as Error;
  return new KnexwardError('MIGRATION_FAILED', {
    message: `The migration ${basename(file.path)} failed (${direction}): ${inspect(reason)}`,
    fix: `Look at what "${direction}" in ${file.path} reports there.`,
  });
}

function neverDone(file: DbMigrateFile, direction: Direction): KnexwardError {
  return new KnexwardError('INVALID_MIGRATION', {
    message:
      `"${direction}" of the migration ${basename(file.path)} returns no promise and takes no` +
      ' callback, so nobody can know when it is done.',
    fix: `Return the promise of its last statement, or null where there is nothing to do: ${file.path}`,
  });
}

/** The error for a migration that waits for its callback, with nothing left that could call it. */
export function neverCalledBack(file: DbMigrateFile, direction: Direction): KnexwardError {
  return new KnexwardError('INVALID_MIGRATION', {
    message:
      `"${direction}" of the migration ${basename(file.path)} has not said that it is done, and` +
      ' nothing of it is under way any more: no statement, no timer, no file.',
    fix:
      'Call its callback after the last statement, on every way through the function, or return' +
      ` the promise of that statement: ${file.path}`,
  });
}
