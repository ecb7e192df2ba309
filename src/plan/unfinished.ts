import { commandLine } from '../command-line.js';
import { KnexwardError } from '../errors.js';
import { type UnfinishedEvidence } from '../history/evidence.js';
import { type UnfinishedChange } from '../history/outcomes.js';

/** What is known of a change whose end is not recorded, in one or two sentences. Pure. */
export function describeUnfinished(change: UnfinishedChange, evidence: UnfinishedEvidence): string {
  const { startedAt, actor, statement } = change;
  const { invalidIndexes } = evidence;
  const pid = sessionOf(change, evidence);
  return [
    `started at ${startedAt} by ${actor} outside a transaction; its end is not recorded`,
    ...(statement === null ? [] : [`its last statement: ${shortened(statement)}`]),
    ...(pid === null ? [] : [`the server is still running it (pid ${pid})`]),
    ...(invalidIndexes.length === 0 ? [] : [`invalid indexes: ${invalidIndexes.join(', ')}`]),
  ].join('; ');
}

/** The error that a run stops with where the end of an earlier change is not recorded. */
export function unfinishedError(
  change: UnfinishedChange,
  evidence: UnfinishedEvidence,
): KnexwardError {
  return new KnexwardError('UNFINISHED', {
    message: `${change.name} was ${describeUnfinished(change, evidence)}.`,
    fix: resolveCommand(change, evidence),
  });
}

/** What a person does about it: while the server is at work, wait. */
export function resolveCommand(change: UnfinishedChange, evidence: UnfinishedEvidence): string {
  const applied = commandLine('resolve', change.name, '--applied');
  const reverted = commandLine('resolve', change.name, '--reverted');
  const resolve = `If it took effect: "${applied}". If it did not: "${reverted}".`;
  const pid = sessionOf(change, evidence);
  if (pid !== null) {
    return `Wait until it ends, or cancel it: select pg_cancel_backend(${pid}). ${resolve}`;
  }
  const [index] = evidence.invalidIndexes;
  const look =
    index === undefined
      ? 'Check what it did'
      : `Drop the invalid index first: drop index concurrently ${index}`;
  return `${look}. ${resolve}`;
}

/** The server process that is still busy with the change, or `null`. */
export function sessionOf(
  { runId }: UnfinishedChange,
  evidence: UnfinishedEvidence,
): number | null {
  return evidence.atWork.find((session) => session.runId === runId)?.pid ?? null;
}

const LONGEST = 200;

function shortened(statement: string): string {
  const line = statement.trim().replace(/\s+/g, ' ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST)} …` : line;
}
