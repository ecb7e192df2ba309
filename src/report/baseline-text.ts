import { commandLine } from '../command-line.js';
import { type BaselineCheck } from '../squash/check.js';
import { describeFrozen } from '../squash/frozen.js';
import { type WrittenBaseline } from '../squash/write.js';
import { type Colors } from './output.js';
import { countOf } from '../count.js';
import { renderDifference } from './snapshot-text.js';

/** What a baseline holds and where it was written. */
export function renderBaseline(written: WrittenBaseline, c: Colors): string {
  const { file, action, migrations, upTo, postgres, tables, rows } = written;
  return [
    `Found ${countOf(migrations, 'migration')}, up to ${upTo}: ${countOf(tables, 'table')}, ${countOf(rows, 'row')} (PostgreSQL ${postgres})`,
    ...named('Different in each replay, left to the default:', written.leftToDefault, c),
    ...named('Different in each replay, written as it is:', written.frozen, c),
    action === 'written'
      ? `  ${c.green('✓')} ${file} written`
      : `  ${c.dim('=')} ${file} unchanged`,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** What is asked before values are written that differ from replay to replay. */
export function renderFrozenQuestion(frozen: readonly string[]): string {
  return `${describeFrozen(frozen)} Write them?`;
}

/** Whether a baseline is what a replay gives, and how it is not. */
export function renderBaselineCheck(check: BaselineCheck, c: Colors): string[] {
  const { file, inSync, migrations, differences } = check;
  if (inSync) return [`The baseline ${file} matches its ${countOf(migrations ?? 0, 'migration')}`];
  return [
    `Found ${countOf(differences.length, 'difference')} between the migrations and their baseline ${file}:`,
    ...differences.flatMap((difference) => renderDifference(difference, c)),
    `  Update it: ${commandLine('baseline')}`,
  ];
}

function named(heading: string, names: readonly string[], c: Colors): string[] {
  return names.length === 0 ? [] : [heading, ...names.map((name) => `  ${c.yellow('!')} ${name}`)];
}
