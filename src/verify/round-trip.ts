import { type ResolvedConfig } from '../config/resolve.js';
import { type Migration } from '../files/find.js';
import { loadMigration } from '../files/load.js';
import { type MigrationFailure } from '../failure/failure.js';
import { throwIfStopped } from '../replay/stopped.js';
import { run } from '../run/run.js';
import { errorOf } from '../failure/thrown.js';
import { type Catalog } from '../schema/catalog/model.js';
import { readSchema } from '../schema/read-schema.js';
import { compareCatalogs, type Difference } from '../schema/compare.js';
import { type Shadow } from '../throwaway/shadow.js';

/** At which of the three steps a migration failed. */
export type RoundTripStep = 'up' | 'down' | 'up again';

/** What became of one pending migration on its way up, down, and up again. */
export interface RoundTrip {
  name: string;
  /** `false` where it has no `down`, or one that says by an error of its own that there is no way. */
  reversible: boolean;
  /** What is not after `down` as it was before `up`. */
  forgotten: Difference[];
  /** What the second `up` leaves otherwise than the first. */
  changed: Difference[];
  failed: (MigrationFailure & { step: RoundTripStep }) | null;
}

/** The round trips of what is pending. */
export interface RoundTrips {
  roundTrip: RoundTrip[];
  /** What comes after a migration that cannot be applied. */
  notTried: string[];
}

/** What a round trip starts from. */
export interface RoundTripRequest {
  /** A shadow in the state in which the pending migrations would find the database. */
  shadow: Shadow;
  /** What is applied in it, and what is pending. */
  applied: readonly Migration[];
  pending: readonly Migration[];
  /** Opens another shadow, in which these are applied. */
  reopen: (migrations: readonly Migration[]) => Promise<Shadow>;
  onTrip?: ((name: string, index: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Takes each pending migration up, down and up again, in the shadow, and compares what there is
 * after each step. One that did not come back as it should is not where the next can start:
 * that one gets a shadow of its own.
 *
 * @throws KnexwardError `INTERRUPTED`, `SERVER_WIDE_CHANGE`, and what opening another shadow may throw
 */
export async function tryRoundTrips(request: RoundTripRequest): Promise<RoundTrips> {
  const { applied, pending, reopen, onTrip, signal } = request;
  const roundTrip: RoundTrip[] = [];
  let shadow = request.shadow;
  const leave = async (): Promise<void> => {
    if (shadow !== request.shadow) await shadow.close();
  };
  try {
    for (const [index, migration] of pending.entries()) {
      onTrip?.(migration.name, index, pending.length);
      const trip = await tryRoundTrip(shadow, migration, signal);
      roundTrip.push(trip);
      const next = pending.slice(index + 1);
      if (trip.failed?.step === 'up') return { roundTrip, notTried: next.map(({ name }) => name) };
      if (isSound(trip) || next.length === 0) continue;
      const another = await reopen([...applied, ...pending.slice(0, index + 1)]);
      await leave();
      shadow = another;
    }
    return { roundTrip, notTried: [] };
  } finally {
    await leave();
  }
}

/** Whether nothing is wrong with it. That there is no way down is not wrong. */
export function isSound({ forgotten, changed, failed }: RoundTrip): boolean {
  return forgotten.length === 0 && changed.length === 0 && failed === null;
}

async function tryRoundTrip(
  shadow: Shadow,
  migration: Migration,
  signal: AbortSignal | undefined,
): Promise<RoundTrip> {
  const { name } = migration;
  const { down } = await loadMigration(migration, shadow.config);
  const trip: RoundTrip = {
    ...{ name, reversible: down !== null, forgotten: [], changed: [], failed: null },
  };
  const go = (direction: 'up' | 'down') => runOne(shadow.config, direction, migration, signal);
  const before = await readSchema(shadow.config);
  const up = await go('up');
  if (up) return { ...trip, failed: { ...up, step: 'up' } };
  if (down === null) return trip;
  const after = await readSchema(shadow.config);
  const back = await go('down');
  if (back) {
    // What it did before it said so may be left, where it is not in a transaction.
    const left = compare(after, await readSchema(shadow.config));
    if (saysThereIsNoWay(back) && left.length === 0) return { ...trip, reversible: false };
    return { ...trip, failed: { ...back, step: 'down' } };
  }
  const forgotten = compare(before, await readSchema(shadow.config));
  const again = await go('up');
  if (again) return { ...trip, forgotten, failed: { ...again, step: 'up again' } };
  return { ...trip, forgotten, changed: compare(after, await readSchema(shadow.config)) };
}

/** A column that comes back comes back as the last; no migration can do better. */
function compare(expected: Catalog, actual: Catalog): Difference[] {
  return compareCatalogs(expected, actual, { ignoreColumnOrder: true });
}

async function runOne(
  config: ResolvedConfig,
  direction: 'up' | 'down',
  migration: Migration,
  signal: AbortSignal | undefined,
): Promise<MigrationFailure | null> {
  const { name } = migration;
  const { failed } = await run(config, {
    ...{ direction, extent: { only: [name] }, files: [migration], signal },
  });
  throwIfStopped(failed);
  return failed;
}

/** An error that the migration itself made: the server knows of none, and it is no programmer's slip. */
function saysThereIsNoWay(failed: MigrationFailure): boolean {
  const error = errorOf(failed);
  if (failed.sqlstate !== null || failed.code !== 'MIGRATION_FAILED') return false;
  if (!(error instanceof Error)) return true;
  return error.name === 'Error' && !('code' in error);
}
