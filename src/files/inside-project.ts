import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { KnexwardError } from '../errors.js';

/**
 * The path of a file that is to be inside of the project.
 *
 * @throws KnexwardError `USAGE` where it is not.
 */
export function insideProject(projectRoot: string, file: string): string {
  const path = resolve(projectRoot, file);
  if (isInside(projectRoot, path)) return path;
  throw new KnexwardError('USAGE', {
    message: `${file} is not inside of the project's folder, ${projectRoot}.`,
    fix: 'Give a path inside of it, or another folder with --cwd.',
  });
}

/** Whether a path is inside of the project, with the links on its way followed. */
export function isInside(projectRoot: string, path: string): boolean {
  const inside = relative(realpathSync(projectRoot), real(path));
  return !/^\.\.(?:[/\\]|$)/.test(inside) && !isAbsolute(inside);
}

/** A path with the links on its way followed, as far as it is there. */
function real(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : resolve(real(parent), relative(parent, path));
}
