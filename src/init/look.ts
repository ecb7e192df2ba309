import { parseJson } from '../json.js';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dbMigrateConfigurationIn } from '../config/db-migrate-traces.js';
import { findKnexfile } from '../config/knexfile.js';
import { KnexwardError } from '../errors.js';

/*
 * init: look (what the project is) → decide (which files to write; pure) → write. It may import from
 * config, files and errors; what it starts beside that (doctor) is for the command.
 */

export type PackageManager = 'npm' | 'pnpm' | 'yarn';

/** What a project's folder says about it. */
export interface ProjectFacts {
  root: string;
  packageJson: {
    path: string;
    text: string;
    scripts: Record<string, string>;
    dependencies: ReadonlySet<string>;
    type: 'module' | 'commonjs';
  };
  typescript: boolean;
  packageManager: PackageManager;
  /** Whether it is the root of a workspace, whose packages are projects of their own. */
  workspaceRoot: boolean;
  knexfile: string | null;
  /** Whether it is written in TypeScript and does not have knexward's types yet. */
  lacksTypes: boolean;
  /** What shows that the project uses db-migrate; `null` where nothing does. */
  dbMigrate: string | null;
  hasMigrations: boolean;
  /** The text of `.gitignore`; `null` where there is none. */
  gitignore: string | null;
}

/**
 * Looks at a project's folder. Reads only.
 *
 * @throws KnexwardError `USAGE` where there is no package.json, or one that is no JSON object.
 */
export function lookAtProject(root: string, knexfile?: string): ProjectFacts {
  const packageJson = readPackageJson(root);
  const { workspaces } = packageJson.content;
  const found = findKnexfile(root, knexfile)?.path ?? null;
  return {
    root,
    packageJson,
    typescript:
      existsSync(join(root, 'tsconfig.json')) || packageJson.dependencies.has('typescript'),
    packageManager: findPackageManager(root),
    workspaceRoot: workspaces !== undefined || existsSync(join(root, 'pnpm-workspace.yaml')),
    knexfile: found,
    lacksTypes:
      found !== null && /\.[cm]?ts$/.test(found) && !textOf(found)?.includes("'knexward'"),
    dbMigrate: findDbMigrate(root, packageJson.dependencies),
    hasMigrations: listed(join(root, 'migrations')).length > 0,
    gitignore: textOf(join(root, '.gitignore')),
  };
}

const GROUPS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];

function readPackageJson(root: string) {
  const path = join(root, 'package.json');
  const text = textOf(path);
  if (text === null) {
    throw new KnexwardError('USAGE', {
      message: `There is no package.json in ${root}. Nothing was changed.`,
      fix: 'Run this in the folder of your project (or give --cwd). To begin a project here: npm init --yes && npm install knexward knex pg',
    });
  }
  const content = parse(path, text);
  const { scripts = {}, type } = content;
  if (!isObject(scripts)) throw unusable(path, '"scripts" is not an object');
  return {
    ...{ path, text, content },
    scripts: scripts as Record<string, string>,
    dependencies: new Set(GROUPS.flatMap((group) => Object.keys(content[group] ?? {}))),
    type: type === 'module' ? ('module' as const) : ('commonjs' as const),
  };
}

function parse(path: string, text: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = parseJson(text);
  } catch (error) {
    throw unusable(path, (error as Error).message);
  }
  if (!isObject(content)) throw unusable(path, 'it does not hold an object');
  return content;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unusable(path: string, reason: string): KnexwardError {
  return new KnexwardError('USAGE', {
    message: `${path} cannot be used: ${reason}. Nothing was changed.`,
    fix: 'Correct the file, then run the command again.',
  });
}

const LOCK_FILES: readonly [string, PackageManager][] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
];

/** By `packageManager` or the lock file, of the folder or the nearest above: a workspace has one. */
function findPackageManager(root: string): PackageManager {
  for (let folder = root; ; folder = dirname(folder)) {
    const manifest = textOf(join(folder, 'package.json')) ?? '';
    const [, named] = /"packageManager"\s*:\s*"(npm|pnpm|yarn)@/.exec(manifest) ?? [];
    if (named !== undefined) return named as PackageManager;
    const found = LOCK_FILES.find(([file]) => existsSync(join(folder, file)));
    if (found) return found[1];
    // What lies above a repository is another project's.
    if (existsSync(join(folder, '.git')) || dirname(folder) === folder) return 'npm';
  }
}

function findDbMigrate(root: string, dependencies: ReadonlySet<string>): string | null {
  const found = dbMigrateConfigurationIn(root);
  return found ?? (dependencies.has('db-migrate') ? 'the dependency db-migrate' : null);
}

function textOf(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

function listed(folder: string): string[] {
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? readdirSync(folder) : [];
}
