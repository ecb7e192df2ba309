import { checkTimeZone } from '../adopt/inspect-database.js';
import { type TimeZoneQuestion, timeZoneRequired } from '../adopt/time-zone/decide.js';
import { KnexwardError } from '../errors.js';
import { ask, type Output } from '../report/output.js';
import { renderTimeZones } from '../report/time-zone-text.js';
import { type AdoptOptions } from './adopt.js';

/**
 * Asks in which zone db-migrate's times are, until the answer is one.
 *
 * @throws KnexwardError `TIME_ZONE_REQUIRED` where nobody can be asked, or is not to be;
 * `CONFIRMATION_REQUIRED` where nobody answered
 */
export async function chooseTimeZone(
  output: Output,
  question: TimeZoneQuestion,
  options: AdoptOptions,
): Promise<string> {
  if (!output.canAsk || options.yes) throw timeZoneRequired(question, ...wordsOf(options));
  output.line(renderTimeZones(question, output.colors).trimEnd());
  const { readings, marked } = question;
  const number = readings.indexOf(marked) + 1;
  for (;;) {
    const answer = await ask(`Which time zone? Enter its number or its name: [${number}] `);
    if (answer === null) throw nobodyAnswered();
    const chosen = zoneOf(answer.trim(), question);
    if (typeof chosen === 'string') return chosen;
    output.line(`${chosen.message} ${chosen.fix}`);
  }
}

/** An empty answer is the marked one. */
function zoneOf(answer: string, { readings, marked }: TimeZoneQuestion): string | KnexwardError {
  if (answer === '') return marked.timeZone;
  const numbered = /^\d+$/.test(answer) ? readings[Number(answer) - 1] : undefined;
  if (numbered) return numbered.timeZone;
  try {
    return checkTimeZone(answer);
  } catch (error) {
    if (error instanceof KnexwardError) return error;
    throw error;
  }
}

function nobodyAnswered(): KnexwardError {
  return new KnexwardError('CONFIRMATION_REQUIRED', {
    message: 'No time zone was chosen. Nothing was changed.',
    fix: 'Run the command again when you know it, or give --time-zone.',
  });
}

/** What the command was called with, to call it again. */
function wordsOf(options: AdoptOptions): string[] {
  const { config, migrationsDir, table, schema, databaseOnly, verify, dryRun, yes, json } = options;
  const { verbose, rewriteCallers } = options;
  const named = { '--config': config, '--migrations-dir': migrationsDir, '--table': table };
  return [
    ...Object.entries({ ...named, '--schema': schema }).flatMap(([flag, value]) =>
      value === undefined ? [] : [flag, value],
    ),
    ...(databaseOnly ? ['--database-only'] : []),
    ...(rewriteCallers ? ['--rewrite-callers'] : []),
    ...(verify ? ['--verify'] : []),
    ...(dryRun ? ['--dry-run'] : []),
    ...(verbose ? ['--verbose'] : []),
    ...(yes ? ['--yes'] : []),
    ...(json ? ['--json'] : []),
  ];
}
