import { type Ingredient } from './key.js';

/** The modules that this process may have loaded, as they were then. */
const loaded = new Map<string, string>();

/**
 * Whether this process has loaded one of these files when it was another one. Node.js loads a module
 * once, so a template that is built here now would hold what the old file makes, under the key of the
 * new one: a test runner that watches files meets this at each edit.
 */
export function hasOldModules(ingredients: readonly Ingredient[]): boolean {
  return modulesOf(ingredients).some(([what, digest]) => {
    const before = loaded.get(what);
    return before !== undefined && before !== digest;
  });
}

/** To be called before they are loaded. */
export function rememberModules(ingredients: readonly Ingredient[]): void {
  for (const [what, digest] of modulesOf(ingredients)) {
    if (!loaded.has(what)) loaded.set(what, digest);
  }
}

/** SQL is read each time that it runs. */
function modulesOf(ingredients: readonly Ingredient[]): Ingredient[] {
  return ingredients.filter(([what]) => what.startsWith('file ') && !what.endsWith('.sql'));
}
