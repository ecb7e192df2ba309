import { reasonsOf, type TimeZoneQuestion } from '../adopt/time-zone/decide.js';
import { countOf } from './count.js';
import { type Colors } from './output.js';
import { tableOf } from './table.js';

/** The candidates, each with the newest row as it would read there, and the marked one. */
export function renderTimeZones(question: TimeZoneQuestion, c: Colors): string {
  const { newest, readings, marked } = question;
  const rows = readings.map((reading, index) => [
    `${reading === marked ? '*' : ' '} ${index + 1}`,
    reading.timeZone,
    reading.newest.slice(0, 19).replace('T', ' '),
    reasonsOf(reading),
  ]);
  return [
    `The times of ${countOf(newest.rows, 'row')} have no zone: each is the local time of the machine that ran db-migrate.`,
    `The newest row, ${c.bold(newest.name)}, has ${newest.runOn}. In UTC that is`,
    ...tableOf(rows).map((line) => `  ${line}`),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
