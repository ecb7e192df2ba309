import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { importModule } from '../import-module.js';
import { packageTypeOf } from './package-type.js';

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts']);

/**
 * Loads a module that the project wrote, and returns what Knex would get of it: what `require()`
 * returns for CommonJS, the namespace of an ES module.
 *
 * @source knex/lib/migrations/util/import-file.js
 */
export async function loadExports(path: string): Promise<unknown> {
  if (TYPESCRIPT.has(extname(path))) return loadTypeScript(path);
  return isModule(path) ? importModule(path) : (createRequire(path)(path) as unknown);
}

/**
 * Loads a module that the project wrote (a migration): CommonJS, ES module or TypeScript, by its
 * extension. TypeScript goes through jiti, which is loaded only then.
 *
 * The result is the module's namespace, with a CommonJS module's exports spread into it.
 */
export async function loadUserModule(path: string): Promise<Record<string, unknown>> {
  return unwrapDefault(await importUserModule(path));
}

/** The same, as `import()` gives it: a CommonJS module's exports are its `default`. */
export async function importUserModule(path: string): Promise<Record<string, unknown>> {
  return TYPESCRIPT.has(extname(path)) ? loadTypeScript(path) : importModule(path);
}

async function loadTypeScript(path: string): Promise<Record<string, unknown>> {
  const { createJiti } = await import('jiti');
  const options = { interopDefault: false, moduleCache: false };
  const create = (): ReturnType<typeof createJiti> => {
    try {
      return createJiti(path, { ...options, tsconfigPaths: true });
    } catch (error) {
      // A tsconfig.json that extends one outside of the image: without its paths, an import that
      // needs them fails by its name, and one that does not is loaded.
      if (!/^File '.*' not found\.$/.test((error as Error).message)) throw error;
      return createJiti(path, options);
    }
  };
  return create().import<Record<string, unknown>>(path);
}

/** Whether Node.js takes a JavaScript file for an ES module: by its extension, else by its package. */
function isModule(path: string): boolean {
  if (path.endsWith('.mjs')) return true;
  return !path.endsWith('.cjs') && packageTypeOf(path) === 'module';
}

/**
 * `import()` of a CommonJS module puts its exports under `default` and, as far as a static look
 * can tell, beside it. What the file really exported is what counts; a module that a compiler
 * turned into CommonJS says `__esModule` and has its own `default` inside.
 */
function unwrapDefault(namespace: Record<string, unknown>): Record<string, unknown> {
  const { default: main, 'module.exports': exports, ...named } = namespace;
  if (typeof main === 'function') return namespace;
  if (typeof main !== 'object' || main === null) return named;
  const exported = main as Record<string, unknown>;
  return exported['__esModule'] ? unwrapDefault(exported) : { ...named, ...exported };
}
