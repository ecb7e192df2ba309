import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { findAllMigrations, findMigrations, type Migration } from '../files/find.js';
import { locateHistory } from '../history/locate.js';
import { type History, readHistory } from '../history/read.js';
import { asRecorded } from '../plan/recorded.js';
import { planFor } from '../run/run.js';
import { type Catalog } from './catalog/model.js';
import { readCatalog } from './catalog/read.js';
import { compareCatalogs, type CompareOptions } from './compare.js';
import { mend, type MendedDifference, type Mends } from './mend/mend.js';
import { replay, type ReplayOptions } from './replay.js';
import { openShadow } from './shadow/shadow.js';
import { historyTablesOf, readSnapshotFile } from './snapshot/snapshot.js';

/** How to verify. */
export interface VerifyOptions extends CompareOptions, ReplayOptions {
  onEmbedded?: (folder: string) => void;
  /** Told where the migrations are replayed, before they are. */
  onReplay?: (where: string, count: number) => void;
}

/** How a database differs from what is expected of it: what its applied migrations make, or a file. */
export interface Verification extends Mends {
  inSync: boolean;
  differences: MendedDifference[];
  /** How many migrations were replayed, and where; `null` where a snapshot says what is expected. */
  replayed: number | null;
  shadow: string | null;
  /** The snapshot's file, where it was compared with one. */
  against: string | null;
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
  const { config, history, catalog: actual } = await readDatabase(given, options);
  const { migrations, unreplayable } = await appliedOf(config, history);
  const shadow = await openShadow(config);
  try {
    options.onReplay?.(shadow.description, migrations.length);
    await replay(shadow, migrations, options);
    const session = await openSession(shadow.config);
    const expected = await readCatalog(session.client, {
      history: historyTablesOf(config),
    }).finally(() => session.close());
    return {
      ...judge(expected, actual, options),
      ...{ replayed: migrations.length, shadow: shadow.description, against: null, unreplayable },
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
    const actual = await readCatalog(session.client, { history: historyTablesOf(config) });
    return {
      ...judge(expected, actual, options),
      ...{ replayed: null, shadow: null, against: name, unreplayable: [] },
    };
  } finally {
    await session.close();
  }
}

type Judgement = Pick<Verification, 'inSync' | 'differences' | 'script' | 'postgres'>;

function judge(expected: Catalog, actual: Catalog, options: CompareOptions): Judgement {
  const { differences, script } = mend(
    expected,
    actual,
    compareCatalogs(expected, actual, options),
  );
  return {
    inSync: differences.length === 0,
    ...{ differences, script },
    postgres: { expected: expected.postgres, actual: actual.postgres },
  };
}

function sessionOptions({ onEmbedded }: VerifyOptions): Parameters<typeof openSession>[1] {
  return onEmbedded ? { onEmbedded } : {};
}

interface Database {
  config: ResolvedConfig;
  history: History;
  catalog: Catalog;
}

async function readDatabase(given: ResolvedConfig, options: VerifyOptions): Promise<Database> {
  const session = await openSession(given, sessionOptions(options));
  try {
    const config = await locateHistory(session.client, given);
    const history = await readHistory(session.client, config);
    // As `up` does: without the whole history there is nothing to compare with.
    planFor({ direction: 'up' }, await findMigrations(config), history);
    const catalog = await readCatalog(session.client, { history: historyTablesOf(config) });
    return { config, history, catalog };
  } finally {
    await session.close();
  }
}

/** The files of what is applied, in the order in which it was, scopes included. */
async function appliedOf(
  config: ResolvedConfig,
  { rows }: History,
): Promise<{ migrations: Migration[]; unreplayable: string[] }> {
  const files = asRecorded(await findAllMigrations(config), rows);
  const byName = new Map(files.map((file) => [file.name, file]));
  const names = [...new Set(rows.map(({ name }) => name))];
  return {
    migrations: names.flatMap((name) => byName.get(name) ?? []),
    unreplayable: names.filter((name) => !byName.has(name)),
  };
}
