import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/** Where a project lies: the repository that it is a part of, if it is part of a larger one. */
export interface Repository {
  root: string;
  /** The project's folder in it, with forward slashes; `.` where the project is all of it. */
  projectFolder: string;
}

/**
 * Finds the repository around a project: the folder with `.git`, else the outermost workspace root
 * (npm, Yarn, pnpm, Lerna), else the project itself. A home folder and the file system's root are
 * never taken for one: whoever keeps settings in git there does not mean everything below.
 */
export function findRepository(project: string): Repository {
  const home = realpathOf(homedir());
  let workspaces: string | undefined;
  for (let folder = realpathOf(project); ; folder = dirname(folder)) {
    if (folder === home || folder === dirname(folder)) break;
    if (existsSync(join(folder, '.git'))) return at(folder, project);
    if (isWorkspaceRoot(folder)) workspaces = folder;
  }
  return at(workspaces ?? realpathOf(project), project);
}

function at(root: string, project: string): Repository {
  const inside = relative(root, realpathOf(project)).replaceAll('\\', '/');
  return { root, projectFolder: inside === '' ? '.' : inside };
}

/** Whether a path, links resolved, lies in a folder. What does not exist lies nowhere. */
export function isInsideFolder(folder: string, path: string): boolean {
  if (!existsSync(path)) return false;
  const inside = relative(realpathOf(folder), realpathOf(path)).replaceAll('\\', '/');
  return (
    inside !== '' && inside !== '..' && !inside.startsWith('../') && !/^[A-Za-z]:/.test(inside)
  );
}

function realpathOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

function isWorkspaceRoot(folder: string): boolean {
  if (['pnpm-workspace.yaml', 'lerna.json'].some((name) => existsSync(join(folder, name)))) {
    return true;
  }
  const path = join(folder, 'package.json');
  return existsSync(path) && /"workspaces"\s*:/.test(readFileSync(path, 'utf8'));
}
