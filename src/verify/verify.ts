import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { findMigrations, type Migration } from '../files/find.js';
import { locateHistory } from '../history/locate.js';
import { type History, readHistory } from '../history/read.js';
import { planFor } from '../run/run.js';
import { appliedOf } from './applied.js';
import { type Catalog } from './catalog/model.js';
import { readCatalog } from './catalog/read.js';
import { compareCatalogs, type CompareOptions, type Difference } from './compare.js';
import { openReplayed, type ReplayOptions } from './replay.js';
import { type RoundTrip, tryRoundTrips } from './round-trip.js';
import { findSchemas, type ShadowSchemas } from './shadow/schemas.js';
import { historyTablesOf } from './snapshot/snapshot.js';

/** How to verify. */
export interface VerifyOptions extends CompareOptions, ReplayOptions {
  onEmbedded?: (folder: string) => void;
  /** Take what is pending up, down and up again as well. */
  roundTrip?: boolean;
  /** Told of each pending migration before it is taken up. */
  onTrip?: (name: string, index: number, total: number) => void;
}

/** How a database differs from what its applied migrations make. */
export interface Verification {
  inSync: boolean;
  differences: Difference[];
  /** How many migrations were replayed, and where. */
  replayed: number;
  shadow: string;
  /** Applied, but without a file: what they made is not proven, and may be told as a difference. */
  unreplayable: string[];
  postgres: { expected: number; actual: number };
  /** What became of what is pending; `null` where that was not asked for. */
  roundTrip: RoundTrip[] | null;
  /** Pending, and not tried, because one before it cannot be applied. */
  notTried: string[];
}

/**
 * Compares a database with what its applied migrations make: they are replayed, in the order in
 * which they were applied, in a shadow database, and the two catalogs are compared. The database
 * itself is only read; the rights of a role that may connect and read the history are enough.
 *
 * @throws KnexwardError `NOT_ADOPTED`, `NO_SHADOW`, `REPLAY_FAILED`, `INTERRUPTED`
 */
export async function verify(
  given: ResolvedConfig,
  options: VerifyOptions = {},
): Promise<Verification> {
  const database = await readDatabase(given, options);
  const { config, history, schemas, pending, catalog: actual } = database;
  const { migrations, unreplayable } = await appliedOf(config, history);
  const shadow = await openReplayed(config, migrations, schemas, options);
  try {
    const session = await openSession(shadow.config);
    const expected = await readCatalog(session.client, {
      history: historyTablesOf(config),
    }).finally(() => session.close());
    const differences = compareCatalogs(expected, actual, options);
    const { onTrip, signal } = options;
    const reopen = (all: readonly Migration[]) =>
      openReplayed(config, all, schemas, { ...options, onReplay: undefined });
    const trips = options.roundTrip
      ? await tryRoundTrips({ shadow, applied: migrations, pending, reopen, onTrip, signal })
      : { roundTrip: null, notTried: [] };
    return {
      inSync: differences.length === 0,
      differences,
      ...{ replayed: migrations.length, shadow: shadow.description, unreplayable },
      postgres: { expected: expected.postgres, actual: actual.postgres },
      ...trips,
    };
  } finally {
    await shadow.close();
  }
}

interface Database {
  config: ResolvedConfig;
  history: History;
  schemas: ShadowSchemas;
  pending: Migration[];
  catalog: Catalog;
}

async function readDatabase(
  given: ResolvedConfig,
  { onEmbedded }: VerifyOptions,
): Promise<Database> {
  const session = await openSession(given, onEmbedded ? { onEmbedded } : {});
  try {
    const config = await locateHistory(session.client, given);
    const history = await readHistory(session.client, config);
    // As `up` does: without the whole history there is nothing to compare with.
    const plan = planFor({ direction: 'up' }, await findMigrations(config), history);
    const catalog = await readCatalog(session.client, { history: historyTablesOf(config) });
    const schemas = await findSchemas(session.client, config, history.tables.schema);
    return { config, history, schemas, pending: plan.steps, catalog };
  } finally {
    await session.close();
  }
}
