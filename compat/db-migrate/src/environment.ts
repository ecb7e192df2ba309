import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type DbMigrateConnection,
  defaultEnvironmentName,
  KnexwardError,
  parseDbMigrateConfig,
  readConfigFile,
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
  const [fromPlugin] = plugins.call('init:config:overwrite:require', path);
  return fromPlugin ?? readConfigFile(path);
}

function choose(content: object, source: string, wanted: string | undefined): Environment {
  if (wanted !== undefined && !Object.hasOwn(content, wanted)) {
    throw unknownEnvironment(wanted, content);
  }
  const config = parseDbMigrateConfig(content, source);
  const name = wanted ?? defaultEnvironmentName(config, process.env);
  if (name === undefined) throw unknownEnvironment('dev, development', content);
  const connection = resolveDbMigrateEnvironment(config, name, process.env);
  return { name, settings: config.settings, ...connection };
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
