import { commandLine } from '../command-line.js';
import { type Adoption } from '../adopt/adopt.js';
import { type FileAction } from '../adopt/file-plan.js';
import { RECORD_FILE } from '../adopt/takeover-record.js';
import { type AdoptedRow, type Warning } from '../adopt/plan.js';
import { countOf } from '../count.js';
import { batchesAndTimes, FEW, type Listing, NEWEST } from './long-list.js';
import { type Colors } from './output.js';
import { pagesOf } from './pages-text.js';
import { renderDifference } from './snapshot-text.js';
import { tableOf } from './table.js';

/** How many rows of the history are made into text at once. */
const ROWS_AT_ONCE = 500;

/** Of many rows, so many odd ones are shown, and as many of the newest. */
const ODD_SHOWN = 10;

/**
 * The plan of a takeover, as text: the rows, each file, each warning. Of many rows a summary, unless
 * all are wanted. In parts, none of which ends its last line, so that a history of thousands need not
 * be in memory as text too.
 */
export function* renderPlan(adoption: Adoption, c: Colors, listing: Listing): Generator<string> {
  yield* renderHistory(adoption, c, listing);
  yield [
    ...renderProof(adoption, c),
    ...renderFiles(adoption.files, c),
    ...renderWarnings(adoption.warnings, c),
  ].join('\n');
}

function* renderHistory(adoption: Adoption, c: Colors, listing: Listing): Generator<string> {
  const { history, source, finished, alreadyAdopted } = adoption;
  if (source === null) {
    yield finished
      ? 'History: the takeover is finished; nothing to copy.'
      : "History: this database has no table of db-migrate's; nothing to copy.";
    return;
  }
  const isLong = !listing.verbose && history.length > FEW;
  const before = alreadyAdopted > 0 ? `, ${alreadyAdopted} copied before` : '';
  const span = isLong ? spanOf(history) : '';
  yield `History: ${countOf(history.length, 'row')} of ${source} to copy${before}${span}`;
  const back = adoption.reverted.map(
    (name) => `  ${c.yellow('-')} ${name}, reverted by db-migrate`,
  );
  if (history.length === 0) return yield* back;
  yield* renderTimeZone(adoption, c);
  const shown = isLong ? worthShowing(history) : history;
  for (let start = 0; start < shown.length; start += ROWS_AT_ONCE) {
    yield rowLines(shown.slice(start, start + ROWS_AT_ONCE), c, listing).join('\n');
  }
  yield* back;
  const hidden = history.length - shown.length;
  if (hidden > 0) yield c.dim(`  … and ${hidden} more; --verbose lists them`);
}

/** From the first day to the last. */
function spanOf(rows: readonly AdoptedRow[]): string {
  const days = rows.map(({ appliedAt }) => appliedAt.slice(0, 10)).sort();
  return `, from ${days[0] ?? ''} to ${days.at(-1) ?? ''}`;
}

/** What is odd, and the newest, in the order of the rows. */
function worthShowing(rows: readonly AdoptedRow[]): AdoptedRow[] {
  const odd = rows.filter((row) => noteOn(row) !== '').slice(0, ODD_SHOWN);
  const shown = new Set([...odd, ...rows.slice(-NEWEST)]);
  return rows.filter((row) => shown.has(row));
}

function rowLines(rows: readonly AdoptedRow[], c: Colors, listing: Listing): string[] {
  const times = batchesAndTimes(rows, listing);
  const cells = rows.map((row, index) => {
    const { from, name } = row;
    // db-migrate's name is the file's, but for the slash and the extension.
    const isUsual = !listing.verbose && from.startsWith('/') && name.startsWith(from.slice(1));
    return [isUsual ? name : `${from} → ${name}`, times[index] ?? '', noteOn(row)];
  });
  const styles = [(cell: string) => cell, c.dim, c.yellow];
  return tableOf(cells, (cell, column) => styles[column]?.(cell) ?? cell).map(
    (line) => `  ${line}`,
  );
}

function noteOn({ file, known, time }: AdoptedRow): string {
  if (!file) return '(no file)';
  if (known) return '(in the history already)';
  if (time === 'impossible') return '(no such time)';
  return time === 'ambiguous' ? '(comes twice)' : '';
}

function* renderTimeZone({ timeZone, timeZoneOrigin }: Adoption, c: Colors): Generator<string> {
  if (timeZoneOrigin === 'zoned') return;
  const because = { kept: `, as ${RECORD_FILE} says`, earlier: ', as before' } as const;
  const told = timeZoneOrigin in because ? because[timeZoneOrigin as keyof typeof because] : '';
  yield `Their times have no time zone; assuming ${c.bold(timeZone)}${told} (change with --time-zone)`;
}

function renderProof({ proof }: Adoption, c: Colors): string[] {
  if (proof === null) return [];
  const { drift, unproven, replayed, shadow, postgres } = proof;
  return [
    drift.length === 0
      ? `Schema: it matches its ${countOf(replayed, 'migration')}, replayed on ${shadow}`
      : `Schema: ${countOf(drift.length, 'difference')} from its ${countOf(replayed, 'migration')}, replayed on ${shadow}:`,
    ...drift.flatMap((difference) => renderDifference(difference, c)),
    ...(unproven.length > 0 ? [`  Not proven, no file: ${unproven.join(', ')}`] : []),
    ...(postgres.expected === postgres.actual
      ? []
      : [`  Replayed on PostgreSQL ${postgres.expected}, the database is on ${postgres.actual}.`]),
  ];
}

/** What becomes of the project's files. */
export function renderFiles(files: readonly FileAction[], c: Colors): string[] {
  if (files.length === 0) return ['Files: no changes'];
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
    return `Nothing to do: ${countOf(alreadyAdopted, 'row was', 'rows were')} copied before.\n`;
  }
  const lines = [
    ...adoption.reverted.map((name) => `${name} was reverted by db-migrate, and is pending.`),
    `Adopted ${countOf(adopted, 'migration')}, each compared with its old row. The old table stays.`,
    ...(changed > 0
      ? [
          'Next:',
          '  npm install knexward knex pg && npm uninstall db-migrate db-migrate-pg',
          `  npx ${commandLine('status')}`,
          '  In every other environment: the same with --database-only',
          ...adoption.otherEnvironments.map(
            (name) => `    npx ${commandLine('adopt', '--database-only', '--env', name)}`,
          ),
          `  In each, once no old release is left: npx ${commandLine('adopt', '--finish', '--env', adoption.environment)}`,
        ]
      : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
