import { countOf } from '../count.js';
import { type InitPlan } from '../init/decide.js';

const FOUND: Record<InitPlan['kind'], string> = {
  adopt: 'This project uses db-migrate',
  check: 'This project uses Knex',
  create: 'A new project',
};

/** What `init` found, and what it would write. */
export function renderInitPlan({ kind, because, files, notes }: InitPlan): string {
  return [
    `${FOUND[kind]} (${because}).`,
    ...(files.length > 0 ? ['Files:'] : []),
    ...files.flatMap(({ path, action, told }) => [
      `  ${action} ${path}`,
      ...told.map((line) => `    ${line}`),
    ]),
    ...notes.map((note) => `  ! ${note}`),
  ].join('\n');
}

/** What became of it, and the commands to run next. */
export function renderInitOutcome({ kind, files, next }: InitPlan, dryRun: boolean): string {
  const done = dryRun
    ? 'Dry run: nothing was changed.'
    : files.length > 0
      ? `Wrote ${countOf(files.length, 'file')}.`
      : 'Nothing was changed.';
  const heading = kind === 'adopt' ? 'To move the project to Knex:' : 'Next:';
  return [done, heading, ...next.map((line) => `  ${line}`)].map((line) => `${line}\n`).join('');
}
