import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { findMigrations } from '../files/find.js';
import { locateHistory } from '../history/locate.js';
import { type History, readHistory } from '../history/read.js';
import { planFor } from '../run/run.js';
import { appliedOf } from './applied.js';
import { type Catalog } from './catalog/model.js';
import { readCatalog } from './catalog/read.js';
import { compareCatalogs, type CompareOptions, type Difference } from './compare.js';
import { openReplayed, type ReplayOptions } from './replay.js';
import { findSchemas, type ShadowSchemas } from './shadow/schemas.js';
import { historyTablesOf } from './snapshot/snapshot.js';

/** How to verify. */
export interface VerifyOptions extends CompareOptions, ReplayOptions {
  onEmbedded?: (folder: string) => void;
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
  const { config, history, schemas, catalog: actual } = await readDatabase(given, options);
  const { migrations, unreplayable } = await appliedOf(config, history);
  const shadow = await openReplayed(config, migrations, schemas, options);
  try {
    const session = await openSession(shadow.config);
    const expected = await readCatalog(session.client, {
      history: historyTablesOf(config),
    }).finally(() => session.close());
    const differences = compareCatalogs(expected, actual, options);
    return {
      inSync: differences.length === 0,
      differences,
      ...{ replayed: migrations.length, shadow: shadow.description, unreplayable },
      postgres: { expected: expected.postgres, actual: actual.postgres },
    };
  } finally {
    await shadow.close();
  }
}

interface Database {
  config: ResolvedConfig;
  history: History;
  schemas: ShadowSchemas;
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
    planFor({ direction: 'up' }, await findMigrations(config), history);
    const catalog = await readCatalog(session.client, { history: historyTablesOf(config) });
    const schemas = await findSchemas(session.client, config, history.tables.schema);
    return { config, history, schemas, catalog };
  } finally {
    await session.close();
  }
}
