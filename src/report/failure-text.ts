import { calledFrom, commandLine } from '../command-line.js';
import { relative } from 'node:path';
import { isRefusal, type MigrationFailure, ownHint } from '../failure/failure.js';
import { type RunResult } from '../run/result.js';
import { printable } from '../printable.js';
import { countOf } from '../count.js';
import { excerptOf, type StatementPlace } from './excerpt.js';
import { type Colors } from './output.js';

/** A failed migration as a page of a manual: what, where, why, and what to do next. */
export function renderFailure(result: RunResult, failure: MigrationFailure, c: Colors): string {
  const verb = result.direction === 'up' ? 'failed' : 'could not be reverted';
  const outcome = isStopped(failure) ? 'was stopped' : verb;
  const { sqlstate, detail, statement, cause, fix, page } = failure;
  const row = (label: string, value: string | null): string[] =>
    value ? [`  ${c.dim(label)}${' '.repeat(LABEL_WIDTH - label.length)}${indented(value)}`] : [];
  const told = [
    `${c.red(failure.code)} ${c.bold(failure.name)} ${outcome}`,
    `  ${indented(failure.message)}`,
    ...row('SQLSTATE', sqlstate),
    ...row('detail', detail),
    ...row('hint', serversHint(failure)),
    ...row('at', placeOf(failure)),
    ...row('statement', statement && excerptOf(placeInStatement(failure, statement)).join('\n')),
    ...row('cause', cause),
    ...row('fix', fix),
    ...row('with it', sentWithIt(failure)),
    ...row('not reached', result.notReached.join(', ')),
    ...row('next', nextStep(result, failure)),
    ...row('page', page),
  ];
  return told.map((line) => `${line}\n`).join('');
}

const LABEL_WIDTH = 12;

function indented(text: string): string {
  // A line break of a name is none of the text's.
  return printable(text).replace(/\n/g, `\n${' '.repeat(LABEL_WIDTH + 2)}`);
}

function placeOf({ file, line }: MigrationFailure): string | null {
  if (file === null) return null;
  return `${relative(calledFrom(), file)}${line === null ? '' : `:${line}`}`;
}

function placeInStatement({ file, position }: MigrationFailure, statement: string): StatementPlace {
  return { statement, position, isFile: file?.endsWith('.sql') ?? false };
}

/** The server's own hint; where there is none, ours stands in its place and is shown as such. */
function serversHint({ hint, cause, fix }: MigrationFailure): string | null {
  return hint === fix || hint === ownHint({ cause: cause ?? '', fix: fix ?? '' }) ? null : hint;
}

/** Nothing is wrong with the migration itself. */
function isStopped({ code }: MigrationFailure): boolean {
  return code === 'INTERRUPTED' || code === 'LOCK_LOST';
}

function nextStep(result: RunResult, failure: MigrationFailure): string {
  const { leftovers, fix } = failure;
  const before = result.done.length;
  const change = result.direction === 'up' ? 'applied' : 'reverted';
  const kept =
    before === 0
      ? 'Nothing was changed before it.'
      : `${countOf(before, 'migration')} before it ${before === 1 ? 'stays' : 'stay'} ${change}.`;
  const itself = leftovers ? check(result, failure) : 'It was rolled back.';
  const then = `${fix ? 'Then' : 'Correct the migration and'} run the command again; `;
  return `${kept} ${itself} ${isStopped(failure) ? '' : then}"${commandLine('status')}" shows the state.`;
}

function sentWithIt({ alsoUnknown = [] }: MigrationFailure): string | null {
  if (alsoUnknown.length === 0) return null;
  const [were, them] = alsoUnknown.length === 1 ? ['was', 'it is'] : ['were', 'of them are'];
  const which = alsoUnknown.length === 1 ? 'whether' : 'which';
  return `${alsoUnknown.join(', ')} ${were} sent as well: "${commandLine('status')}" shows ${which} ${them} applied.`;
}

/** What a person checks who has to clean up. Where the server has not said no, the next run asks for the outcome. */
function check({ direction }: RunResult, failure: MigrationFailure): string {
  const { name, endUnknown } = failure;
  const [done, undone] =
    direction === 'up' ? ['--applied', '--reverted'] : ['--reverted', '--applied'];
  const resolve = commandLine('resolve', name, done);
  if (!endUnknown && isRefusal(failure)) {
    return `It did not run in one transaction: check what it left behind, and clean that up first (or say that it is done: "${resolve}").`;
  }
  const look = endUnknown
    ? 'Its outcome is unknown: check whether it took effect'
    : 'It did not run in one transaction: check what it left behind, and clean that up';
  return `${look}. Record the outcome: "${resolve}" if it is done, or "${commandLine('resolve', name, undone)}" if nothing of it is left.`;
}
