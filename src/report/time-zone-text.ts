import { evidenceOn, ownersOf, type TimeZoneQuestion } from '../adopt/time-zone/decide.js';
import { countOf } from '../count.js';
import { type Colors } from './output.js';
import { tableOf } from './table.js';

/** The candidates, each with the newest row as it would read there, and the marked one. */
export function renderTimeZones(question: TimeZoneQuestion, c: Colors): string {
  const { newest, readings, marked } = question;
  const rows = readings.map((reading, index) => [
    `${reading === marked ? '*' : ' '} ${index + 1}`,
    reading.timeZone,
    reading.newest.slice(0, 19).replace('T', ' '),
    ownersOf(reading).join(', '),
  ]);
  return [
    `db-migrate wrote local times without a time zone (${countOf(newest.rows, 'row')}).`,
    `The newest row, ${c.bold(newest.name)}, has ${newest.runOn}. In UTC this is`,
    ...tableOf(rows).flatMap((line, index) => [
      `  ${line}`,
      ...(readings[index] ? evidenceOn(readings[index]) : []).map(
        (said) => `       ${c.dim(said)}`,
      ),
    ]),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
