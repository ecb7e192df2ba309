import { relative } from 'node:path';
import { KnexwardError } from '../errors.js';
import { insideProject } from '../files/inside-project.js';

/** What the snapshot is called where the command line does not say. */
const DEFAULT_SNAPSHOT = 'schema.snapshot.json';

/** Where a snapshot and its schema file are, and how a report names them. */
export interface SnapshotPaths {
  snapshot: { path: string; name: string };
  schema: { path: string; name: string };
}

/**
 * The places of a snapshot's two files: next to each other, inside of the project.
 *
 * @throws KnexwardError `USAGE` for a name that does not end in .json, or leads out of the project.
 */
export function snapshotPaths(projectRoot: string, file = DEFAULT_SNAPSHOT): SnapshotPaths {
  if (!file.endsWith('.json')) {
    throw new KnexwardError('USAGE', {
      message: `The snapshot's file is to be ${file}; its name has to end in .json.`,
      fix: `Give such a name: ${file}.json. The schema file beside it gets .sql for .json.`,
    });
  }
  const path = insideProject(projectRoot, file);
  const named = (of: string): { path: string; name: string } => ({
    path: of,
    name: relative(projectRoot, of).replaceAll('\\', '/'),
  });
  return { snapshot: named(path), schema: named(path.replace(/\.json$/, '.sql')) };
}
