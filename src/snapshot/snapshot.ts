import { commandLine } from '../command-line.js';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { type OwnFile, readOwnFile, writeOwnFile } from '../files/own-file.js';
import { tellDatabase } from '../history/find-tables.js';
import { type Catalog, type NotDescribed, type ObjectKind } from '../schema/catalog/model.js';
import { readSchema } from '../schema/read-schema.js';
import { compareCatalogs, type CompareOptions } from '../schema/compare.js';
import { findFixes, type Fixes } from '../repair/fixes.js';
import { isSchemaFile, renderSchemaFile } from '../schema/sql/render.js';
import { isSnapshot, parseSnapshot, renderSnapshot } from './file.js';
import { snapshotPaths, type SnapshotPaths } from './paths.js';

/** What taking or checking a snapshot may be told. */
export interface SnapshotOptions {
  /** The snapshot's file, from the project's folder; `schema.snapshot.json` unless given. */
  file?: string | undefined;
  onEmbedded?: (folder: string) => void;
  /** The database is open, and what follows may take a moment. */
  onReading?: () => void;
}

/** What a snapshot holds and what was done with its two files. */
export interface Snapshot {
  /** The server's major version. */
  postgres: number;
  /** How many objects of each kind. */
  objects: Partial<Record<ObjectKind, number>>;
  notDescribed: readonly NotDescribed[];
  files: { path: string; action: 'written' | 'unchanged' }[];
}

/** How a database differs from a snapshot. */
export interface SnapshotCheck extends Fixes {
  inSync: boolean;
  /** The major versions of the servers that the snapshot and the database are of. */
  postgres: { expected: number; actual: number };
  files: { path: string; state: 'current' | 'stale' | 'missing' }[];
}

const OWN = {
  called: 'one',
  code: 'SNAPSHOT_FILE',
  fix: 'Name another file.',
} satisfies Partial<OwnFile>;

/**
 * Writes the schema of a database to two files: one that describes it, for reviews and for checks,
 * and one that makes it. Files that say so already are left alone. The database is only read.
 *
 * @throws KnexwardError `SNAPSHOT_FILE` where a file of that name is something else.
 */
export async function takeSnapshot(
  config: ResolvedConfig,
  options: SnapshotOptions = {},
): Promise<Snapshot> {
  const paths = snapshotPaths(config.projectRoot, options.file);
  const { snapshot, schema } = paths;
  const old = {
    snapshot: await readOwnFile(snapshot.path, snapshot.name, { ...OWN, isOurs: isSnapshot }),
    schema: await readOwnFile(schema.path, schema.name, { ...OWN, isOurs: isSchemaFile }),
  };
  const catalog = await catalogOf(config, options);
  const files: Snapshot['files'] = [];
  for (const [place, content, before] of [
    [paths.schema, renderSchemaFile(catalog), old.schema],
    [paths.snapshot, renderSnapshot(catalog), old.snapshot],
  ] as const) {
    const unchanged = before !== null && sameText(before, content);
    if (!unchanged) await writeOwnFile(place.path, content);
    files.unshift({ path: place.name, action: unchanged ? 'unchanged' : 'written' });
  }
  return { ...summary(catalog), files };
}

/**
 * Compares a database with a snapshot. Changes nothing.
 *
 * @throws KnexwardError `SNAPSHOT_FILE` where there is no snapshot, or it cannot be read.
 */
export async function checkSnapshot(
  config: ResolvedConfig,
  options: SnapshotOptions & CompareOptions = {},
): Promise<SnapshotCheck> {
  const { paths, catalog: expected } = await readSnapshotFile(config.projectRoot, options.file);
  const catalog = await catalogOf(config, options);
  const fixed = findFixes(expected, catalog, compareCatalogs(expected, catalog, options));
  const { differences } = fixed;
  const schema = await readOr(paths.schema.path);
  // Only a database that is just as the snapshot says can tell what its schema file has to be.
  const isJudge =
    expected.postgres === catalog.postgres && compareCatalogs(expected, catalog).length === 0;
  const isStale = schema !== null && isJudge && !sameText(schema, renderSchemaFile(catalog));
  const state = schema === null ? 'missing' : isStale ? 'stale' : 'current';
  return {
    inSync: differences.length === 0 && state === 'current',
    postgres: { expected: expected.postgres, actual: catalog.postgres },
    ...fixed,
    files: [
      { path: paths.snapshot.name, state: differences.length === 0 ? 'current' : 'stale' },
      { path: paths.schema.name, state },
    ],
  };
}

/**
 * Reads a snapshot from its file.
 *
 * @throws KnexwardError `SNAPSHOT_FILE` where there is no snapshot, or it cannot be read; `USAGE`
 * for a name that cannot be one.
 */
export async function readSnapshotFile(
  projectRoot: string,
  file?: string,
): Promise<{ name: string; paths: SnapshotPaths; catalog: Catalog }> {
  const paths = snapshotPaths(projectRoot, file);
  const { path, name } = paths.snapshot;
  const text = await readOr(path);
  if (text !== null) return { name, paths, catalog: parseSnapshot(text, name) };
  throw new KnexwardError('SNAPSHOT_FILE', {
    message: `There is no snapshot ${name}.`,
    fix: `Take one where the database is as it should be: ${commandLine('snapshot', name)}`,
  });
}

async function catalogOf(config: ResolvedConfig, options: SnapshotOptions): Promise<Catalog> {
  const { onEmbedded, onReading } = options;
  const session = await openSession(config, onEmbedded ? { onEmbedded } : {});
  try {
    await tellDatabase(session.client, config);
    onReading?.();
    return await readSchema(config, session.client);
  } finally {
    await session.close();
  }
}

function summary({ postgres, objects, notDescribed }: Catalog): Omit<Snapshot, 'files'> {
  const counts: Partial<Record<ObjectKind, number>> = {};
  for (const { kind } of objects) counts[kind] = (counts[kind] ?? 0) + 1;
  return { postgres, objects: counts, notDescribed };
}

async function readOr(path: string): Promise<string | null> {
  return existsSync(path) ? readFile(path, 'utf8') : null;
}

/** A version control system may have changed the line ends. */
function sameText(a: string, b: string): boolean {
  return a === b || a.replaceAll('\r\n', '\n') === b.replaceAll('\r\n', '\n');
}
