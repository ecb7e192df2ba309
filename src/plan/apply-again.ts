import { commandLine, commandLineInScope } from '../command-line.js';
import { type ChangedFile } from '../files/changed.js';
import { scopeOf } from '../files/scope.js';

/**
 * The commands that apply a migration again whose file was edited. What did nothing when it was
 * applied has nothing to revert: the "down" that was written since would fail.
 */
export function applyAgain({ name, wasEmpty, inLastBatch }: ChangedFile): string {
  const up = `"${commandLineInScope(scopeOf(name), 'up')}"`;
  if (wasEmpty) return `"${commandLine('resolve', name, '--reverted')}", then ${up}`;
  if (inLastBatch && scopeOf(name) === '') return `"${commandLine('redo')}"`;
  return `"${commandLineInScope(scopeOf(name), 'down', name)}", then ${up}`;
}
