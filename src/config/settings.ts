import { inspect } from 'node:util';
import { type Knex } from 'knex';
import { KnexwardError } from '../errors.js';
import { type Duration, parseDuration, shown } from './duration.js';
import { type FleetKey, type FleetSettings, resolveFleet } from './fleet.js';

/** How a migration file speaks: Knex's interface, or that of db-migrate's driver. */
export type MigrationFormat = 'knex' | 'db-migrate';

/**
 * The key `knexward` of a knexfile: what Knex has no word for. Every entry may be left out.
 *
 * @example
 * import { type Config } from 'knexward';
 *
 * const config: Config = {
 *   production: {
 *     client: 'pg',
 *     connection: process.env.DATABASE_URL ?? '',
 *     knexward: { lockTimeout: '3s', production: { confirmDown: true } },
 *   },
 * };
 */
export interface KnexwardKey {
  /** How long a change may wait for a table lock before it is rolled back and tried again (5 s). */
  lockTimeout?: Duration;
  /** How long one statement may run; no limit unless given. */
  statementTimeout?: Duration;
  /** How often a change that could not get its locks is tried again (5). */
  retries?: number;
  /** How long to wait for another runner to finish (60 s). */
  waitForLock?: Duration;
  /**
   * `true`: use the embedded PostgreSQL where the environment's connection has no value. A text: the
   * same, in that folder. `false`: never use it. Unless given, it is used only where nothing at all
   * names a database.
   */
  embedded?: boolean | string;
  /** A connection to a server on which `verify` and `plan` may make a database for the moment. */
  shadow?: Knex.Config['connection'];
  /** `auto`: `up` carries db-migrate's history over by itself, where it finds one. */
  adopt?: 'manual' | 'auto';
  /** Where applied files were edited since: `report` tells of it in `status` only; `stop`: `up` refuses. */
  checksums?: 'report' | 'stop';
  /**
   * Where a pending migration comes before an applied one, as after a branch was merged late: `warn`
   * (the default): `up` says so and applies it; `allow`: nothing is said; `refuse`: `up` stops.
   */
  outOfOrder?: 'allow' | 'warn' | 'refuse';
  /** Where the baseline is, from the project's folder; `false`: `up` never loads one. */
  baseline?: string | false;
  /** What is asked in production before it is done. */
  production?: { confirmDown?: boolean };
  /** Where db-migrate kept its history. */
  dbMigrate?: { table?: string | undefined; schema?: string | undefined };
  /** The format of a file or a folder, where its name does not say it. */
  formats?: Record<string, MigrationFormat>;
  /**
   * Whether a migration runs in a transaction, by its name, its file or a folder, where neither the file nor
   * Knex can say it: `{ '20150101000000-index.js': false }` for a file of db-migrate's.
   */
  transactions?: Record<string, boolean>;
  /** Many databases or schemas with the same migrations, for `knexward fleet`. */
  fleet?: FleetKey;
}

/** One environment of a knexfile: Knex's configuration, and the key `knexward`. */
export interface EnvironmentConfig extends Knex.Config {
  knexward?: KnexwardKey;
}

/** What a knexfile may export: one environment, or several by name. */
export type Config = EnvironmentConfig | Record<string, EnvironmentConfig>;

/** `KnexwardKey` with every default filled in and every duration in milliseconds. */
export interface Settings {
  lockTimeout: number;
  statementTimeout: number | null;
  retries: number;
  waitForLock: number;
  /** `null`: only where nothing at all names a database. */
  embedded: boolean | string | null;
  shadow: NonNullable<Knex.Config['connection']> | null;
  adopt: 'manual' | 'auto';
  checksums: 'report' | 'stop';
  outOfOrder: 'allow' | 'warn' | 'refuse';
  /** `null`: beside the migrations folder. */
  baseline: string | false | null;
  confirmDown: boolean;
  dbMigrate: { table: string; schema: string | null };
  formats: Record<string, MigrationFormat>;
  transactions: Record<string, boolean>;
  /** `null` where the project is no fleet. */
  fleet: FleetSettings | null;
}

const KNOWN_KEYS = new Set([
  'lockTimeout',
  'statementTimeout',
  'retries',
  'waitForLock',
  'embedded',
  'shadow',
  'adopt',
  'checksums',
  'outOfOrder',
  'baseline',
  'production',
  'dbMigrate',
  'formats',
  'transactions',
  'fleet',
]);

/**
 * Fills in the defaults.
 *
 * @throws KnexwardError `KNEXFILE_BROKEN` for an unknown entry or a value of the wrong kind, because
 * a misspelt `lockTimeout` in production would otherwise be found out at the worst moment.
 */
export function resolveSettings(key: KnexwardKey = {}): Settings {
  for (const name of Object.keys(key)) {
    if (!KNOWN_KEYS.has(name)) {
      throw new KnexwardError('KNEXFILE_BROKEN', {
        message: `The knexfile's key "knexward" holds "${name}", which knexward does not know.`,
        fix: `Known entries: ${[...KNOWN_KEYS].join(', ')}.`,
      });
    }
  }
  const retries = key.retries ?? 5;
  if (!Number.isInteger(retries) || retries < 0) {
    throw new KnexwardError('KNEXFILE_BROKEN', {
      message: `${shown(retries)} is no number of retries (knexward.retries).`,
      fix: 'Write a whole number, 0 or more.',
    });
  }
  return {
    lockTimeout: parseDuration(key.lockTimeout ?? '5s', 'knexward.lockTimeout'),
    statementTimeout:
      key.statementTimeout === undefined
        ? null
        : parseDuration(key.statementTimeout, 'knexward.statementTimeout'),
    retries,
    waitForLock: parseDuration(key.waitForLock ?? '60s', 'knexward.waitForLock'),
    embedded: embeddedOf(key.embedded),
    shadow: key.shadow ?? null,
    adopt: oneOf(['manual', 'auto'], key.adopt, 'adopt'),
    checksums: oneOf(['report', 'stop'], key.checksums, 'checksums'),
    outOfOrder: oneOf(['warn', 'allow', 'refuse'], key.outOfOrder, 'outOfOrder'),
    baseline: baselineOf(key.baseline),
    confirmDown: key.production?.confirmDown ?? true,
    dbMigrate: {
      table: key.dbMigrate?.table ?? 'migrations',
      schema: key.dbMigrate?.schema ?? null,
    },
    formats: formatsOf(key.formats),
    transactions: transactionsOf(key.transactions),
    fleet: resolveFleet(key.fleet),
  };
}

function embeddedOf(given: unknown): Settings['embedded'] {
  if (given === undefined || given === null) return null;
  if (typeof given === 'boolean') return given;
  // A variable's text is no switch.
  const isFolder = typeof given === 'string' && !/^(?:\s*|true|false)$|\0/.test(given);
  if (isFolder) return given;
  throw new KnexwardError('KNEXFILE_BROKEN', {
    message: `${inspect(given)} is no value that the knexfile's knexward.embedded can have.`,
    fix: 'Write true, false, or the folder of the embedded PostgreSQL.',
  });
}

function formatsOf(given: unknown): Settings['formats'] {
  if (given === undefined) return {};
  const entries = typeof given === 'object' && given !== null ? Object.values(given) : [null];
  if (entries.every((format) => format === 'knex' || format === 'db-migrate')) {
    return given as Settings['formats'];
  }
  throw new KnexwardError('KNEXFILE_BROKEN', {
    message: `${inspect(given)} is no value that the knexfile's knexward.formats can have.`,
    fix: "Write an object of files or folders: { 'migrations/old': 'db-migrate' }.",
  });
}

function transactionsOf(given: unknown): Settings['transactions'] {
  if (given === undefined) return {};
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  if (isObject && Object.values(given).every((value) => typeof value === 'boolean')) {
    return given as Settings['transactions'];
  }
  throw new KnexwardError('KNEXFILE_BROKEN', {
    message: `${inspect(given)} is no value that the knexfile's knexward.transactions can have.`,
    fix: "Write an object of migrations: { '20150101000000-index.js': false }.",
  });
}

function baselineOf(given: KnexwardKey['baseline']): Settings['baseline'] {
  if (given === undefined) return null;
  if (given === false || (typeof given === 'string' && given.endsWith('.sql'))) return given;
  throw new KnexwardError('KNEXFILE_BROKEN', {
    message: `${shown(given)} is no value that the knexfile's knexward.baseline can have.`,
    fix: 'Write the path of a file whose name ends in .sql, or false.',
  });
}

/** The first of the words where none is given. */
function oneOf<Word extends string>(
  words: readonly [Word, ...Word[]],
  given: Word | undefined,
  name: string,
): Word {
  if (given === undefined) return words[0];
  if (words.includes(given)) return given;
  throw new KnexwardError('KNEXFILE_BROKEN', {
    message: `${shown(given)} is no value that the knexfile's knexward.${name} can have.`,
    fix: `Write ${words.map((word) => `'${word}'`).join(' or ')}.`,
  });
}
