import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { KnexwardError } from '../errors.js';

/**
 * What a configuration file of db-migrate's holds: JSON, or a module of CommonJS. It is loaded as
 * db-migrate loads it, and anew where it has changed since.
 *
 * @param path relative to the working directory
 * @throws KnexwardError `DB_MIGRATE_CONFIG` where it cannot be loaded
 */
export function readConfigFile(path: string): Record<string, unknown> {
  const file = resolve(path);
  try {
    const load = createRequire(file);
    // A module that was loaded before may have read other variables then.
    delete load.cache[load.resolve(file)];
    return load(file) as Record<string, unknown>;
  } catch (error) {
    throw new KnexwardError('DB_MIGRATE_CONFIG', {
      message: `${file} cannot be read: ${(error as Error).message}`,
      fix: 'Correct the file: db-migrate itself would stop at it too. Nothing was changed.',
      cause: error,
    });
  }
}

/** Whether a configuration is a program, whose values may be others the next time. */
export function isProgram(path: string): boolean {
  return !path.endsWith('.json');
}
