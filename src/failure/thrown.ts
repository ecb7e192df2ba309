import { type MigrationFailure } from './failure.js';

const thrown = new WeakMap<MigrationFailure, unknown>();

/** Keeps what was thrown beside its description, which is plain data and goes into logs. */
export function rememberThrown(failure: MigrationFailure, error: unknown): void {
  thrown.set(failure, error);
}

/**
 * The error of a failed migration as it was thrown: the driver's, or the migration's own.
 *
 * @example
 * import { createMigrator, errorOf } from 'knexward';
 *
 * const { failed } = await createMigrator().up();
 * if (failed) throw errorOf(failed);
 */
export function errorOf(failure: MigrationFailure): unknown {
  return thrown.get(failure) ?? new Error(failure.message);
}
