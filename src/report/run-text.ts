import { relative } from 'node:path';
import { type Plan } from '../plan/plan.js';
import { type MigrationFailure } from '../run/failure.js';
import { type RunResult } from '../run/result.js';
import { type Colors } from './output.js';

/** The lines that end `up` and `down`: the ones that Knex's own command line has. */
export function renderRun(result: RunResult): string {
  const { direction, batch, done, failed, dryRun, notReached } = result;
  if (dryRun && batch !== null) return renderDryRun(direction, notReached);
  if (done.length === 0 && failed) return '';
  if (done.length === 0) {
    return direction === 'up' ? 'Already up to date\n' : 'Already at the base schema version\n';
  }
  const verb = direction === 'up' ? 'run' : 'rolled back';
  return `Batch ${batch ?? ''} ${verb}: ${done.length} migrations\n`;
}

function renderDryRun(direction: 'up' | 'down', names: readonly string[]): string {
  const heading =
    direction === 'up'
      ? `Found ${names.length} pending migrations:`
      : `Would roll back ${names.length} migrations:`;
  return lines([heading, ...names.map((name) => `  ${name}`), 'Dry run: nothing was changed.']);
}

/** What a person is asked before migrations are reverted in production. */
export function renderDownQuestion(plan: Plan): string {
  const names = plan.steps.map(({ name }) => name);
  const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ', …' : '');
  return `This is production. Revert ${names.length} migrations (${shown})? Data may be lost.`;
}

/** A failed migration as a page of a manual: what, where, why, and what to do next. */
export function renderFailure(result: RunResult, failure: MigrationFailure, c: Colors): string {
  const verb = result.direction === 'up' ? 'failed' : 'could not be reverted';
  const place = failure.file === null ? null : relative(process.cwd(), failure.file);
  return lines([
    `${c.red(failure.code)} ${c.bold(failure.name)} ${verb}`,
    `  ${failure.message}`,
    ...(failure.sqlstate ? [`  ${c.dim('SQLSTATE')}    ${failure.sqlstate}`] : []),
    ...(place === null
      ? []
      : [`  ${c.dim('at')}          ${place}${failure.line === null ? '' : `:${failure.line}`}`]),
    ...(failure.statement ? [`  ${c.dim('statement')}   ${excerpt(failure.statement)}`] : []),
    ...(failure.hint ? [`  ${c.dim('hint')}        ${failure.hint}`] : []),
    ...(result.notReached.length > 0
      ? [`  ${c.dim('not reached')} ${result.notReached.join(', ')}`]
      : []),
    `  ${c.dim('next')}        ${nextStep(result, failure)}`,
  ]);
}

function nextStep(result: RunResult, { leftovers }: MigrationFailure): string {
  const before = result.done.length;
  const kept =
    before === 0 ? 'Nothing before it was changed.' : `${before} before it stay as they are.`;
  const itself = leftovers
    ? 'It did not run in one transaction: see what it left behind, and clean up first (or say with "knexward resolve" that it is done).'
    : 'It left no trace of itself.';
  return `${kept} ${itself} Correct the migration and run the command again; "knexward status" shows where things stand.`;
}

const EXCERPT_LENGTH = 600;

function excerpt(statement: string): string {
  const text = statement.trim().replace(/\n/g, '\n              ');
  return text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH)} …` : text;
}

function lines(list: readonly string[]): string {
  return list.map((line) => `${line}\n`).join('');
}
