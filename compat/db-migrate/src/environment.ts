import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import {
  type DbMigrateConnection,
  defaultEnvironmentName,
  KnexwardError,
  parseDbMigrateConfig,
  resolveDbMigrateEnvironment,
} from 'knexward/compat';
import { type Plugins } from './plugins.js';

/** The environment that db-migrate works in. */
export interface Environment extends DbMigrateConnection {
  name: string;
  /** What stands beside the environments in the configuration, such as `"sql-file": true`. */
  settings: Readonly<Record<string, unknown>>;
}

/** Where an environment's settings come from. */
export interface EnvironmentSources {
  /** The path of the configuration, relative to the working directory. */
  file: string;
  /** The configuration itself, in the place of a file. */
  content?: object | undefined;
  /** The environment that is asked for; else the configuration's own default. */
  wanted?: string | undefined;
  plugins: Plugins;
}

/**
 * Finds out where db-migrate would connect to. Environment variables are read now, not later: a
 * program may set them for just this moment.
 *
 * @throws KnexwardError `DB_MIGRATE_CONFIG` or `UNKNOWN_ENVIRONMENT`
 */
export function readEnvironment(sources: EnvironmentSources): Environment {
  const { content, file, wanted, plugins } = sources;
  const url = process.env['DATABASE_URL'];
  if (content) return choose(content, 'The configuration', wanted);
  const path = resolve(file);
  if (existsSync(path)) return choose(readFile(path, plugins), path, wanted);
  if (!url) throw fileMissing(file);
  const name = wanted ?? 'urlConfig';
  return choose({ [name]: url }, 'DATABASE_URL', name);
}

function readFile(path: string, plugins: Plugins): object {
  try {
    const [fromPlugin] = plugins.call('init:config:overwrite:require', path);
    return (fromPlugin ?? createRequire(path)(path)) as object;
  } catch (error) {
    throw new KnexwardError('DB_MIGRATE_CONFIG', {
      message: `${path} cannot be read: ${(error as Error).message}`,
      fix: 'Correct the file. Nothing was changed.',
      cause: error,
    });
  }
}

function choose(content: object, source: string, wanted: string | undefined): Environment {
  if (wanted !== undefined && !Object.hasOwn(content, wanted)) {
    throw unknownEnvironment(wanted, content);
  }
  const config = parseDbMigrateConfig(onlyNeeded({ ...content }, wanted), source);
  const name = wanted ?? defaultEnvironmentName(config, process.env);
  if (name === undefined) throw unknownEnvironment('dev, development', content);
  const connection = resolveDbMigrateEnvironment(config, name, process.env);
  return { name, settings: config.settings, ...connection };
}

/**
 * The configuration without the environments that cannot be meant: one of them may well be another
 * kind of database, which is no concern here.
 */
function onlyNeeded(content: Record<string, unknown>, wanted: string | undefined): object {
  const { default: byDefault, defaultEnv } = content;
  const meant = wanted === undefined ? [byDefault, defaultEnv].flat().map(nameIn) : [wanted];
  const possible = new Set([...meant, ...(wanted === undefined ? ['dev', 'development'] : [])]);
  const isEnvironment = (value: unknown) =>
    typeof value === 'object' || (typeof value === 'string' && value.includes('://'));
  const kept = Object.entries(content).filter(
    ([name, value]) =>
      possible.has(name) || ['default', 'defaultEnv'].includes(name) || !isEnvironment(value),
  );
  return Object.fromEntries(kept);
}

/** An environment's name may be told by an environment variable. */
function nameIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const { ENV: variable } = (value ?? {}) as { ENV?: unknown };
  return typeof variable === 'string' ? process.env[variable] : undefined;
}

function unknownEnvironment(names: string, content: object): KnexwardError {
  return new KnexwardError('UNKNOWN_ENVIRONMENT', {
    message: `Environment(s) '${names}' not found.`,
    fix: `Choose one with --env: ${Object.keys(content).join(', ')}.`,
  });
}

function fileMissing(file: string): KnexwardError {
  return new KnexwardError('DB_MIGRATE_CONFIG', {
    message: `Could not find database config file '${file}'`,
    fix: 'Write one, name it with --config, or set DATABASE_URL.',
  });
}
