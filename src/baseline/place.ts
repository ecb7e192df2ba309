import { dirname, join, relative, sep } from 'node:path';
import { type ProjectConfig } from '../config/resolve.js';
import { insideProject, isInside } from '../files/inside-project.js';

/** What the file is called where the knexfile does not say. */
const DEFAULT_NAME = 'knexward-baseline.sql';

/** Where a project's baseline is, and how a report names it. */
export interface BaselinePlace {
  path: string;
  name: string;
}

/**
 * The place of the project's baseline: beside the first migrations folder, not in it, unless the
 * knexfile names another; `null` where it says that there is none.
 *
 * @throws KnexwardError `USAGE` where it would be outside of the project
 */
export function baselinePlace({
  projectRoot,
  migrations,
  settings,
}: ProjectConfig): BaselinePlace | null {
  if (settings.baseline === false) return null;
  const path = insideProject(
    projectRoot,
    settings.baseline ?? besideMigrations(projectRoot, migrations.directories),
  );
  return { path, name: relative(projectRoot, path).split(sep).join('/') };
}

/** The migrations folder may be the project's own. */
function besideMigrations(projectRoot: string, [first]: readonly string[]): string {
  const beside = first === undefined ? projectRoot : dirname(first);
  return join(isInside(projectRoot, beside) ? beside : projectRoot, DEFAULT_NAME);
}
