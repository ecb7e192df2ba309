import { momentOfClock } from './local-time.js';

/** When a row says that its migration ran, and what is known of the file; milliseconds. */
export interface DatedRow {
  /** The row's time without a zone, as a clock in UTC would show it. */
  clock: number;
  /** The moment in the file's name: db-migrate writes it in UTC. */
  created: number | null;
  /** The moment of the commit that brought the file. */
  committed: number | null;
}

/** How well a zone fits. */
export interface Fit {
  timeZone: string;
  /** How many rows it puts close to the dates of their files. */
  close: number;
  /** How many rows any zone could. */
  rows: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How far clocks of two machines may be apart. */
const SLACK = 2 * MINUTE;

/** The zones of the world reach so far. */
const [WEST, EAST] = [-12 * HOUR, 14 * HOUR];

/** So many of the newest rows are looked at, and so few tell nothing. */
const LOOKED_AT = 30;
const TOO_FEW = 3;

/**
 * How far a moment is from the dates of the file; an hour where it is near neither. A migration runs
 * after its file was made, often within the hour; it is committed shortly before that or after it.
 * Both spans are an hour long, so that neighbouring zones do not fit alike.
 */
export function distanceOf(row: DatedRow, timeZone: string): number {
  const moment = momentOfClock(row.clock, timeZone);
  const since = row.created === null ? HOUR : moment - row.created;
  const around = row.committed === null ? HOUR : moment - row.committed;
  return Math.min(
    since >= -SLACK && since < HOUR - SLACK ? Math.abs(since) : HOUR,
    around >= -HOUR / 2 && around < HOUR / 2 ? Math.abs(around) : HOUR,
  );
}

/** The newest rows that some zone puts close to the dates of their files. */
export function tellingRows(rows: readonly DatedRow[]): DatedRow[] {
  const reaches = (clock: number, date: number | null): boolean =>
    date !== null && clock - date >= WEST - HOUR / 2 && clock - date < EAST + HOUR;
  return rows
    .filter(({ clock, created, committed }) => reaches(clock, created) || reaches(clock, committed))
    .slice(-LOOKED_AT);
}

/** How well a zone fits rows that tell something. */
export function fitOf(telling: readonly DatedRow[], timeZone: string): Fit {
  const close = telling.filter((row) => distanceOf(row, timeZone) < HOUR).length;
  return { timeZone, close, rows: telling.length };
}

/**
 * The zone that puts the rows closest to the dates of their files; the first of those that are
 * equally close. `null` where that is chance: few rows tell anything, or most contradict. Pure.
 *
 * @param rows in the order in which they were applied
 */
export function closestZone(rows: readonly DatedRow[], zones: readonly string[]): Fit | null {
  const telling = tellingRows(rows);
  if (telling.length < TOO_FEW) return null;
  let best: string | undefined;
  let least = Infinity;
  for (const zone of zones) {
    const distance = telling.reduce((sum, row) => sum + distanceOf(row, zone), 0);
    if (distance >= least) continue;
    [best, least] = [zone, distance];
  }
  if (best === undefined) return null;
  const fit = fitOf(telling, best);
  return fit.close >= TOO_FEW && fit.close * 2 > fit.rows ? fit : null;
}
