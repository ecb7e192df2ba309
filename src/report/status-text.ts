import { type Status } from '../plan/status.js';
import { type Colors } from './output.js';
import { pagesOf } from './pages-text.js';

/** How many applied migrations a person on a terminal is shown without `--all`. */
const SHOWN_ON_TERMINAL = 10;

/** The status as text. Where `abridged`, only the newest of the applied are listed. */
export function renderStatus(status: Status, c: Colors, abridged: boolean): string {
  return [
    ...renderApplied(status, c, abridged),
    ...renderPending(status, c),
    ...renderProblems(status, c),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function renderApplied({ applied }: Status, c: Colors, abridged: boolean): string[] {
  const old = applied.filter(({ origin }) => origin === 'db-migrate').length;
  const from = old > 0 ? ` (${old} of them from db-migrate)` : '';
  const shown = abridged ? applied.slice(-SHOWN_ON_TERMINAL) : applied;
  const hidden = applied.length - shown.length;
  return [
    `Found ${applied.length} applied migrations${from}${applied.length > 0 ? ':' : ''}`,
    ...(hidden > 0 ? [c.dim(`  … ${hidden} earlier ones; --all shows them`)] : []),
    ...shown.map(
      ({ name, batch, appliedAt }) =>
        `  ${c.green('✓')} ${name}  ${c.dim(`batch ${batch}, ${appliedAt ?? 'no time kept'}`)}`,
    ),
  ];
}

function renderPending({ pending }: Status, c: Colors): string[] {
  if (pending.length === 0) return ['Already up to date'];
  return [
    `Found ${pending.length} pending migrations:`,
    ...pending.map(({ name }) => `  ${c.yellow(name)}`),
  ];
}

function renderProblems({ problems }: Status, c: Colors): string[] {
  if (problems.length === 0) return [];
  return [
    `Found ${problems.length} problems:`,
    ...problems.flatMap(({ code, migration, message, fix }) => [
      `  ${c.red('!')} ${code}${migration === null ? '' : ` ${migration}`}: ${message}`,
      `    ${c.dim(fix)}`,
    ]),
    ...pagesOf(problems, c),
  ];
}
