import { existsSync, readFileSync } from 'node:fs';
import { type ChangedFile } from '../files/changed.js';
import { applyAgain } from '../plan/apply-again.js';
import { type MigrationFailure } from './failure.js';

/** Something is not there: a table, a column, a schema, a function, a type, an object of any kind. */
const NOT_THERE = new Set(['42P01', '42703', '3F000', '42883', '42704']);

/**
 * Adds to a failure what explains it: a file that was edited after it was applied, and that names what
 * is missing in the database. Reading the file would lead nobody to it, because there it is.
 */
export function explainByChanges(
  failure: MigrationFailure,
  changed: readonly ChangedFile[],
  production: boolean,
): MigrationFailure {
  if (changed.length === 0 || !NOT_THERE.has(failure.sqlstate ?? '')) return failure;
  const missing = missingName(failure.message);
  const file = changed.find(({ path }) => missing !== null && mentions(path, missing));
  if (!file || missing === null) return failure;
  const then = file.wasEmpty ? 'when it did nothing' : 'as it was before';
  return {
    ...failure,
    cause: `${file.name} names "${missing}", but was edited after it was applied: the database has it ${then}.`,
    fix: production ? failure.fix : `Apply that one again: ${applyAgain(file)}.`,
  };
}

/** The server puts the name first, in quotes of its language, or for a column of a table without any. */
function missingName(message: string): string | null {
  const [, quoted] = /["«»„“]\s*([^"«»„“”]+?)\s*["«»“”]/.exec(message) ?? [];
  const [, plain] = /\b\w+\.(\w+)/.exec(message) ?? [];
  return (quoted ?? plain)?.split('.').at(-1) ?? null;
}

function mentions(path: string, name: string): boolean {
  if (!existsSync(path)) return false;
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`(?<![\\w$])${escaped}(?![\\w$])`).test(readFileSync(path, 'utf8'));
}
