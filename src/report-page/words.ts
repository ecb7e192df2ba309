/*
 * The sentences that the page and the Markdown share. Both show the same facts in the same words.
 */
import { commandLine } from '../command-line.js';
import { addressOf } from '../config/address.js';
import { countOf, durationOf } from '../count.js';
import { type Verification } from '../verify/verify.js';
import { type Report, type ReportedChange, type ReportedPlan } from './model.js';
import { type Change } from './tables.js';

/** What the pending migrations do to a table, a column or a foreign key. */
export const CHANGE_WORDS: Record<Change, string> = {
  created: 'new',
  changed: 'changes',
  dropped: 'is dropped',
};

/** The same as one character, in front of a column. */
export const CHANGE_SIGNS: Record<Change, string> = { created: '+', changed: '~', dropped: '−' };

/** What is missing if the rehearsal failed; the reason follows. */
export const NO_SQL = 'No SQL is shown.';
/** What is missing if the comparison failed; the reason follows. */
export const NOT_COMPARED = 'The database was not compared with its migrations.';

/** The database's address and the schema of its history. */
export function placeOf({ database }: Report): string {
  const { schema } = database;
  return `${addressOf(database)}${schema === null ? '' : ` (schema ${schema})`}`;
}

/** A moment to the minute, in UTC. */
export function momentOf(moment: string): string {
  const [, day, minute] = /^(\d+-\d\d-\d\d)T(\d\d:\d\d)/.exec(moment) ?? [];
  return day === undefined ? moment : `${day} ${minute} UTC`;
}

/** A recorded duration. The journal keeps fractions of a millisecond. */
export function runTime(milliseconds: number): string {
  return milliseconds < 1 ? '< 1 ms' : durationOf(milliseconds);
}

/** What the next `up` would run. */
export function batchLine({ batch }: ReportedPlan, { pending }: Report): string {
  return `Batch ${batch} would run ${countOf(pending.length, 'migration')}.`;
}

/** A warning if the rehearsal ran without the database's data. */
export function rehearsedWithoutData({ base, baseReason }: ReportedPlan): string | null {
  if (base !== 'schema') return null;
  return `Rehearsed on the schema of the database, without data: ${baseReason ?? ''}`;
}

/** The statements of a change. A comment marks each one that the server refused. */
export function sqlOf({ statements }: ReportedChange): string[] {
  return statements.map(({ sql, refused }) =>
    refused === null ? sql : `-- refused (SQLSTATE ${refused}):\n${sql}`,
  );
}

/** A warning if applied migrations have no file, so that they could not be replayed. */
export function notProven({ unreplayable }: Verification): string | null {
  if (unreplayable.length === 0) return null;
  const have = countOf(unreplayable.length, 'applied migration has', 'applied migrations have');
  return `Not proven: ${have} no file to replay: ${unreplayable.join(', ')}`;
}

/** What the database is compared with. */
export function replayedMigrations({ replayed }: Verification): string {
  return countOf(replayed ?? 0, 'applied migration');
}

/** In what way an object differs. */
export function differenceOf({ expected, actual }: Verification['differences'][number]): string {
  if (expected === null) return 'unexpected';
  return actual === null ? 'missing' : 'different';
}

/** What to do about drift, and the command that writes the fix to a file. */
export function driftAdvice(): { texts: string[]; command: string } {
  return {
    texts: [
      'If the database is right, write a migration that makes the change.',
      'If the migrations are right, review these statements, then run them. knexward does not run them. All of them in one file, in order:',
    ],
    command: commandLine('verify', '--fix-script', 'fix.sql'),
  };
}
