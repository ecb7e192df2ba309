import { commandLine } from '../command-line.js';
import { type Adoption } from '../adopt/adopt.js';
import { type FileAction } from '../adopt/file-plan.js';
import { RECORD_FILE } from '../adopt/takeover-record.js';
import { type Warning } from '../adopt/plan.js';
import { type Colors } from './output.js';
import { pagesOf } from './pages-text.js';
import { renderDifference } from './snapshot-text.js';

const SHOWN_ON_TERMINAL = 10;

/** How many rows of the history are made into text at once. */
const ROWS_AT_ONCE = 500;

/**
 * The plan of a takeover, as text: each row, each file, each warning. In parts, none of which ends
 * its last line, so that a history of thousands need not be in memory as text too.
 */
export function* renderPlan(adoption: Adoption, c: Colors, abridged: boolean): Generator<string> {
  yield* renderHistory(adoption, c, abridged);
  yield [
    ...renderProof(adoption, c),
    ...renderFiles(adoption.files, c),
    ...renderWarnings(adoption.warnings, c),
  ].join('\n');
}

function* renderHistory(adoption: Adoption, c: Colors, abridged: boolean): Generator<string> {
  const { history, source, finished, alreadyAdopted } = adoption;
  if (source === null) {
    yield finished
      ? "History: the takeover is finished, db-migrate's table is set aside; nothing to carry."
      : "History: this database has none of db-migrate's; nothing to carry.";
    return;
  }
  const before = alreadyAdopted > 0 ? `, ${alreadyAdopted} carried over before` : '';
  yield `History: ${history.length} rows of ${source} to carry over${before}`;
  const back = adoption.reverted.map(
    (name) => `  ${c.yellow('-')} ${name}, reverted by db-migrate`,
  );
  if (history.length === 0) return yield* back;
  const shown = abridged ? history.slice(0, SHOWN_ON_TERMINAL) : history;
  const hidden = history.length - shown.length;
  yield* renderTimeZone(adoption, c);
  for (let start = 0; start < shown.length; start += ROWS_AT_ONCE) {
    const lines = shown
      .slice(start, start + ROWS_AT_ONCE)
      .map(
        ({ from, name, batch, appliedAt, file }) =>
          `  ${from} → ${name}  ${c.dim(`batch ${batch}, ${appliedAt}`)}${file ? '' : c.yellow(' (no file)')}`,
      );
    yield lines.join('\n');
  }
  yield* back;
  if (hidden > 0) yield c.dim(`  … and ${hidden} more; --dry-run --json shows them all`);
}

function* renderTimeZone({ timeZone, timeZoneOrigin }: Adoption, c: Colors): Generator<string> {
  if (timeZoneOrigin === 'zoned') return;
  const because = { kept: `, as ${RECORD_FILE} says`, earlier: ', as before' } as const;
  const told = timeZoneOrigin in because ? because[timeZoneOrigin as keyof typeof because] : '';
  yield `Their times have no zone; they are read as ${c.bold(timeZone)}${told}. Another one: --time-zone`;
}

function renderProof({ proof }: Adoption, c: Colors): string[] {
  if (proof === null) return [];
  const { drift, unproven, replayed, shadow, postgres } = proof;
  return [
    drift.length === 0
      ? `Schema: it is what its ${replayed} migrations make, replayed on ${shadow}`
      : `Schema: ${drift.length} differences to what its ${replayed} migrations make, replayed on ${shadow}:`,
    ...drift.flatMap((difference) => renderDifference(difference, c)),
    ...(unproven.length > 0 ? [`  Not proven, no file: ${unproven.join(', ')}`] : []),
    ...(postgres.expected === postgres.actual
      ? []
      : [`  Replayed on PostgreSQL ${postgres.expected}, the database is on ${postgres.actual}.`]),
  ];
}

/** What becomes of the project's files. */
export function renderFiles(files: readonly FileAction[], c: Colors): string[] {
  if (files.length === 0) return ['Files: left as they are'];
  return [
    'Files:',
    ...files.flatMap(({ path, action, notes }) => [
      `  ${c.bold(action)} ${path}`,
      ...notes.map((note) => `    ${c.dim(note)}`),
    ]),
  ];
}

/** What a person should know, and where to read about it. */
export function renderWarnings(warnings: readonly Warning[], c: Colors): string[] {
  if (warnings.length === 0) return [];
  return [
    'Warnings:',
    ...warnings.map(({ code, message }) => `  ${c.yellow('!')} ${code}: ${message}`),
    ...pagesOf(warnings, c),
  ];
}

/** What the takeover did, and what to do next. */
export function renderOutcome(adoption: Adoption): string {
  const { adopted, dryRun, files, alreadyAdopted } = adoption;
  if (dryRun) return 'Dry run: nothing was changed.\n';
  const changed = files.filter(({ apply }) => apply).length;
  if (adopted + adoption.reverted.length + changed === 0) {
    if (adoption.finished) return 'Nothing to do: the takeover is finished.\n';
    return `Nothing to do: ${alreadyAdopted} rows were carried over before.\n`;
  }
  const lines = [
    ...adoption.reverted.map((name) => `${name} was reverted by db-migrate, and is pending.`),
    `Adopted ${adopted} migrations, each compared with its old row; the old table stays.`,
    ...(changed > 0
      ? [
          'Next:',
          '  npm install knexward knex pg && npm uninstall db-migrate db-migrate-pg',
          `  npx ${commandLine('status')}`,
          '  In every other environment: the same with --database-only',
          ...adoption.otherEnvironments.map(
            (name) => `    npx ${commandLine('adopt', '--database-only', '--env', name)}`,
          ),
          `  Once no old release is left, in each: npx ${commandLine('adopt', '--finish', '--env', adoption.environment)}`,
        ]
      : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
