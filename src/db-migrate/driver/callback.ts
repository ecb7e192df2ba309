import type Bluebird from 'bluebird';

/** A Node-style callback, as every method of the driver takes one. */
export type Callback = (error: unknown, result?: unknown) => void;

/**
 * What may follow a method's required arguments. db-migrate's methods differ in whether options, a
 * callback, both or neither may follow, and its users mix the forms.
 */
export type Trailing<Options = object> = readonly (Options | Callback | null | undefined)[];

/** The callback among the trailing arguments, wherever it stands. */
export function callbackIn(trailing: readonly unknown[]): Callback | undefined {
  return trailing.find((argument): argument is Callback => typeof argument === 'function');
}

/** The options object among the trailing arguments; empty where there is none. */
export function optionsIn<Options extends object>(trailing: Trailing<Options>): Partial<Options> {
  const isOptions = (argument: unknown): argument is Options =>
    typeof argument === 'object' && argument !== null;
  return trailing.find(isOptions) ?? {};
}

/**
 * Tells a callback how a promise ended. Bluebird's own `nodeify` would let an exception out of the
 * callback crash the process, in the middle of a migration; here it goes to `onThrow`.
 *
 * Without a value the callback gets one argument, not two: `async.waterfall` counts them.
 */
export function deliver(
  promise: Bluebird<unknown>,
  callback: Callback,
  onThrow: (error: unknown) => void,
): void {
  promise.then(
    (value) => {
      attempt(() => (value === undefined ? callback(null) : callback(null, value)), onThrow);
    },
    (error: unknown) => {
      // Whatever it throws, it throws because of this error: many callbacks do not look at it.
      attempt(
        () => callback(error),
        () => onThrow(error),
      );
    },
  );
}

function attempt(action: () => void, onThrow: (error: unknown) => void): void {
  try {
    action();
  } catch (error) {
    onThrow(error);
  }
}
