import { type ClientConfig } from 'pg';
import { KnexwardError } from '../errors.js';
import { readCertificates } from './certificates.js';
import { parseDatabaseUrl } from './database-url.js';

/** A value that db-migrate takes from an environment variable: `{"ENV": "NAME"}` in the file. */
export class EnvVariable {
  constructor(readonly env: string) {}
}

/** What stands in database.json, with its environment variables named and not yet read. */
export type ConfigValue =
  string | number | boolean | null | EnvVariable | ConfigValue[] | ConfigObject;

/** An object of database.json. */
export interface ConfigObject {
  [key: string]: ConfigValue;
}

/** One environment: a connection URL, or settings, a `url` perhaps among them. */
export type DbMigrateEnvironment = string | EnvVariable | ConfigObject;

/** The content of database.json, taken apart. */
export interface DbMigrateConfig {
  /** The file that it was read from, for messages. */
  path: string;
  environments: Record<string, DbMigrateEnvironment>;
  /** The environments to use unless one is asked for; of those that exist, the last counts. */
  defaultEnvironments: (string | EnvVariable)[];
  /** What stands at the top level and is no environment, such as `"sql-file": true`. */
  settings: ConfigObject;
}

/** Where db-migrate would connect to. */
export interface DbMigrateConnection {
  /** For `pg`, as db-migrate hands it over. */
  connection: ClientConfig;
  /** The schema that the migrations run in and that holds the history. */
  schema: string;
}

/** The settings that `pg` has no use for: db-migrate's own, and what it ignores in a URL. */
export const DB_MIGRATE_SETTINGS: ReadonlySet<string> = new Set([
  'driver',
  'schema',
  'url',
  'username',
  'overwrite',
  'addIfNotExists',
  'native',
  'db',
  'sql-file',
  'coffee-file',
  'ignore-on-init',
  'sslmode',
]);

const POSTGRES_DRIVERS = new Set(['pg', 'postgres', 'postgresql', 'db-migrate-pg']);

/**
 * Takes the content of database.json apart. Environment variables are not read.
 *
 * @param value What the file holds, as `JSON.parse` or `require` returns it.
 * @param path The file, for messages.
 * @throws KnexwardError `DB_MIGRATE_CONFIG` for a content that has no environments, or one that
 * cannot be carried over to PostgreSQL.
 */
export function parseDbMigrateConfig(value: unknown, path: string): DbMigrateConfig {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw broken(path, 'holds no object', 'Write one object an environment into it.');
  }
  // db-migrate copies the configuration the same way, which drops what JSON cannot say.
  const content = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
  const entries = Object.entries(content).map(
    ([name, entry]) => [name, toConfigValue(entry, `${path}: ${name}`)] as const,
  );
  const environments = Object.fromEntries(entries.filter(isEnvironmentEntry));
  if (Object.keys(environments).length === 0) {
    throw broken(
      path,
      'names no environment',
      'Put the settings under the name of an environment: {"dev": {"driver": "pg", …}}.',
    );
  }
  for (const [name, environment] of Object.entries(environments)) {
    checkEnvironment(environment, name, path);
  }
  return {
    path,
    environments,
    defaultEnvironments: defaultEnvironments(Object.fromEntries(entries)),
    settings: Object.fromEntries(entries.filter((entry) => !isEnvironmentEntry(entry))),
  };
}

function toConfigValue(value: unknown, place: string): ConfigValue {
  if (Array.isArray(value)) return value.map((item) => toConfigValue(item, place));
  if (typeof value !== 'object' || value === null) return value as ConfigValue;
  const variable = (value as { ENV?: unknown }).ENV;
  if (typeof variable === 'string' && variable !== '') return new EnvVariable(variable);
  if (variable) {
    throw broken(
      place,
      'has an "ENV" that is no text',
      'Name an environment variable: {"ENV": "DATABASE_URL"}.',
    );
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, toConfigValue(item, `${place}.${key}`)]),
  );
}

function isEnvironmentEntry(
  entry: readonly [string, ConfigValue],
): entry is [string, DbMigrateEnvironment] {
  const [name, value] = entry;
  if (typeof value === 'string') return isUrl(value);
  if (value instanceof EnvVariable) return name !== 'defaultEnv' && name !== 'default';
  return isConfigObject(value);
}

/** Whether a value is an object of settings. */
export function isConfigObject(value: ConfigValue | undefined): value is ConfigObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof EnvVariable)
  );
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

function defaultEnvironments(content: ConfigObject): (string | EnvVariable)[] {
  for (const chosen of [content['default'], content['defaultEnv']]) {
    const names = [chosen].flat().filter((name) => isName(name));
    if (names.length > 0) return names;
  }
  return ['dev', 'development'];
}

function isName(value: ConfigValue | undefined): value is string | EnvVariable {
  return (typeof value === 'string' && !isUrl(value)) || value instanceof EnvVariable;
}

function checkEnvironment(environment: DbMigrateEnvironment, name: string, path: string): void {
  if (isConfigObject(environment)) {
    const { driver, tunnel, url } = environment;
    if (tunnel) {
      throw broken(
        path,
        `connects "${name}" through an SSH tunnel, which knexward does not open`,
        `Open the tunnel outside (ssh -L), point "${name}" at its local end, and remove "tunnel".`,
      );
    }
    const required = isConfigObject(driver) ? driver['require'] : driver;
    if (typeof required === 'string') checkDriver(required, name, path);
    if (typeof url === 'string') parseUrl(url, name, path);
  } else if (typeof environment === 'string') {
    parseUrl(environment, name, path);
  }
}

function checkDriver(driver: unknown, name: string, path: string): void {
  if (typeof driver === 'string' && POSTGRES_DRIVERS.has(driver)) return;
  if (typeof driver === 'string') {
    throw broken(
      path,
      `uses the driver "${driver}" for "${name}"; knexward works with PostgreSQL only`,
      `Remove "${name}" from the file, or give it "driver": "pg".`,
    );
  }
  throw broken(
    path,
    `names no driver for "${name}", and DATABASE_URL is not set`,
    `Set DATABASE_URL, or write "driver": "pg" and the connection into "${name}".`,
  );
}

function parseUrl(url: string, name: string, path: string): Record<string, string> {
  const settings = parseDatabaseUrl(url);
  if (!settings) {
    throw broken(
      path,
      `gives "${name}" a connection URL that cannot be read`,
      'Write it as postgres://user:password@host:5432/database, special characters encoded (%40 for @).',
    );
  }
  checkDriver(settings['driver'], name, path);
  return settings;
}

/**
 * The environment that db-migrate uses where none is asked for, or `undefined` where it would
 * refuse to start without one.
 */
export function defaultEnvironmentName(
  config: DbMigrateConfig,
  env: NodeJS.ProcessEnv,
): string | undefined {
  return config.defaultEnvironments
    .map((name) => (name instanceof EnvVariable ? env[name.env] : name))
    .filter((name) => name !== undefined && Object.hasOwn(config.environments, name))
    .at(-1);
}

/**
 * Where db-migrate would connect to for an environment, given these environment variables. As with
 * db-migrate, a URL is put over the settings, `DATABASE_URL` is used where the environment has no
 * `url`, `addIfNotExists` fills in what is then missing, and `overwrite` has the last word.
 *
 * The certificate files that `ssl` names are read.
 *
 * @throws KnexwardError `UNKNOWN_ENVIRONMENT`, or `DB_MIGRATE_CONFIG` where the variables leave
 * out what is needed or name another kind of database, or a certificate cannot be read.
 */
export function resolveDbMigrateEnvironment(
  config: DbMigrateConfig,
  name: string,
  env: NodeJS.ProcessEnv,
): DbMigrateConnection {
  const environment = Object.hasOwn(config.environments, name)
    ? config.environments[name]
    : undefined;
  if (environment === undefined) {
    throw new KnexwardError('UNKNOWN_ENVIRONMENT', {
      message: `${config.path} has no environment "${name}".`,
      fix: `Use one of: ${Object.keys(config.environments).join(', ')}.`,
    });
  }
  const settings = isConfigObject(environment)
    ? mergeSettings(environment, name, config.path, env)
    : parseUrl(readUrl(environment, name, config.path, env), name, config.path);
  const { driver } = settings;
  checkDriver(isRecord(driver) ? driver['require'] : driver, name, config.path);
  try {
    return toConnection(settings);
  } catch (error) {
    throw new KnexwardError('DB_MIGRATE_CONFIG', {
      message: `${config.path} names a certificate for "${name}" that cannot be read: ${String(error)}`,
      fix: 'Correct the path under "ssl"; it is relative to the working directory.',
      cause: error,
    });
  }
}

function readUrl(
  url: string | EnvVariable,
  name: string,
  path: string,
  env: NodeJS.ProcessEnv,
): string {
  if (typeof url === 'string') return url;
  const value = env[url.env];
  if (value) return value;
  throw broken(
    path,
    `reads "${name}" from the environment variable ${url.env}, which is not set`,
    `Set ${url.env} to the connection URL.`,
  );
}

function mergeSettings(
  environment: ConfigObject,
  name: string,
  path: string,
  env: NodeJS.ProcessEnv,
): Record<string, unknown> {
  const { url, overwrite, addIfNotExists, ...own } = readVariables(environment, env) as Record<
    string,
    unknown
  >;
  const chosen = (typeof url === 'string' && url) || env['DATABASE_URL'];
  const settings = { ...own, ...(chosen ? parseUrl(chosen, name, path) : {}) };
  const last = isRecord(overwrite) ? overwrite : {};
  for (const [key, value] of Object.entries(isRecord(addIfNotExists) ? addIfNotExists : {})) {
    if (!settings[key]) settings[key] = value;
  }
  return { ...settings, ...last };
}

function readVariables(value: ConfigValue, env: NodeJS.ProcessEnv): unknown {
  if (value instanceof EnvVariable) return env[value.env];
  if (Array.isArray(value)) return value.map((item) => readVariables(item, env));
  if (!isConfigObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, readVariables(item, env)]),
  );
}

function toConnection(settings: Record<string, unknown>): DbMigrateConnection {
  const { schema, port, ssl } = settings;
  const connection = Object.fromEntries(
    Object.entries(settings).filter(([key]) => !DB_MIGRATE_SETTINGS.has(key)),
  );
  const user = settings['user'] || settings['username'];
  if (user) connection['user'] = user;
  if (typeof port === 'string') connection['port'] = Number(port) || undefined;
  if (isRecord(ssl)) connection['ssl'] = readCertificates(ssl);
  // The driver's own default, where pg's would be the name of the user.
  connection['database'] ||= 'postgres';
  return { connection, schema: typeof schema === 'string' && schema ? schema : 'public' };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function broken(path: string, problem: string, fix: string): KnexwardError {
  return new KnexwardError('DB_MIGRATE_CONFIG', { message: `${path} ${problem}.`, fix });
}
