import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { findMigrations, type Migration } from '../files/find.js';
import { locateHistory } from '../history/locate.js';
import { tellDatabase } from '../history/find-tables.js';
import { type History, readHistory } from '../history/read.js';
import { planFor } from '../plan/plan.js';
import { appliedOf } from '../replay/applied.js';
import { type BaselineCheck } from '../squash/check.js';
import { openReplayedAndCheck } from '../squash/replay-and-check.js';
import { type Catalog } from '../schema/catalog/model.js';
import { readSchema } from '../schema/read-schema.js';
import { compareCatalogs, type CompareOptions } from '../schema/compare.js';
import { findFixes, type DifferenceWithFix, type Fixes } from '../repair/fixes.js';
import { openReplayed, type ReplayOptions } from '../replay/replay.js';
import { type RoundTrip, tryRoundTrips } from './round-trip.js';
import { findSchemas, type ShadowSchemas } from '../throwaway/schemas.js';
import { readSnapshotFile } from '../snapshot/snapshot.js';

/** How to verify. */
export interface VerifyOptions extends CompareOptions, ReplayOptions {
  onEmbedded?: (folder: string) => void;
  /** Take what is pending up, down and up again as well. */
  roundTrip?: boolean;
  /** Told of each pending migration before it is taken up. */
  onTrip?: (name: string, index: number, total: number) => void;
}

/** How a database differs from what is expected of it: what its applied migrations make, or a file. */
export interface Verification extends Fixes {
  inSync: boolean;
  differences: DifferenceWithFix[];
  /** How many migrations were replayed, and where; `null` where a snapshot says what is expected. */
  replayed: number | null;
  shadow: string | null;
  /** The snapshot's file, where it was compared with one. */
  against: string | null;
  /** Applied, but without a file: what they made is not proven, and may be told as a difference. */
  unreplayable: string[];
  postgres: { expected: number; actual: number };
  /** What became of what is pending; `null` where that was not asked for. */
  roundTrip: RoundTrip[] | null;
  /** Pending, and not tried, because one before it cannot be applied. */
  notTried: string[];
  /** Whether the project's baseline is what a replay gives; `null` where there is none. */
  baseline: BaselineCheck | null;
}

const NO_TRIPS = { roundTrip: null, notTried: [] } satisfies Partial<Verification>;

/**
 * Compares a database with what its applied migrations make: they are replayed, in the order in
 * which they were applied, in a shadow database, and the two catalogs are compared. The database
 * itself is only read; the rights of a role that may connect and read the history are enough.
 *
 * @throws KnexwardError `NOT_ADOPTED`, `NO_SHADOW`, `REPLAY_FAILED`, `SERVER_WIDE_CHANGE`,
 * `INTERRUPTED`
 */
export async function verify(
  given: ResolvedConfig,
  options: VerifyOptions = {},
): Promise<Verification> {
  const database = await readDatabase(given, options);
  const { config, history, schemas, files, pending, catalog: actual } = database;
  const { migrations, unreplayable } = await appliedOf(config, history);
  const { shadow, baseline } = await openReplayedAndCheck(
    ...([config, migrations, files, schemas, options] as const),
  );
  try {
    const expected = await readSchema(shadow.config);
    const { onTrip, signal } = options;
    const reopen = (all: readonly Migration[]) =>
      openReplayed(config, all, schemas, { ...options, onReplay: undefined });
    const trips = options.roundTrip
      ? await tryRoundTrips({ shadow, applied: migrations, pending, reopen, onTrip, signal })
      : NO_TRIPS;
    return {
      ...judge(expected, actual, options),
      ...{ replayed: migrations.length, shadow: shadow.description, against: null, unreplayable },
      ...trips,
      baseline,
    };
  } finally {
    await shadow.close();
  }
}

/**
 * Compares a database with a snapshot, so that nothing is replayed and no history is needed.
 *
 * @param file The snapshot's file, from the project's folder.
 * @throws KnexwardError `SNAPSHOT_FILE` where there is no snapshot, or it cannot be read; `USAGE`
 */
export async function verifyAgainst(
  given: ResolvedConfig,
  file: string,
  options: VerifyOptions = {},
): Promise<Verification> {
  const { name, catalog: expected } = await readSnapshotFile(given.projectRoot, file);
  const session = await openSession(given, sessionOptions(options));
  try {
    const config = await locateHistory(session.client, given);
    await tellDatabase(session.client, config);
    const actual = await readSchema(config, session.client);
    return {
      ...judge(expected, actual, options),
      ...{ replayed: null, shadow: null, against: name, unreplayable: [], ...NO_TRIPS },
      baseline: null,
    };
  } finally {
    await session.close();
  }
}

type Judgement = Pick<Verification, 'inSync' | 'postgres' | keyof Fixes>;

function judge(expected: Catalog, actual: Catalog, options: CompareOptions): Judgement {
  const differences = compareCatalogs(expected, actual, options);
  return {
    inSync: differences.length === 0,
    ...findFixes(expected, actual, differences),
    postgres: { expected: expected.postgres, actual: actual.postgres },
  };
}

function sessionOptions({ onEmbedded }: VerifyOptions): Parameters<typeof openSession>[1] {
  return onEmbedded ? { onEmbedded } : {};
}

interface Database {
  config: ResolvedConfig;
  history: History;
  schemas: ShadowSchemas;
  files: Migration[];
  pending: Migration[];
  catalog: Catalog;
}

async function readDatabase(given: ResolvedConfig, options: VerifyOptions): Promise<Database> {
  const session = await openSession(given, sessionOptions(options));
  try {
    const config = await locateHistory(session.client, given);
    const history = await readHistory(session.client, config);
    // As `up` does: without the whole history there is nothing to compare with.
    const files = await findMigrations(config);
    const plan = planFor({ direction: 'up' }, files, history);
    const catalog = await readSchema(config, session.client);
    const schemas = await findSchemas(session.client, config, history.tables.schema);
    return { config, history, schemas, files, pending: plan.steps, catalog };
  } finally {
    await session.close();
  }
}
