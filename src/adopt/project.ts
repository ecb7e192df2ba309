import { parseJson } from '../json.js';
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { knexfileIn } from '../config/knexfile.js';
import { type DbMigrateConfig, parseDbMigrateConfig } from '../db-migrate/config.js';
import { readConfigFile } from '../db-migrate/config-file.js';
import { type DbMigrateOptions, optionsInForce } from '../db-migrate/options.js';
import { rememberName } from '../printable.js';
import { KnexwardError } from '../errors.js';
import { findSources } from './compiled.js';
import { optionsOfScripts } from './scripts/options.js';
import { RECORD_FILE } from './takeover-record.js';

/** What a project that runs db-migrate has in its folder. */
export interface DbMigrateProject {
  root: string;
  /** The environment that db-migrate uses unless one is asked for, where `.db-migraterc` says it. */
  env: string | undefined;
  /** Whether it was told to run everything without a transaction. */
  nonTransactional: boolean;
  /** database.json or what stands for it; `null` where only DATABASE_URL is used. */
  config: DbMigrateConfig | null;
  /** The path of that file. */
  configPath: string | null;
  /** Its text. */
  configText: string | null;
  /** The folder of the migrations, relative to the root, with forward slashes. */
  migrationsDirectory: string;
  /** The name of db-migrate's table. */
  table: string;
  /** package.json's text and what matters of it; `null` where there is none. */
  packageJson: PackageJson | null;
  typescript: boolean;
  /** The files that db-migrate's own were compiled from, where they lie beside them; see compiled.ts. */
  sources: string[];
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
export function inspectProject(root: string, hints: ProjectHints): DbMigrateProject {
  const packageJson = readPackageJson(root);
  const told = whatIsTold(root, packageJson, hints);
  const found = findConfig(root, told.config, hints);
  // Read before it is parsed: what is written in between is then seen as a change.
  const text = found === null || !existsSync(found) ? null : readFileSync(found, 'utf8');
  const content = found === null ? null : contentOf(found);
  const configPath = content === null ? null : found;
  const directory = told.migrationsDir ?? 'migrations';
  const inProject = relative(root, resolve(root, directory));
  if (inProject.startsWith('..') || isAbsolute(inProject)) {
    throw new KnexwardError('USAGE', {
      message: `The migrations folder ${directory} lies outside the project ${root}.`,
      fix: 'Name a folder inside the project with --migrations-dir, or choose the project with --cwd.',
    });
  }
  return {
    root,
    env: told.env,
    nonTransactional: told.nonTransactional ?? false,
    config: configPath === null ? null : parseDbMigrateConfig(content, configPath),
    configPath,
    configText: configPath === null ? null : text,
    migrationsDirectory: inProject.replaceAll('\\', '/'),
    table: told.table ?? 'migrations',
    packageJson,
    typescript: existsSync(join(root, 'tsconfig.json')),
    sources: findSources(join(root, inProject)),
  };
}

/** What this command line says, else the scripts of package.json, else `.db-migraterc`. */
function whatIsTold(
  root: string,
  packageJson: PackageJson | null,
  hints: ProjectHints,
): DbMigrateOptions {
  const told = optionsInForce(root);
  // Once the project is taken over, its knexfile is what counts, whatever else its scripts name.
  const isTakenOver = existsSync(join(root, RECORD_FILE));
  const decided = isTakenOver ? { ...hints, config: hints.config ?? '' } : hints;
  const scripts = optionsOfScripts(root, packageJson?.scripts ?? {}, decided);
  const { config } = hints;
  if (config && told.config && resolve(root, config) !== resolve(root, told.config)) {
    throw new KnexwardError('DB_MIGRATE_CONFIG', {
      message: `.db-migraterc names the configuration ${told.config}, which db-migrate goes by, and --config names ${config}. Nothing was changed.`,
      fix: 'Leave --config out, or correct "configFile" in .db-migraterc.',
    });
  }
  return {
    ...told,
    config: config ?? told.config ?? scripts.config,
    migrationsDir: hints.migrationsDir ?? scripts.migrationsDir ?? told.migrationsDir,
    table: hints.table ?? scripts.table ?? told.table,
    nonTransactional: scripts.nonTransactional ?? told.nonTransactional,
  };
}

/**
 * What a configuration holds; `null` where it fails as it is loaded and DATABASE_URL names the
 * database: db-migrate does without it then. A syntax error is for a person to see.
 */
function contentOf(path: string): Record<string, unknown> | null {
  try {
    return readConfigFile(path);
  } catch (error) {
    const { cause } = error as Error;
    if (process.env['DATABASE_URL'] && !(cause instanceof SyntaxError)) return null;
    throw error;
  }
}

function findConfig(root: string, given: string | undefined, hints: ProjectHints): string | null {
  if (given === undefined) {
    const usual = join(root, 'database.json');
    return existsSync(usual) ? usual : null;
  }
  const path = resolve(root, given);
  if (existsSync(path)) return path;
  // Once the project is taken over, .db-migraterc still names what has become the knexfile.
  if (hints.config === undefined && knexfileIn(root) !== undefined) return null;
  // db-migrate does without a file that is missing, where DATABASE_URL names the database.
  if (hints.config === undefined && process.env['DATABASE_URL']) return null;
  throw new KnexwardError('DB_MIGRATE_CONFIG', {
    message: `There is no db-migrate configuration at ${path}.`,
    fix: 'Correct --config, or "configFile" in .db-migraterc; with neither it is database.json.',
  });
}

function readPackageJson(root: string): PackageJson | null {
  const path = join(root, 'package.json');
  if (!existsSync(path)) return null;
  const content = readJson(path) as {
    scripts?: Record<string, string>;
    type?: string;
    [group: string]: unknown;
  };
  const bytes = readFileSync(path);
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) {
    throw new KnexwardError('NOT_A_DB_MIGRATE_PROJECT', {
      message: `${path} is not UTF-8, so its scripts cannot be rewritten without damage. Nothing was changed.`,
      fix: 'Save the file as UTF-8, then run the command again.',
    });
  }
  for (const entry of Object.entries(content.scripts ?? {})) entry.forEach(rememberName);
  const groups = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
  return {
    path,
    text,
    scripts: content.scripts ?? {},
    dependencies: new Set(groups.flatMap((group) => Object.keys(content[group] ?? {}))),
    type: content.type === 'module' ? 'module' : 'commonjs',
  };
}

function readJson(path: string): Record<string, unknown> | null {
  if (!existsSync(path)) return null;
  try {
    return parseJson(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new KnexwardError('NOT_A_DB_MIGRATE_PROJECT', {
      message: `${path} is not JSON: ${(error as Error).message}`,
      fix: 'Correct the file. Nothing was changed.',
      cause: error,
    });
  }
}
