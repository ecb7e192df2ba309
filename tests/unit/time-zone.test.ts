import fc from 'fast-check';
import {
  type Candidate,
  candidatesOf,
  defaultReading,
  distinctReadings,
  type Reading,
  settledReading,
} from '../../src/adopt/time-zone/candidates';
import { closestZone, type DatedRow, distanceOf } from '../../src/adopt/time-zone/closest';
import { clockAt, momentOfClock } from '../../src/adopt/time-zone/local-time';

const ZONES = [
  ...['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Asia/Kathmandu'],
  ...['Australia/Lord_Howe', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'America/St_Johns'],
];
const HOUR = 3_600_000;
const zone = fc.constantFrom(...ZONES);
const moment = fc.integer({ min: Date.UTC(2012, 0, 1), max: Date.UTC(2026, 0, 1) });

/** Rows that ran some minutes after their files were made, on a machine in the zone. */
const rowsIn = (timeZone: string, made: readonly number[], lag: (index: number) => number) =>
  made.map((created, index): DatedRow => {
    const clock = clockAt(created + lag(index), timeZone);
    return { clock, created, committed: null };
  });

describe('a time without a zone', () => {
  it('is the moment at which a clock there shows it, across changes of the clocks', () => {
    fc.assert(
      fc.property(zone, moment, (timeZone, at) => {
        const shown = clockAt(at, timeZone);
        expect(clockAt(momentOfClock(shown, timeZone), timeZone)).toBe(shown);
      }),
    );
  });

  it.each([
    ['Asia/Kolkata', '2015-03-04T05:06:07Z', '2015-03-03T23:36:07.000Z'],
    ['Asia/Kathmandu', '2015-03-04T05:06:07Z', '2015-03-03T23:21:07.000Z'],
    ['Australia/Lord_Howe', '2015-07-04T05:06:07Z', '2015-07-03T18:36:07.000Z'],
    // It does not exist: the clocks went from 2:00 to 3:00.
    ['Europe/Berlin', '2015-03-29T02:30:00Z', /^2015-03-29T0[01]:30:00/],
    // It comes twice.
    ['Europe/Berlin', '2015-10-25T02:30:00Z', /^2015-10-25T0[01]:30:00/],
  ])('%s %s', (timeZone, shown, expected) => {
    const told = new Date(momentOfClock(Date.parse(shown), timeZone)).toISOString();
    expect(told).toMatch(expected);
  });
});

describe('the zone that the dates of the files speak for', () => {
  it('is found again where migrations ran shortly after they were made, and none is closer', () => {
    fc.assert(
      fc.property(
        zone,
        fc.array(moment, { minLength: 3, maxLength: 12 }),
        fc.integer({ min: 0, max: 14 }),
        (timeZone, made, minutes) => {
          const rows = rowsIn(timeZone, made, () => minutes * 60_000);
          const closest = closestZone(rows, ZONES);
          if (closest === null) {
            // An hour that comes twice: the other of the two moments is an hour off.
            const near = rows.filter((row) => distanceOf(row, timeZone) < HOUR).length;
            return expect(near * 2).toBeLessThanOrEqual(rows.length);
          }
          const of = (name: string) => rows.reduce((sum, row) => sum + distanceOf(row, name), 0);
          for (const other of ZONES) {
            expect(of(closest.timeZone)).toBeLessThanOrEqual(of(other));
          }
        },
      ),
    );
  });

  it('half hours and quarters tell zones apart', () => {
    const made = [2015, 2016, 2017, 2018].map((year) => Date.UTC(year, 5, year % 28, 9, 30));
    for (const timeZone of ZONES) {
      const rows = rowsIn(timeZone, made, (index) => (index + 1) * 60_000);
      expect(closestZone(rows, ZONES)).toEqual({ timeZone, close: 4, rows: 4 });
    }
  });

  it('git speaks where the names do not: committed before it ran, or after', () => {
    const rows = [-20, 10, 25].map((minutes, index): DatedRow => {
      const committed = Date.UTC(2018 + index, 3, 4, 5);
      const clock = clockAt(committed + minutes * 60_000, 'Europe/Berlin');
      return { clock, created: Date.UTC(2010, 0, 1), committed };
    });
    expect(closestZone(rows, ZONES)).toMatchObject({ timeZone: 'Europe/Berlin', close: 3 });
  });

  it.each<[string, DatedRow[]]>([
    ['no rows', []],
    ['two rows', rowsIn('Asia/Kolkata', [Date.UTC(2015, 1, 1), Date.UTC(2015, 1, 2)], () => 1000)],
    [
      'rows from long after',
      rowsIn(
        'UTC',
        [1, 2, 3, 4].map((day) => Date.UTC(2015, 0, day)),
        (i) => (i + 9) * 99 * HOUR,
      ),
    ],
    [
      'rows that speak for many zones',
      rowsIn(
        'UTC',
        [1, 2, 3, 4, 5].map((day) => Date.UTC(2015, 0, day)),
        (i) => i * 2.2 * HOUR,
      ),
    ],
    [
      'files without a date',
      [1, 2, 3].map((day) => ({ clock: Date.UTC(2015, 0, day), created: null, committed: null })),
    ],
  ])('%s speak for none', (_, rows) => expect(closestZone(rows, ZONES)).toBeNull());
});

describe('the candidates', () => {
  const sources = { kept: null, machine: 'UTC', server: 'UTC', rows: [] };
  const namesOf = (candidates: Candidate[]) => candidates.map(({ timeZone }) => timeZone);

  it("are this machine's, the server's and UTC, each once, and what was answered before", () => {
    expect(namesOf(candidatesOf(sources))).toEqual(['UTC']);
    fc.assert(
      fc.property(fc.option(zone), zone, fc.option(zone), (kept, machine, server) => {
        const names = namesOf(candidatesOf({ ...sources, kept, machine, server }));
        const wanted = [kept, machine, server, 'UTC'].filter((name) => name !== null);
        expect(names).toEqual([...new Set(wanted)]);
      }),
    );
  });

  it('one more only where the dates of the files contradict the others', () => {
    const made = [2015, 2016, 2017].map((year) => Date.UTC(year, 5, 7, 9, 30));
    const rows = rowsIn('Asia/Kolkata', made, (index) => (index + 1) * 60_000);
    const candidates = candidatesOf({ ...sources, rows });
    expect(candidates).toMatchObject([
      { timeZone: 'UTC', reasons: ['machine', 'server', 'utc'] },
      { timeZone: 'Asia/Kolkata', reasons: ['closest'], fit: { close: 3, rows: 3 } },
    ]);
    const fits = candidatesOf({ ...sources, machine: 'Asia/Kolkata', rows });
    expect(fits[0]).toMatchObject({ timeZone: 'Asia/Kolkata', reasons: ['machine', 'closest'] });
    expect(fits).toHaveLength(2);
  });
});

describe('what the server reads in each zone', () => {
  const reading = (timeZone: string, rest: Partial<Reading> = {}): Reading => ({
    ...{ timeZone, reasons: ['machine'], fit: null, newest: '', impossible: 0, future: 0 },
    ...{ fingerprint: timeZone, ...rest },
  });

  it('is asked about only where moments differ', () => {
    const same = distinctReadings([
      reading('Europe/Berlin', { fingerprint: 'a' }),
      reading('Europe/Paris', { fingerprint: 'a', reasons: ['server'] }),
    ]);
    expect(same).toMatchObject([{ timeZone: 'Europe/Berlin', reasons: ['machine', 'server'] }]);
    expect(settledReading(same)?.timeZone).toBe('Europe/Berlin');
    expect(settledReading([reading('A'), reading('B', { reasons: ['utc'] })])).toBeNull();
    expect(settledReading([])).toBeNull();
  });

  it('marks the one that the files speak for, else the first that is possible', () => {
    const impossible = reading('A', { impossible: 1 });
    const future = reading('B', { future: 1 });
    expect(defaultReading([impossible, future, reading('C'), reading('D')])?.timeZone).toBe('C');
    expect(defaultReading([impossible, future])?.timeZone).toBe('A');
    const closest = reading('D', { reasons: ['closest'] });
    expect(defaultReading([reading('C'), closest])?.timeZone).toBe('D');
  });

  it('an answer that was given before counts, unless this database contradicts it', () => {
    const kept = reading('A', { reasons: ['kept'] });
    const other = reading('B', { reasons: ['machine'] });
    expect(settledReading([kept, other])?.timeZone).toBe('A');
    expect(settledReading([kept, { ...other, reasons: ['closest'] }])).toBeNull();
    expect(settledReading([{ ...kept, reasons: ['kept', 'closest'] }, other])).not.toBeNull();
    expect(settledReading([{ ...kept, future: 1 }, other])).toBeNull();
    expect(settledReading([{ ...kept, impossible: 1 }, other])).toBeNull();
  });
});
