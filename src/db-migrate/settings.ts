import { type ClientConfig } from 'pg';
import { KnexwardError } from '../errors.js';
import { withCertificates } from './certificates.js';
import { parseDatabaseUrl } from './database-url.js';

/** Where db-migrate would connect to. */
export interface DbMigrateConnection {
  /** For `pg`, as db-migrate hands it over. */
  connection: ClientConfig;
  /** The schema that the migrations run in and that holds the history. */
  schema: string;
}

/** Which environment of which configuration is meant, to begin a message with. */
export interface SettingsPlace {
  path: string;
  /** In quotes, where it has a name. */
  name: string;
}

/** An environment's settings with the values of its variables. */
export type Settings = Record<string, unknown>;

/** The settings that `pg` has no use for: db-migrate's own, and what it ignores in a URL. */
const DB_MIGRATE_SETTINGS: ReadonlySet<string> = new Set([
  ...['driver', 'schema', 'url', 'username', 'overwrite', 'addIfNotExists', 'native', 'db'],
  ...['sql-file', 'coffee-file', 'ignore-on-init', 'sslmode'],
]);

const POSTGRES_DRIVERS = new Set(['pg', 'postgres', 'postgresql', 'db-migrate-pg']);

/**
 * Where db-migrate would connect to with these settings, or with this URL. As with db-migrate, a URL is
 * put over the settings, `DATABASE_URL` is used where they have no `url`, `addIfNotExists` fills in what is
 * then missing, and `overwrite` has the last word.
 *
 * @throws KnexwardError `DB_MIGRATE_CONFIG` where they leave out what is needed, name another kind of
 * database, or what knexward does not do.
 * @source db-migrate/lib/config.js, db-migrate-pg/index.js
 */
export function connectionOf(
  given: string | Settings,
  databaseUrl: string | undefined,
  place: SettingsPlace,
): DbMigrateConnection {
  const settings =
    typeof given === 'string' ? parseUrl(given, place) : mergeSettings(given, databaseUrl, place);
  // A URL that ends where the name would be puts away the one beside it; the driver has its default.
  if (settings['database'] === '') settings['database'] = 'postgres';
  const { driver, tunnel, schema } = settings;
  checkDriver(isRecord(driver) ? driver['require'] : driver, place);
  if (tunnel) throw usesTunnel(place);
  return { connection: toConnection(settings), schema: textOf(schema) ?? 'public' };
}

function mergeSettings(
  given: Settings,
  databaseUrl: string | undefined,
  place: SettingsPlace,
): Settings {
  const { url, ...own } = given;
  const chosen = typeof url === 'string' ? url : databaseUrl;
  // Of a variable, an empty text is as good as none.
  if (own['database'] === '') own['database'] = undefined;
  const settings = { ...own, ...(chosen && parseUrl(chosen, place)) };
  if (url === '') throw unreadableUrl(place);
  const { overwrite, addIfNotExists, ...merged } = settings;
  const last = isRecord(overwrite) ? overwrite : {};
  for (const [key, value] of Object.entries(isRecord(addIfNotExists) ? addIfNotExists : {})) {
    if (!merged[key] && !last[key]) merged[key] = value;
  }
  return { ...merged, ...last };
}

/** What may say where the server is. */
const NAMING = ['host', 'port', 'user', 'username', 'password', 'database'] as const;

/**
 * Whether all that settings say of a server was to come from variables that are not set. db-migrate
 * would go to the server of this machine.
 */
export function isUnset(given: Settings, databaseUrl: string | undefined): boolean {
  const named = NAMING.filter((key) => key in given);
  const { url, overwrite, addIfNotExists } = given;
  const elsewhere = [url, overwrite, addIfNotExists, databaseUrl].some(Boolean);
  if (named.length > 0) return !elsewhere && !named.some((key) => given[key]);
  return 'url' in given && !elsewhere;
}

/** A database whose name is there and empty has the value `undefined`. */
function toConnection(settings: Settings): ClientConfig {
  const { port, ssl, native } = settings;
  const connection = Object.fromEntries(
    Object.entries(settings).filter(([key]) => !DB_MIGRATE_SETTINGS.has(key)),
  );
  const user = settings['user'] || settings['username'];
  if (user) connection['user'] = user;
  if (typeof port === 'string' && port !== '') connection['port'] = Number.parseInt(port, 10);
  if (isRecord(ssl) && !native) connection['ssl'] = withCertificates(ssl);
  // The driver's own default, where pg's would be the name of the user.
  if (!('database' in connection)) connection['database'] = 'postgres';
  return { ...connection, database: textOf(connection['database']) };
}

function parseUrl(url: string, place: SettingsPlace): Record<string, string> {
  const settings = parseDatabaseUrl(url);
  if (!settings) throw unreadableUrl(place);
  checkDriver(settings['driver'], place);
  return settings;
}

/**
 * Refuses what is no driver of PostgreSQL.
 *
 * @throws KnexwardError `DB_MIGRATE_CONFIG`
 */
function checkDriver(driver: unknown, place: SettingsPlace): void {
  const { name } = place;
  if (typeof driver === 'string' && POSTGRES_DRIVERS.has(driver)) return;
  if (typeof driver === 'string') {
    throw broken(
      place,
      `uses the driver "${driver}" for ${name}; knexward works with PostgreSQL only`,
      `Remove ${name} from the file, or give it "driver": "pg".`,
    );
  }
  throw broken(
    place,
    `names no driver for ${name}, and DATABASE_URL is not set`,
    `Set DATABASE_URL, or write "driver": "pg" and the connection into ${name}.`,
  );
}

/**
 * Refuses what can be seen to be wrong whatever the variables say.
 *
 * @throws KnexwardError `DB_MIGRATE_CONFIG`
 */
export function checkSettings(given: string | Settings, place: SettingsPlace): void {
  if (typeof given === 'string') {
    parseUrl(given, place);
    return;
  }
  const { driver, tunnel, url } = given;
  if (tunnel) throw usesTunnel(place);
  const required = isRecord(driver) ? driver['require'] : driver;
  if (typeof required === 'string') checkDriver(required, place);
  if (typeof url === 'string') parseUrl(url, place);
}

function usesTunnel(place: SettingsPlace): KnexwardError {
  return broken(
    place,
    `connects ${place.name} through an SSH tunnel, which knexward does not open`,
    `Open the tunnel outside (ssh -L), point ${place.name} at its local end, and remove "tunnel".`,
  );
}

function unreadableUrl(place: SettingsPlace): KnexwardError {
  return broken(
    place,
    `gives ${place.name} a connection URL that cannot be read`,
    'Write it as postgres://user:password@host:5432/database, special characters encoded (%40 for @), each parameter once.',
  );
}

/** A configuration of db-migrate's that cannot be used. */
export function broken({ path }: SettingsPlace, problem: string, fix: string): KnexwardError {
  return new KnexwardError('DB_MIGRATE_CONFIG', { message: `${path} ${problem}.`, fix });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
