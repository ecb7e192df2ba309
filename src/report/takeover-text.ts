import { commandLine } from '../command-line.js';
import { type Finish, type TableMove } from '../adopt/phases/finish.js';
import { type Undo } from '../adopt/phases/undo.js';
import { renderFiles, renderWarnings } from './adopt-text.js';
import { FEW } from './long-list.js';
import { type Colors } from './output.js';

/** What finishing a takeover would do. */
export function renderFinishPlan({ tables }: Finish): string {
  if (tables.length === 0) return '';
  return textOf([
    'Tables:',
    ...tables.map(renderMove),
    'From then on db-migrate stops with an error, so no instance of an old release may be running,',
    `and you cannot roll back to one. To go back to db-migrate: ${commandLine('adopt', '--undo')}`,
  ]);
}

/** What finishing a takeover did. */
export function renderFinish({ tables, dryRun }: Finish): string {
  if (tables.length === 0)
    return "Nothing to do: db-migrate's table does not exist, or the takeover is finished.\n";
  if (dryRun) return 'Dry run: nothing was changed.\n';
  return "Finished: db-migrate's table is kept under its new name, and only knexward runs migrations.\n";
}

/** What going back would do: each table, each row, each file, each warning. */
export function renderUndoPlan(undo: Undo, c: Colors): string {
  const { tables, rows, files } = undo;
  return textOf([
    ...(tables.length > 0 ? ['Tables:', ...tables.map(renderMove)] : []),
    ...renderRows("Added to db-migrate's table (applied since)", '+', rows.added),
    ...renderRows("Removed from db-migrate's table (reverted since)", '-', rows.removed),
    ...(files.length > 0 ? renderFiles(files, c) : []),
    ...renderWarnings(undo.warnings, c),
  ]);
}

/** What going back did, and what to do next. */
export function renderUndo({ tables, files, dryRun }: Undo): string {
  const changed = files.some(({ apply }) => apply);
  if (tables.length === 0 && !changed) return 'Nothing to do: the project uses db-migrate.\n';
  if (dryRun) return 'Dry run: nothing was changed.\n';
  return textOf([
    ...(tables.length > 0
      ? [
          "Undone: db-migrate's table has the history again; Knex's tables are kept under other names.",
        ]
      : []),
    ...(changed
      ? [
          'Next:',
          '  npm install db-migrate db-migrate-pg',
          '  In every other environment, before you deploy these files: the same with --database-only',
        ]
      : []),
    `To move to Knex again: ${commandLine('adopt')}`,
  ]);
}

function renderMove({ from, to }: TableMove): string {
  return `  ${from} → ${to}`;
}

function renderRows(heading: string, sign: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const hidden = names.length - FEW;
  return [
    `${heading}:`,
    ...names.slice(0, FEW).map((name) => `  ${sign} ${name}`),
    ...(hidden > 0 ? [`  … and ${hidden} more; --json shows them all`] : []),
  ];
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
