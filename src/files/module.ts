import { extname } from 'node:path';
import { importUserModule } from '../config/user-module.js';
import { KnexwardError } from '../errors.js';
import { packageTypeOf } from '../config/package-type.js';

/**
 * Loads a migration that is written for Knex, and returns what Knex would call: of an ES module its
 * named exports, of a CommonJS module what it assigned to `module.exports`, an instance of a class as well.
 *
 * @throws KnexwardError `INVALID_MIGRATION` where the file cannot be loaded
 */
export async function loadKnexModule(path: string): Promise<Record<string, unknown>> {
  let namespace: Record<string, unknown>;
  try {
    namespace = await importUserModule(path);
  } catch (error) {
    throw new KnexwardError('INVALID_MIGRATION', {
      message: `The migration ${path} cannot be loaded: ${String(error)}`,
      fix: 'Correct the file. Nothing has been run.',
      cause: error,
    });
  }
  return exportsOf(namespace, path);
}

/** `import()` gives a CommonJS module's exports as `default`, and names them as far as it can tell. */
function exportsOf(namespace: Record<string, unknown>, path: string): Record<string, unknown> {
  const main = namespace['default'] as Record<string, unknown> | null | undefined;
  const inMain: unknown = main?.['up'];
  if (typeof main !== 'object' || main === null || typeof inMain !== 'function') return namespace;
  const named = namespace['up'];
  if (typeof named === 'function') return named === inMain ? main : namespace;
  if (isCommonJs(path)) return main;
  throw new KnexwardError('INVALID_MIGRATION', {
    message: `The migration ${path} has its "up" in a default export, where Knex does not look.`,
    fix: 'Export the functions by name: export async function up(knex) { … }',
  });
}

/** By Knex's rule (lib/migrations/util/is-module-type.js). What TypeScript compiles has named exports. */
function isCommonJs(path: string): boolean {
  const extension = extname(path);
  if (extension === '.cjs') return true;
  return extension === '.js' && packageTypeOf(path) === 'commonjs';
}
