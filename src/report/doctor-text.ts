import { type Check, type CheckStatus } from '../doctor/check.js';
import { type Diagnosis } from '../doctor/diagnose.js';
import { type Colors } from './output.js';

const MARKS: Record<CheckStatus, (c: Colors) => string> = {
  green: (c) => c.green('✓'),
  yellow: (c) => c.yellow('!'),
  red: (c) => c.red('✗'),
};

/** What doctor found: what is well in short, then what may hurt, then what is wrong. */
export function renderDiagnosis({ checks }: Diagnosis, c: Colors): string {
  const of = (status: CheckStatus): Check[] => checks.filter((check) => check.status === status);
  const counts = `${of('green').length} green, ${of('yellow').length} yellow, ${of('red').length} red`;
  return [
    ...of('green').map(({ code, message }) => `  ${MARKS.green(c)} ${code} ${c.dim(message)}`),
    ...of('yellow').flatMap((check) => renderFinding(check, c)),
    ...of('red').flatMap((check) => renderFinding(check, c)),
    counts,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function renderFinding({ code, status, message, fix }: Check, c: Colors): string[] {
  return [`  ${MARKS[status](c)} ${code} ${message}`, ...(fix === null ? [] : [`      ${fix}`])];
}
