import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * `import()` as Node.js does it. Of every other one in this package the compiler makes a lazy
 * `require()`, which works everywhere; that would leave out ES modules here.
 */
// eslint-disable-next-line @typescript-eslint/no-implied-eval
const nativeImport = new Function('specifier', 'return import(specifier)') as (
  specifier: string,
) => Promise<Record<string, unknown>>;

/**
 * Imports a file that the project wrote, CommonJS or ES module, and returns its namespace.
 *
 * Where `import()` is not to be had, as in Jest's sandbox, CommonJS is loaded all the same: an
 * application's tests may well migrate their database.
 */
export async function importModule(path: string): Promise<Record<string, unknown>> {
  try {
    return await nativeImport(pathToFileURL(path).href);
  } catch (error) {
    if (!isWithoutImport(error)) throw error;
    return { default: createRequire(path)(path) as unknown };
  }
}

/** Whether the code runs in a virtual machine context that has no `import()`. */
function isWithoutImport(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (
    code?.startsWith('ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING') === true ||
    // A file whose name has a backslash is no URL that it takes.
    code === 'ERR_INVALID_MODULE_SPECIFIER' ||
    message === 'Invalid host defined options'
  );
}
