import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { loadUserModule } from '../config/user-module.js';
import { type DbMigrateConfig, parseDbMigrateConfig } from '../db-migrate/config.js';
import { KnexwardError } from '../errors.js';

/** What a project that runs db-migrate has in its folder. */
export interface DbMigrateProject {
  root: string;
  /** database.json or what stands for it; `null` where only DATABASE_URL is used. */
  config: DbMigrateConfig | null;
  /** The path of that file. */
  configPath: string | null;
  /** The folder of the migrations, relative to the root, with forward slashes. */
  migrationsDirectory: string;
  /** The name of db-migrate's table. */
  table: string;
  /** package.json's text and what matters of it; `null` where there is none. */
  packageJson: PackageJson | null;
  typescript: boolean;
}

/** A package.json as it was found. */
export interface PackageJson {
  path: string;
  text: string;
  scripts: Record<string, string>;
  dependencies: ReadonlySet<string>;
  type: 'module' | 'commonjs';
}

/** What the command line may say where the project does not. */
export interface ProjectHints {
  config?: string | undefined;
  migrationsDir?: string | undefined;
  table?: string | undefined;
}

/**
 * Looks at the project's folder: db-migrate's configuration, its rc file, package.json. Reads only.
 *
 * @throws KnexwardError `DB_MIGRATE_CONFIG` or `NOT_A_DB_MIGRATE_PROJECT`
 */
export async function inspectProject(root: string, hints: ProjectHints): Promise<DbMigrateProject> {
  const rc = readJson(join(root, '.db-migraterc')) ?? {};
  const configPath = findConfig(root, hints.config ?? text(rc['config']));
  const packageJson = readPackageJson(root);
  const directory = hints.migrationsDir ?? text(rc['migrations-dir']) ?? 'migrations';
  const inProject = relative(root, resolve(root, directory));
  if (inProject.startsWith('..') || isAbsolute(inProject)) {
    throw new KnexwardError('USAGE', {
      message: `The migrations folder ${directory} lies outside the project ${root}.`,
      fix: 'Name a folder inside the project with --migrations-dir, or choose the project with --cwd.',
    });
  }
  return {
    root,
    config: configPath === null ? null : await readConfig(configPath),
    configPath,
    migrationsDirectory: inProject.replaceAll('\\', '/'),
    table: hints.table ?? text(rc['table']) ?? text(rc['migration-table']) ?? 'migrations',
    packageJson,
    typescript: existsSync(join(root, 'tsconfig.json')),
  };
}

function findConfig(root: string, given: string | undefined): string | null {
  if (given === undefined) {
    const usual = join(root, 'database.json');
    return existsSync(usual) ? usual : null;
  }
  const path = resolve(root, given);
  if (existsSync(path)) return path;
  throw new KnexwardError('DB_MIGRATE_CONFIG', {
    message: `There is no db-migrate configuration at ${path}.`,
    fix: 'Correct --config, or leave it out to use database.json.',
  });
}

async function readConfig(path: string): Promise<DbMigrateConfig> {
  let content: unknown;
  try {
    if (/\.[cm]?js$/.test(path)) {
      const module = await loadUserModule(path);
      content = module['default'] ?? module;
    } else {
      content = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
    }
  } catch (error) {
    throw new KnexwardError('DB_MIGRATE_CONFIG', {
      message: `${path} cannot be read: ${(error as Error).message}`,
      fix: 'Correct the file: db-migrate itself would stop at it too. Nothing was changed.',
      cause: error,
    });
  }
  return parseDbMigrateConfig(content, path);
}

function readPackageJson(root: string): PackageJson | null {
  const path = join(root, 'package.json');
  if (!existsSync(path)) return null;
  const content = readJson(path) as {
    scripts?: Record<string, string>;
    type?: string;
    [group: string]: unknown;
  };
  const groups = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
  return {
    path,
    text: readFileSync(path, 'utf8'),
    scripts: content.scripts ?? {},
    dependencies: new Set(groups.flatMap((group) => Object.keys(content[group] ?? {}))),
    type: content.type === 'module' ? 'module' : 'commonjs',
  };
}

function readJson(path: string): Record<string, unknown> | null {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, '')) as Record<string, unknown>;
  } catch (error) {
    throw new KnexwardError('NOT_A_DB_MIGRATE_PROJECT', {
      message: `${path} is not JSON: ${(error as Error).message}`,
      fix: 'Correct the file. Nothing was changed.',
      cause: error,
    });
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
