import { type Span } from './mentions.js';

/**
 * The recipe lines of a Makefile that a shell gets as they stand: those without variables and
 * continuations. A Makefile that chooses its shell, or gives it whole recipes, has none.
 */
export function scriptsInMakefile(text: string): Span[] {
  if (/^(?:\.ONESHELL|\.RECIPEPREFIX|(?:export\s+)?(?:\.?SHELL\w*)\s*[:?+!]*=)/m.test(text))
    return [];
  return [...text.matchAll(/(?<!\\\r?\n)^(\t[ \t@+-]*)([^\s#][^\n]*?)[ \t\r]*$/gm)]
    .filter(({ 2: recipe = '' }) => !/\$|\\$/.test(recipe))
    .map(({ index, 1: before = '', 2: recipe = '' }) => {
      const start = index + before.length;
      return { start, end: start + recipe.length };
    });
}
