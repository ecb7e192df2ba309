import { inspect } from 'node:util';
import { KnexwardError } from '../errors.js';

/** A length of time: a number of milliseconds, or a text such as `500ms`, `5s`, `2min`, `1h`. */
export type Duration = number | string;

const UNITS: Record<string, number> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

/**
 * Reads a duration as milliseconds.
 *
 * @throws KnexwardError `KNEXFILE_BROKEN` for anything that is no duration.
 */
export function parseDuration(value: Duration, name: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h)\s*$/.exec(
    typeof value === 'string' ? value : '',
  );
  const unit = UNITS[match?.[2] ?? ''];
  if (match && unit !== undefined) return Number(match[1]) * unit;
  throw new KnexwardError('KNEXFILE_BROKEN', {
    message: `${shown(value)} is no duration (${name}).`,
    fix: 'Write a number of milliseconds, or a text such as 500ms, 5s, 2min or 1h.',
  });
}

/** A value of a configuration, as a message shows it. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : inspect(value, { depth: 1 });
}
