import { closestZone, type DatedRow, type Fit, fitOf, tellingRows } from './closest.js';

/** Why a zone may be the one that db-migrate's times are in. */
export type Reason = 'kept' | 'machine' | 'server' | 'utc' | 'closest';

/** A zone that db-migrate's times may be in. */
export interface Candidate {
  timeZone: string;
  reasons: Reason[];
  /** How many rows it puts close to the dates of their files, where that is what speaks for it. */
  fit: Fit | null;
}

/** What the candidates come from. A zone that is not known is `null`. */
export interface ZoneSources {
  /** The answer that was given for another environment. */
  kept: string | null;
  machine: string;
  server: string | null;
  /** In the order in which they were applied. */
  rows: readonly DatedRow[];
}

/** Of zones with the same clocks, the one that most readers know stands for the others. */
const WELL_KNOWN = [
  ...['Europe/London', 'Europe/Berlin', 'Europe/Helsinki', 'Europe/Istanbul', 'Europe/Moscow'],
  ...['America/New_York', 'America/Chicago', 'America/Denver', 'America/Los_Angeles'],
  ...['America/Phoenix', 'America/Toronto', 'America/Bogota', 'America/Sao_Paulo'],
  ...['America/Argentina/Buenos_Aires', 'Africa/Lagos', 'Africa/Johannesburg', 'Africa/Nairobi'],
  ...['Asia/Dubai', 'Asia/Karachi', 'Asia/Kolkata', 'Asia/Dhaka', 'Asia/Bangkok'],
  ...['Asia/Shanghai', 'Asia/Singapore', 'Asia/Tokyo', 'Asia/Seoul'],
  ...['Australia/Sydney', 'Pacific/Auckland'],
];

/**
 * The zones that the times may be in, in the order in which they are offered: what was answered
 * before, this machine's, the server's, UTC, and the one that the dates of the files speak for. That
 * one is a zone of its own only where none of the others fits half as well. Pure.
 */
export function candidatesOf({ kept, machine, server, rows }: ZoneSources): Candidate[] {
  const candidates = new Map<string, Candidate>();
  const add = (timeZone: string | null, reason: Reason, fit: Fit | null = null): void => {
    if (timeZone === null) return;
    const { reasons = [] } = candidates.get(timeZone) ?? {};
    candidates.set(timeZone, { timeZone, reasons: [...reasons, reason], fit });
  };
  add(kept, 'kept');
  add(machine, 'machine');
  add(server, 'server');
  add('UTC', 'utc');
  const known = [...candidates.keys()];
  const closest = closestAmong(rows, known);
  if (closest) add(closest.timeZone, 'closest', closest);
  return [...candidates.values()];
}

function closestAmong(rows: readonly DatedRow[], known: readonly string[]): Fit | null {
  const telling = tellingRows(rows);
  if (telling.length === 0) return null;
  const all = [...known, ...WELL_KNOWN, ...Intl.supportedValuesOf('timeZone')];
  const closest = closestZone(telling, all);
  if (closest === null || known.includes(closest.timeZone)) return closest;
  const best = known
    .map((timeZone) => fitOf(telling, timeZone))
    .reduce((one, other) => (other.close > one.close ? other : one));
  if (best.close * 2 < closest.close) return closest;
  return closestZone(telling, known);
}

/** A candidate, and what the server makes of the times in its zone. */
export interface Reading extends Candidate {
  /** The newest row's moment, in ISO 8601. */
  newest: string;
  /** How many times do not exist in the zone, because clocks were put forward. */
  impossible: number;
  /** How many times are still to come in the zone. */
  future: number;
  /** The same for two zones where they give the same moments for every row. */
  fingerprint: string;
}

/** One for all candidates that give the same moments: the first, with the reasons of all. Pure. */
export function distinctReadings(readings: readonly Reading[]): Reading[] {
  const distinct = new Map<string, Reading>();
  for (const reading of readings) {
    const same = distinct.get(reading.fingerprint);
    if (same === undefined) distinct.set(reading.fingerprint, reading);
    else {
      const reasons = [...same.reasons, ...reading.reasons];
      distinct.set(reading.fingerprint, { ...same, reasons, fit: same.fit ?? reading.fit });
    }
  }
  return [...distinct.values()];
}

/**
 * The reading that is marked: the one that the dates of the files speak for; else the first whose
 * times are all possible and past; else the first. Pure.
 */
export function defaultReading<Each extends Reading>(readings: readonly Each[]): Each | undefined {
  return (
    readings.find(({ reasons }) => reasons.includes('closest')) ??
    readings.find(({ impossible, future }) => impossible + future === 0) ??
    readings[0]
  );
}

/**
 * The zone that goes without saying: all readings are the same, or one was answered before and the
 * dates of the files do not speak for another. `null` where it is a question. Pure.
 */
export function settledReading(readings: readonly Reading[]): Reading | null {
  const [first] = readings;
  if (first === undefined) return null;
  if (readings.length === 1) return first;
  const kept = readings.find(({ reasons }) => reasons.includes('kept'));
  if (kept === undefined || kept.impossible + kept.future > 0) return null;
  const closest = readings.find(({ reasons }) => reasons.includes('closest'));
  return closest === undefined || closest === kept ? kept : null;
}
