import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { KnexwardError } from '../../errors.js';

/** What the snapshot is called where the command line does not say. */
export const DEFAULT_SNAPSHOT = 'schema.snapshot.json';

/** Where a snapshot and its schema file are, and how a report names them. */
export interface SnapshotPaths {
  snapshot: { path: string; name: string };
  schema: { path: string; name: string };
}

/**
 * The places of a snapshot's two files: side by side, inside of the project.
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

/**
 * The path of a file that is to be inside of the project.
 *
 * @throws KnexwardError `USAGE` where it is not.
 */
export function insideProject(projectRoot: string, file: string): string {
  const path = resolve(projectRoot, file);
  const inside = relative(realpathSync(projectRoot), real(path));
  if (!inside.startsWith('..') && !isAbsolute(inside)) return path;
  throw new KnexwardError('USAGE', {
    message: `${file} is not inside of the project's folder, ${projectRoot}.`,
    fix: 'Give a path inside of it, or another folder with --cwd.',
  });
}

/** A path with the links on its way followed, as far as it is there. */
function real(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : resolve(real(parent), relative(parent, path));
}
