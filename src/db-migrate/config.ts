import { rememberName } from '../printable.js';
import { KnexwardError } from '../errors.js';
import {
  broken,
  checkSettings,
  connectionOf,
  type DbMigrateConnection,
  isUnset,
  type Settings,
  type SettingsPlace,
} from './settings.js';

export { type DbMigrateConnection } from './settings.js';

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
  /** Of environments that cannot be used, whatever the variables say, the reason. */
  unusable: Map<string, KnexwardError>;
  /** What stands at the top level and is no environment, such as `"sql-file": true`. */
  settings: ConfigObject;
}

/**
 * Takes the content of database.json apart. Environment variables are not read.
 *
 * @param value What the file holds, as `JSON.parse` or `require` returns it.
 * @param path The file, for messages.
 * @throws KnexwardError `DB_MIGRATE_CONFIG` for a content that has no environments, or none that
 * knexward can use.
 */
export function parseDbMigrateConfig(value: unknown, path: string): DbMigrateConfig {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw broken({ path, name: '' }, 'holds no object', 'Write one object an environment into it.');
  }
  // db-migrate copies the configuration the same way, which drops what JSON cannot say. A database
  // whose name is there and has no value is remembered: it was to come from a variable.
  const content = JSON.parse(
    JSON.stringify(value, (key, item: unknown) =>
      key === 'database' && item === undefined ? null : item,
    ),
  ) as Record<string, unknown>;
  for (const name of Object.keys(content)) rememberName(name);
  const entries = Object.entries(content).map(
    ([name, entry]) => [name, toConfigValue(entry, `${path}: ${name}`)] as const,
  );
  const environments = Object.fromEntries(entries.filter(isEnvironmentEntry));
  if (Object.keys(environments).length === 0) {
    throw broken(
      { path, name: '' },
      'names no environment',
      'Put the settings under the name of an environment: {"dev": {"driver": "pg", …}}.',
    );
  }
  const unusable = findUnusable(environments, path);
  const [first] = unusable.values();
  if (first && unusable.size === Object.keys(environments).length) throw first;
  return {
    path,
    environments,
    unusable,
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
      { path: place, name: '' },
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
function isConfigObject(value: ConfigValue | undefined): value is ConfigObject {
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

/** Of names in a list, and of `default`, db-migrate reads no variables. */
function defaultEnvironments(content: ConfigObject): (string | EnvVariable)[] {
  const { default: first, defaultEnv: second } = content;
  if (first) return [first].flat().filter((name) => typeof name === 'string');
  if (second instanceof EnvVariable) return [second];
  if (second) return [second].flat().filter((name) => typeof name === 'string');
  return ['dev', 'development'];
}

function findUnusable(
  environments: Record<string, DbMigrateEnvironment>,
  path: string,
): Map<string, KnexwardError> {
  const unusable = new Map<string, KnexwardError>();
  for (const [name, environment] of Object.entries(environments)) {
    if (environment instanceof EnvVariable) continue;
    try {
      checkSettings(environment, { path, name: `"${name}"` });
    } catch (error) {
      if (!(error instanceof KnexwardError)) throw error;
      unusable.set(name, error);
    }
  }
  return unusable;
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
 * Where db-migrate would connect to for an environment, given these environment variables: as
 * `connectionOf` has it. The certificate files that `ssl` names are read.
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
  const place = { path: config.path, name: `"${name}"` };
  const given = isConfigObject(environment)
    ? (readVariables(environment, env) as Settings)
    : readUrl(environment, name, config.path, env);
  const databaseUrl = env['DATABASE_URL'];
  if (typeof given === 'object' && isUnset(given, databaseUrl))
    throw unset(environment, place, env);
  const resolved = connectionOf(given, databaseUrl, place);
  if (resolved.connection.database === undefined) throw unset(environment, place, env);
  try {
    // The files of certificates are read with this.
    return { ...resolved, connection: structuredClone(resolved.connection) };
  } catch (error) {
    throw new KnexwardError('DB_MIGRATE_CONFIG', {
      message: `${config.path} names a certificate for "${name}" that cannot be read: ${String(error)}`,
      fix: 'Correct the path under "ssl"; it is relative to the working directory.',
      cause: error,
    });
  }
}

/**
 * What an environment says of its schema, for whoever knows the database from elsewhere; `undefined` where the
 * whole environment can be resolved. The variables of the connection need not be set.
 *
 * @param otherwise the schema where that of the configuration comes from a variable that is not set
 * @throws KnexwardError `DB_MIGRATE_CONFIG` where it does, and there is no other
 */
export function schemaAlone(
  config: DbMigrateConfig,
  name: string,
  env: NodeJS.ProcessEnv,
  otherwise?: string,
): string | undefined {
  const environment = Object.hasOwn(config.environments, name)
    ? config.environments[name]
    : undefined;
  if (environment === undefined || typeof environment === 'string') return undefined;
  if (variablesIn(environment).every((variable) => env[variable])) return undefined;
  const given = isConfigObject(environment) ? environment['schema'] : undefined;
  const schema = given === undefined ? 'public' : readVariables(given, env);
  if (typeof schema === 'string' && schema !== '') return schema;
  if (otherwise !== undefined) return otherwise;
  throw unset(given ?? environment, { path: config.path, name: `"${name}"` }, env);
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
    { path, name },
    `reads "${name}" from the environment variable ${url.env}, which is not set`,
    `Set ${url.env} to the connection URL.`,
  );
}

/** db-migrate would go to this machine, or to the database "postgres", which nobody means by that. */
function unset(
  environment: ConfigValue,
  place: SettingsPlace,
  env: NodeJS.ProcessEnv,
): KnexwardError {
  const names = variablesIn(environment).filter((name) => !env[name]);
  if (names.length === 0) {
    return broken(
      place,
      `gives ${place.name} a database without a name`,
      'Write the name of the database, or set the variable that it comes from.',
    );
  }
  const isOne = names.length === 1;
  return broken(
    place,
    `takes what it says of ${place.name} from ${names.join(', ')}, which ${isOne ? 'is' : 'are'} not set`,
    `Set ${names.join(', ')}.`,
  );
}

function variablesIn(value: ConfigValue): string[] {
  if (value instanceof EnvVariable) return [value.env];
  return typeof value === 'object' && value !== null
    ? Object.values(value).flatMap((item) => variablesIn(item))
    : [];
}

/** A configuration with the values of its variables in their places. */
export function readVariables(value: ConfigValue, env: NodeJS.ProcessEnv): unknown {
  if (value instanceof EnvVariable) return env[value.env];
  if (Array.isArray(value)) return value.map((item) => readVariables(item, env));
  if (!isConfigObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, readVariables(item, env)]),
  );
}
