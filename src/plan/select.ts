import { commandLine } from '../command-line.js';
import { KnexwardError } from '../errors.js';
import { stemOf } from '../files/name.js';
import { withoutScope } from '../files/scope.js';

/**
 * Finds the one name that a person meant: the whole name, the name without its extension, or a
 * beginning of it that fits no other; each with or without the scope in front.
 *
 * @throws KnexwardError `UNKNOWN_MIGRATION` or `AMBIGUOUS_MIGRATION`. db-migrate applies everything
 * when it is given a name that does not exist; here that changes nothing.
 */
export function selectName(names: readonly string[], wanted: string): string {
  const exact = names.find((name) => name === wanted || stemOf(name) === wanted);
  if (exact !== undefined) return exact;
  const inScope = names.filter((name) => [name, stemOf(name)].map(withoutScope).includes(wanted));
  const beginning =
    inScope.length > 0
      ? inScope
      : names.filter((name) => name.startsWith(wanted) || withoutScope(name).startsWith(wanted));
  if (beginning.length === 1 && beginning[0] !== undefined) return beginning[0];
  if (beginning.length > 1) {
    throw new KnexwardError('AMBIGUOUS_MIGRATION', {
      message: `"${wanted}" is the beginning of ${beginning.length} migrations.`,
      fix: `Give the whole name of one: ${list(beginning)}`,
    });
  }
  throw new KnexwardError('UNKNOWN_MIGRATION', {
    message: `There is no migration "${wanted}". Nothing was changed.`,
    fix: suggestion(names, wanted),
  });
}

function suggestion(names: readonly string[], wanted: string): string {
  const similar = names.filter((name) => name.toLowerCase().includes(wanted.toLowerCase()));
  if (similar.length > 0) return `Did you mean: ${list(similar)}`;
  return `Run "${commandLine('status')}" to see the names.`;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown}, …` : shown;
}
