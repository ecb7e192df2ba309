/*
 * Times without a zone, as milliseconds that a clock in UTC would show so. Only for comparing zones
 * with each other: what becomes of a row is for the server to say.
 */

const formats = new Map<string, Intl.DateTimeFormat>();

/** What a clock in the zone shows at a moment. */
export function clockAt(moment: number, timeZone: string): number {
  const part = new Map(
    formatOf(timeZone)
      .formatToParts(moment)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const of = (type: Intl.DateTimeFormatPartTypes): number => part.get(type) ?? 0;
  const shown = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'));
  return shown + of('second') * 1000 + (((moment % 1000) + 1000) % 1000);
}

/**
 * The moment at which a clock in the zone shows this time. Of a time that comes twice, one of the
 * two; of one that does not exist, a moment at most a change of the clocks away.
 */
export function momentOfClock(shown: number, timeZone: string): number {
  const near = shown - (clockAt(shown, timeZone) - shown);
  return shown - (clockAt(near, timeZone) - near);
}

/** Making one takes a while: each zone's is kept. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-u-ca-iso8601', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  formats.set(timeZone, format);
  return format;
}
