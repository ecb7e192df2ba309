import { type Status } from '../plan/status.js';
import { countOf } from '../count.js';
import { batchesAndTimes, FEW, firstOf, type Listing, NEWEST, TO_COME } from './long-list.js';
import { type Colors } from './output.js';
import { pagesOf } from './pages-text.js';
import { tableOf } from './table.js';

/** The status as text. Of many that are applied, only the newest are listed unless all are wanted. */
export function renderStatus(status: Status, c: Colors, listing: Listing): string {
  return [
    ...renderApplied(status, c, listing),
    ...renderPending(status, c, listing),
    ...renderProblems(status, c),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function renderApplied({ applied }: Status, c: Colors, listing: Listing): string[] {
  const old = applied.filter(({ origin }) => origin === 'db-migrate').length;
  const from = old > 0 ? ` (${old} of them from db-migrate)` : '';
  const shown = listing.verbose || applied.length <= FEW ? applied : applied.slice(-NEWEST);
  const hidden = applied.length - shown.length;
  const times = batchesAndTimes(shown, listing);
  const rows = shown.map(({ name }, index) => [name, times[index] ?? '']);
  const lines = tableOf(rows, (cell, column) => (column === 0 ? cell : c.dim(cell)));
  return [
    `Found ${countOf(applied.length, 'applied migration')}${from}${applied.length > 0 ? ':' : ''}`,
    ...(hidden > 0 ? [c.dim(`  … ${hidden} earlier ones; --verbose lists them`)] : []),
    ...lines.map((line) => `  ${c.green('✓')} ${line}`),
  ];
}

function renderPending({ pending, upToDate }: Status, c: Colors, { verbose }: Listing): string[] {
  if (upToDate) return ['Already up to date'];
  // A problem below stands in the way of up.
  if (pending.length === 0) return ['Found 0 pending migrations'];
  const names = pending.map(({ name }) => `  ${c.yellow(name)}`);
  return [
    `Found ${countOf(pending.length, 'pending migration')}:`,
    ...firstOf(names, TO_COME, verbose),
  ];
}

function renderProblems({ problems }: Status, c: Colors): string[] {
  if (problems.length === 0) return [];
  return [
    `Found ${countOf(problems.length, 'problem')}:`,
    ...problems.flatMap(({ code, migration, message, fix }) => [
      `  ${c.red('!')} ${code}${migration === null ? '' : ` ${migration}`}: ${message}`,
      `    ${c.dim(fix)}`,
    ]),
    ...pagesOf(problems, c),
  ];
}
