import { messageOf } from '../server-error.js';

/** What a statement fails with that has found its rows missing. */
export const NOT_WRITTEN = 'knexward: history or journal did not take the row';

/** Whether an error says that a trigger, or a rule, has kept a row out of history or journal. */
export function isNotWritten(error: unknown): boolean {
  return messageOf(error).includes(NOT_WRITTEN);
}

/** What is told of it. */
export function rowNotWritten(): Error {
  return new Error(
    'Its row in the history or in the journal was not written: a trigger or a rule on these tables keeps it out.',
  );
}
