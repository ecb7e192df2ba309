import { inspect } from 'node:util';
import { type Knex } from 'knex';
import { KnexwardError } from '../errors.js';
import { type Duration, parseDuration } from './duration.js';

/** One of many databases or schemas with the same migrations. */
export type FleetTarget = {
  /** What it is called everywhere: in output, reports and the journal. It is no secret. */
  id: string | number;
  /** What it can be ordered by, such as `{ plan: 'free', region: 'eu' }`. */
  labels?: Record<string, string | number> | undefined;
} & (
  | {
      /** The schema that it is, in the database of the knexfile or of its own connection. */
      schema: string;
      connection?: Knex.Config['connection'];
    }
  | {
      /** The database that it is. */
      connection: NonNullable<Knex.Config['connection']>;
      schema?: undefined;
    }
);

/**
 * Where the targets are: a query on the knexfile's own database whose rows are targets, a file with
 * a target as JSON in each line (or one list), the list itself, or a function that gives it.
 */
export type FleetTargets =
  | string
  | { file: string }
  | readonly FleetTarget[]
  | (() => Promise<readonly FleetTarget[]> | readonly FleetTarget[]);

/** A number of targets, or a share of them such as `'10%'`. */
export type FleetSize = number | string;

/** The entry `fleet` of the key `knexward`: many databases or schemas with the same migrations. */
export interface FleetKey {
  targets: FleetTargets;
  /** What follows a target's own schema in its search path, such as where extensions are. */
  searchPath?: string | readonly string[];
  /** How many targets are migrated at once (4). */
  concurrency?: number;
  /** How many of them on one server (as many as at once). */
  perServer?: number;
  /** How many go first; where one of them fails, no other begins (0). */
  canary?: FleetSize;
  /** How large each wave after them is; of several sizes, the last one repeats (all in one). */
  waves?: FleetSize | readonly FleetSize[];
  /** How long to wait between two waves (not at all). */
  pause?: Duration;
  /** After so many failures no other target begins (10). */
  stopAt?: FleetSize;
  /** The label by whose value targets are ordered; else they keep the order that they are given in. */
  order?: string;
}

/** A number of targets: so many, or a share of those that there are. */
export type Size = { count: number } | { share: number };

/** The entry with its defaults filled in. */
export interface FleetSettings {
  targets: FleetTargets;
  searchPath: readonly string[];
  concurrency: number;
  perServer: number;
  canary: Size;
  waves: readonly Size[];
  pause: number;
  stopAt: Size;
  order: string | null;
}

const KNOWN = [
  ...['targets', 'searchPath', 'concurrency', 'perServer', 'canary', 'waves', 'pause'],
  ...['stopAt', 'order'],
];

/**
 * Fills in the defaults.
 *
 * @throws KnexwardError `KNEXFILE_BROKEN` for an unknown entry or a value of the wrong kind
 */
export function resolveFleet(key: FleetKey | undefined): FleetSettings | null {
  if (key === undefined) return null;
  const unknown = Object.keys(key).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) {
    throw new KnexwardError('KNEXFILE_BROKEN', {
      message: `The knexfile's knexward.fleet holds "${unknown}", which knexward does not know.`,
      fix: `Known entries: ${KNOWN.join(', ')}.`,
    });
  }
  const concurrency = countOf(key.concurrency ?? 4, 'concurrency');
  return {
    targets: targetsOf(key.targets),
    searchPath: schemasOf(key.searchPath),
    concurrency,
    perServer: countOf(key.perServer ?? concurrency, 'perServer'),
    canary: readSize(key.canary ?? 0, 'canary', 0),
    waves: [key.waves ?? '100%'].flat().map((size) => readSize(size, 'waves')),
    pause: parseDuration(key.pause ?? 0, 'knexward.fleet.pause'),
    stopAt: readSize(key.stopAt ?? 10, 'stopAt'),
    order: key.order ?? null,
  };
}

/**
 * Reads a number of targets.
 *
 * @throws KnexwardError `KNEXFILE_BROKEN` for anything that is none
 */
export function readSize(value: unknown, name: string, least = 1): Size {
  const [, percent] = /^(\d{1,3}(?:\.\d+)?)%$/.exec(typeof value === 'string' ? value : '') ?? [];
  const share = Number(percent) / 100;
  if (share > 0 && share <= 1) return { share };
  const count = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (Number.isSafeInteger(count) && (count as number) >= least) return { count: count as number };
  throw wrong(value, name, "Write a number of targets, or a share such as '10%'.");
}

/** How many of so many targets a size is; of a share at least one, where there are any. */
export function sizeAmong(size: Size, all: number): number {
  if ('count' in size) return Math.min(size.count, all);
  return Math.min(Math.max(Math.ceil(size.share * all), 1), all);
}

function countOf(value: unknown, name: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
  throw wrong(value, name, 'Write a whole number, 1 or more.');
}

function schemasOf(value: unknown): string[] {
  const schemas: unknown[] = [value ?? []].flat();
  const isName = (schema: unknown): schema is string =>
    typeof schema === 'string' && schema !== '' && !schema.includes('\0');
  if (schemas.every(isName)) return schemas;
  throw wrong(value, 'searchPath', "Write a schema's name or a list of them.");
}

function targetsOf(given: unknown): FleetTargets {
  const isText = (text: unknown): boolean => typeof text === 'string' && text.trim() !== '';
  const file = (given as { file?: unknown } | null | undefined)?.file;
  if (typeof given === 'function' || Array.isArray(given) || isText(given) || isText(file))
    return given as FleetTargets;
  throw new KnexwardError('KNEXFILE_BROKEN', {
    message: "The knexfile's knexward.fleet.targets does not say where the targets are.",
    fix: "Write a query ('select id, schema from tenants'), a file ({ file: 'tenants.jsonl' }), a list, or a function that returns one.",
  });
}

function wrong(value: unknown, name: string, fix: string): KnexwardError {
  return new KnexwardError('KNEXFILE_BROKEN', {
    message: `${inspect(value, { depth: 1 })} is no value that the knexfile's knexward.fleet.${name} can have.`,
    fix,
  });
}
