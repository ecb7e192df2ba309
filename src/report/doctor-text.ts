import { type Check, type CheckStatus } from '../doctor/check.js';
import { type Diagnosis } from '../doctor/diagnose.js';
import { countOf } from '../count.js';
import { type Colors } from './output.js';

const MARKS: Record<CheckStatus, (c: Colors) => string> = {
  green: (c) => c.green('✓'),
  yellow: (c) => c.yellow('!'),
  red: (c) => c.red('✗'),
};

/**
 * What doctor found: what may hurt, then what is wrong, then how much of each.
 *
 * @param verbose also list the checks that passed
 */
export function renderDiagnosis({ checks }: Diagnosis, c: Colors, verbose = false): string {
  const of = (status: CheckStatus): Check[] => checks.filter((check) => check.status === status);
  const counts = [
    `${countOf(of('green').length, 'check')} passed`,
    ...(of('yellow').length > 0 ? [countOf(of('yellow').length, 'warning')] : []),
    ...(of('red').length > 0 ? [countOf(of('red').length, 'error')] : []),
  ];
  return [
    ...(verbose ? of('green') : []).map(
      ({ code, message }) => `  ${MARKS.green(c)} ${code} ${c.dim(message)}`,
    ),
    ...of('yellow').flatMap((check) => renderFinding(check, c)),
    ...of('red').flatMap((check) => renderFinding(check, c)),
    counts.join(', '),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function renderFinding({ code, status, message, fix }: Check, c: Colors): string[] {
  return [`  ${MARKS[status](c)} ${code} ${message}`, ...(fix === null ? [] : [`      ${fix}`])];
}
