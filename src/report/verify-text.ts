import { commandLine, shellWord } from '../command-line.js';
import { type Verification } from '../verify/verify.js';
import { countOf } from '../count.js';
import { type Colors } from './output.js';
import { renderBaselineCheck } from './baseline-text.js';
import { renderRoundTrips } from './round-trip-text.js';
import { renderDifferenceWithFix } from './snapshot-text.js';

/** How a database differs from what is expected of it, how to fix that, and what is left open. */
export function renderVerification(
  verification: Verification & { fixScriptFile: string | null },
  c: Colors,
): string {
  const { inSync, differences, unreplayable } = verification;
  const source = sourceOf(verification);
  const lines = [
    ...(inSync
      ? [
          verification.against
            ? `The database matches ${source}`
            : `The database matches its ${countOf(verification.replayed ?? 0, 'applied migration')}`,
        ]
      : [
          `Found ${countOf(differences.length, 'difference')} between ${verification.against ? '' : 'the '}${source} and the database:`,
          ...differences.flatMap((difference) => renderDifferenceWithFix(difference, c)),
          ...advice(verification),
        ]),
    ...(unreplayable.length > 0
      ? [
          `Not proven: ${countOf(unreplayable.length, 'applied migration has', 'applied migrations have')} no file to replay.`,
          ...unreplayable.map((name) => `  ${c.yellow('!')} ${name}`),
        ]
      : []),
    ...versions(verification),
    ...renderRoundTrips(verification, c),
    ...(verification.baseline ? renderBaselineCheck(verification.baseline, c) : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function sourceOf({ against, replayed }: Verification): string {
  return against ?? countOf(replayed ?? 0, 'applied migration');
}

const LEGEND = '  + unexpected, - missing, ~ different';

function advice({
  against,
  fixScriptFile,
  singleTransaction,
}: Verification & { fixScriptFile: string | null }): string[] {
  return [
    LEGEND,
    against
      ? `  If the database is right, update the snapshot and commit it: ${commandLine('snapshot', against)}`
      : '  If the database is right, write a migration that makes the change.',
    `  If ${against ? `${against} is` : 'the migrations are'} right, run the statements above to fix the database. knexward does not run them.`,
    fixScriptFile
      ? `  ${fixScriptFile} written: all of them, in order. Review it, then run: psql ${singleTransaction ? '--single-transaction ' : ''}-v ON_ERROR_STOP=1 -f ${shellWord(fixScriptFile)}`
      : `  All of them in one file, in order: ${commandLine('verify', ...(against ? ['--against', against] : []), '--fix-script', 'fix.sql')}`,
  ];
}

function versions({ against, postgres }: Verification): string[] {
  const { expected, actual } = postgres;
  if (expected === actual) return [];
  const source = against ? 'The snapshot was taken from' : 'The replay ran on';
  return [
    `${source} PostgreSQL ${expected}, the database is on ${actual}: these versions print some definitions differently.`,
  ];
}
