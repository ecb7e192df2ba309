import Bluebird from 'bluebird';
import { KnexwardError } from '../../errors.js';
import { callbackIn } from './callback.js';
import { type Operations } from './operations.js';

const FOREIGN = 'there is nothing of the kind for PostgreSQL';
const BROKEN = 'it has never worked in db-migrate, either';

/*
 * The methods that say, when they are called, that there is nothing behind them: some that
 * db-migrate's interface has for other databases, and some of its PostgreSQL driver whose every
 * call fails, on SQL that is none.
 */

/** Those that migrations and programs see. */
export function unavailableMethods(operations: Operations) {
  return refusing(operations, ['checkDBMS'], FOREIGN);
}

/** Those that only migrations see. */
export function unavailableToMigrations(operations: Operations) {
  return refusing(operations, ['renameCollection', 'dropCollection', 'createCollection'], FOREIGN);
}

/** Those that only programs see. */
export function unavailableToPrograms(operations: Operations) {
  return {
    ...refusing(operations, ['showDatabase'], FOREIGN),
    ...refusing(operations, ['createSequence', 'dropSequence', 'remove'], BROKEN),
  };
}

type Refusing = (...given: readonly unknown[]) => Bluebird<never>;

function refusing<const Name extends string>(
  operations: Operations,
  names: readonly Name[],
  reason: string,
): Record<Name, Refusing> {
  const entries = names.map((name) => {
    const method: Refusing = (...given) =>
      operations.perform(callbackIn(given), () => Bluebird.reject(refusal(name, reason)));
    return [name, method] as const;
  });
  return Object.fromEntries(entries) as Record<Name, Refusing>;
}

function refusal(name: string, reason: string): KnexwardError {
  return new KnexwardError('INVALID_MIGRATION', {
    message: `db.${name} is not available: ${reason}.`,
    fix: 'Write what is needed with db.runSql.',
  });
}
