import { KnexwardError } from 'knexward/compat';

/** A migration by db-migrate's name for it. */
export interface Named {
  name: string;
}

/** How far to go, as db-migrate is told. */
export interface Bounds {
  /** A migration's name or the beginning of one. */
  destination?: string | undefined;
  /** At most so many. */
  count?: number | string | undefined;
}

/** Those that have not run. */
export function pendingOf<Migration extends Named>(
  all: readonly Migration[],
  applied: readonly Named[],
): Migration[] {
  const done = new Set(applied.map(({ name }) => name));
  return all.filter(({ name }) => !done.has(name));
}

/**
 * What `up` runs: everything pending up to and including the destination.
 *
 * @param all in the order in which they run
 * @throws KnexwardError `UNKNOWN_MIGRATION` or `USAGE`
 */
export function selectUp<Migration extends Named>(
  all: readonly Migration[],
  applied: readonly Named[],
  { destination, count }: Bounds,
): Migration[] {
  if (destination) refuseUnknown(destination, [...all, ...applied], isAfter);
  return pendingOf(all, applied)
    .filter((migration) => !destination || !isAfter(migration, destination))
    .slice(0, limitOf(count));
}

/**
 * What `down` reverts: everything applied after the destination, which itself stays.
 *
 * @param applied newest first
 * @throws KnexwardError `UNKNOWN_MIGRATION` or `USAGE`
 */
export function selectDown<Migration extends Named>(
  all: readonly Named[],
  applied: readonly Migration[],
  { destination, count }: Bounds,
): Migration[] {
  const isNotAfter = (migration: Named, place: string) => !isAfter(migration, place);
  if (destination) refuseUnknown(destination, [...all, ...applied], isNotAfter);
  return applied
    .filter((migration) => !destination || isAfter(migration, destination))
    .slice(0, limitOf(count));
}

/** Whether `sync` has to go down: the newest that is applied lies after the destination. */
export function liesBehind(applied: readonly Named[], destination: string): boolean {
  const newest = applied[0];
  return newest !== undefined && isAfter(newest, destination);
}

/** db-migrate compares only as many characters as both have. */
function isAfter({ name }: Named, destination: string): boolean {
  const length = Math.min(name.length, destination.length);
  return name.slice(0, length) > destination.slice(0, length);
}

/**
 * A name that no migration has would be no bound at all: db-migrate then runs everything. A moment
 * without a migration is one, as long as it lies among them.
 */
function refuseUnknown(
  destination: string,
  known: readonly Named[],
  isBeyond: (migration: Named, destination: string) => boolean,
): void {
  if (known.length === 0) return;
  const isBound = /^\d{1,14}$/.test(destination)
    ? known.some((migration) => isBeyond(migration, destination))
    : false;
  const fits = ({ name }: Named) => name.startsWith(destination) || destination.startsWith(name);
  if (isBound || known.some(fits)) return;
  throw new KnexwardError('UNKNOWN_MIGRATION', {
    message: `There is no migration "${destination}". Nothing was changed.`,
    fix: 'Give a name, or the beginning of one, as "db-migrate check" shows them; without a name up runs all of them, and reset reverts all.',
  });
}

function limitOf(count: number | string | undefined): number {
  if (count === undefined || count === '') return Infinity;
  const limit = Number(count);
  if (Number.isInteger(limit) && limit >= 0) return limit;
  throw new KnexwardError('USAGE', {
    message: `"${count}" is no number of migrations (--count). Nothing was changed.`,
    fix: 'Give a whole number, 0 or more.',
  });
}
