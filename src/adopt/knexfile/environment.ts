import { CERTIFICATE_FILES } from '../../db-migrate/certificates.js';
import {
  type ConfigObject,
  type ConfigValue,
  DB_MIGRATE_SETTINGS,
  type DbMigrateEnvironment,
  EnvVariable,
  isConfigObject,
} from '../../db-migrate/config.js';
import { parseDatabaseUrl } from '../../db-migrate/database-url.js';
import { Code, Getter, renderValue, type SourceObject, type SourceValue } from './source-text.js';

/** What one environment passes to the knexfile's `environment()`. */
export interface KnexfileEnvironment {
  /** The connection URL; it wins over `connection` wherever it has a value. */
  url: SourceValue | undefined;
  /** Host, port, user, password and database, for when there is no URL. */
  connection: SourceObject | undefined;
  /** Further settings for `pg`, such as `ssl`; they count with a URL as well. */
  options: SourceObject | undefined;
  /** The schema that the migrations and their history are in, where it is not `public`. */
  schema: SourceValue | undefined;
}

const DATABASE_URL = new EnvVariable('DATABASE_URL');
const CONNECTION_KEYS = ['host', 'port', 'user', 'password', 'database'] as const;

/**
 * Says an environment of database.json in the words of `pg`, with its environment variables as
 * code that reads them.
 *
 * @param historySchema The schema in which db-migrate's table was found, where that is known.
 */
export function translateEnvironment(
  environment: DbMigrateEnvironment,
  historySchema: string | undefined,
): KnexfileEnvironment {
  if (!isConfigObject(environment)) {
    const schema = schemaOf(undefined, historySchema);
    return { url: environment, connection: undefined, options: undefined, schema };
  }
  const { url } = environment;
  return typeof url === 'string' && url !== ''
    ? withLiteralUrl(environment, url, historySchema)
    : withVariableUrl(environment, url, historySchema);
}

/** A URL that is in the file can be put together with the settings beside it right away. */
function withLiteralUrl(
  environment: ConfigObject,
  url: string,
  historySchema: string | undefined,
): KnexfileEnvironment {
  const beside = mergeSettings(environment, {});
  const schema = schemaOf(beside['schema'], historySchema);
  if (!connectionOf(beside) && !optionsOf(beside)) {
    return { url, connection: undefined, options: undefined, schema };
  }
  const merged = mergeSettings(environment, parseDatabaseUrl(url) ?? {});
  const connection = { ...connectionOf(merged), ...optionsOf(merged) };
  return { url: undefined, connection, options: undefined, schema };
}

function withVariableUrl(
  environment: ConfigObject,
  url: ConfigValue | undefined,
  historySchema: string | undefined,
): KnexfileEnvironment {
  const settings = mergeSettings(environment, {});
  const options = optionsOf(settings);
  const overwrite = objectOrEmpty(environment['overwrite']);
  return {
    url: urlCode(url, overwrite, options),
    connection: connectionOf(settings),
    options,
    schema: schemaOf(settings['schema'], historySchema),
  };
}

function urlCode(
  url: ConfigValue | undefined,
  overwrite: ConfigObject,
  options: SourceObject | undefined,
): SourceValue {
  const named = url instanceof EnvVariable && url.env !== DATABASE_URL.env;
  let code: EnvVariable | Code = DATABASE_URL;
  if (named) code = new Code(`${renderValue(url)} || ${renderValue(DATABASE_URL)}`);
  if (options?.['ssl'] !== undefined) {
    // With db-migrate an `sslmode` in the URL meant nothing, and `overwrite` beat an `ssl` there.
    const dropped = overwrite['ssl'] === undefined ? "'sslmode'" : "'ssl', 'sslmode'";
    code = new Code(`withoutParameters(${renderValue(code)}, ${dropped})`);
  }
  const parts = urlParts(overwrite);
  if (Object.keys(parts).length === 0) return code;
  return new Code(`overwriteUrl(${renderValue(code)}, ${renderValue(parts, 2)})`);
}

/** The parts that `overwrite` puts above a URL, under the names that the class `URL` has for them. */
function urlParts(overwrite: ConfigObject): SourceObject {
  const { host, port, user, password, database } = overwrite;
  const parts = {
    hostname: urlPart(host, String),
    port: urlPart(port, String),
    username: urlPart(user, encodeURIComponent),
    password: urlPart(password, encodeURIComponent),
    pathname: urlPart(database, encodeURIComponent),
  };
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}

function urlPart(
  value: ConfigValue | undefined,
  encode: typeof String | typeof encodeURIComponent,
): SourceValue | undefined {
  if (value instanceof EnvVariable) {
    const text = `${renderValue(value)} ?? ''`;
    return new Code(encode === encodeURIComponent ? `encodeURIComponent(${text})` : text);
  }
  return typeof value === 'string' || typeof value === 'number' ? encode(value) : undefined;
}

/** Puts settings together in db-migrate's order: own, URL, `addIfNotExists`, `overwrite`. */
function mergeSettings(environment: ConfigObject, fromUrl: ConfigObject): SourceObject {
  const { overwrite, addIfNotExists, ...own } = environment;
  const merged: SourceObject = { ...own, ...fromUrl };
  for (const [key, value] of Object.entries(objectOrEmpty(addIfNotExists))) {
    merged[key] = either(merged[key], value);
  }
  return { ...merged, ...objectOrEmpty(overwrite) };
}

function objectOrEmpty(value: ConfigValue | undefined): ConfigObject {
  return isConfigObject(value) ? value : {};
}

/** The first value where it has one, else the second: decided now, or by the code. */
function either(
  first: SourceValue | undefined,
  second: SourceValue | undefined,
): SourceValue | undefined {
  if (!first || second === undefined) return first || second;
  if (!(first instanceof EnvVariable || first instanceof Code)) return first;
  return new Code(`${renderValue(first)} || ${renderValue(second, 3)}`);
}

function connectionOf(settings: SourceObject): SourceObject | undefined {
  const user = either(settings['user'], settings['username']);
  const all: SourceObject = { ...settings, user, port: toNumber(settings['port']) };
  const given = CONNECTION_KEYS.filter((key) => all[key] !== undefined);
  const isComplete = settings['driver'] !== undefined && settings['url'] === undefined;
  if (given.length === 0 && !isComplete) return undefined;
  const connection = Object.fromEntries(given.map((key) => [key, all[key]]));
  // db-migrate's default, where that of pg would be the name of the user.
  return { ...connection, database: connection['database'] ?? 'postgres' };
}

function toNumber(port: SourceValue | undefined): SourceValue | undefined {
  if (typeof port === 'string') return Number(port) || undefined;
  if (!(port instanceof EnvVariable || port instanceof Code)) return port;
  return new Code(`Number(${renderValue(port)}) || undefined`);
}

function optionsOf(settings: SourceObject): SourceObject | undefined {
  const entries = Object.entries(settings).filter(
    ([key]) => !DB_MIGRATE_SETTINGS.has(key) && !CONNECTION_KEYS.some((known) => known === key),
  );
  if (entries.length === 0) return undefined;
  const options: SourceObject = Object.fromEntries(entries);
  if ('ssl' in options) options['ssl'] = withCertificates(options['ssl']);
  return options;
}

/**
 * db-migrate-pg reads certificate files where `ssl` has an `sslmode`; `pg` wants their content. They
 * are read on use, because a machine has the files of its own environment and maybe of no other.
 */
function withCertificates(ssl: SourceValue | undefined): SourceValue | undefined {
  if (typeof ssl !== 'object' || ssl === null || Array.isArray(ssl)) return ssl;
  if (ssl instanceof EnvVariable || ssl instanceof Code || !ssl['sslmode']) return ssl;
  const translated: SourceObject = { ...ssl, sslmode: undefined };
  for (const [file, entry] of CERTIFICATE_FILES) {
    const path = translated[file];
    translated[file] = undefined;
    if (!path) continue;
    const read = `readFileSync(${renderValue(path)}, 'utf8')`;
    translated[entry] = new Getter(
      path instanceof EnvVariable ? `${renderValue(path)} && ${read}` : read,
    );
  }
  return translated;
}

function schemaOf(
  configured: SourceValue | undefined,
  found: string | undefined,
): SourceValue | undefined {
  if (configured instanceof EnvVariable || configured instanceof Code) return configured;
  const schema = found ?? configured;
  return schema === 'public' || schema === '' || schema === null ? undefined : schema;
}
