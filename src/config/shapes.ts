import { inspect } from 'node:util';
import { KnexwardError } from '../errors.js';
import { reasonOf } from '../server-error.js';

/*
 * What each entry of a configuration may be. Knex itself would ignore a section of a wrong kind, or fail
 * in the middle of something else. Entries that Knex takes for a switch are not here: any value is one.
 */

type Kind = 'a text' | 'a number' | 'an object' | 'a list' | 'a function' | 'true or false';
/** The kinds that an entry may be of, or the entries of a section. */
type Shape = readonly Kind[] | Section;
interface Section {
  readonly [entry: string]: Shape;
}

const TEXT = ['a text'] as const;
const TEXTS = ['a text', 'a list'] as const;
const NUMBER = ['a number'] as const;
const OBJECT = ['an object'] as const;
const FUNCTION = ['a function'] as const;
const CONNECTION = ['a text', 'an object', 'a function'] as const;

const CONFIGURATION: Section = {
  client: ['a text', 'a function'],
  dialect: TEXT,
  version: TEXT,
  ext: TEXT,
  connection: CONNECTION,
  connectionPool: OBJECT,
  acquireConnectionTimeout: NUMBER,
  wrapIdentifier: FUNCTION,
  postProcessResponse: FUNCTION,
  log: { warn: FUNCTION, error: FUNCTION, debug: FUNCTION, deprecate: FUNCTION },
  userParams: OBJECT,
  pool: {
    min: NUMBER,
    max: NUMBER,
    acquireTimeoutMillis: NUMBER,
    createTimeoutMillis: NUMBER,
    createRetryIntervalMillis: NUMBER,
    destroyTimeoutMillis: NUMBER,
    idleTimeoutMillis: NUMBER,
    reapIntervalMillis: NUMBER,
    maxConnectionLifetimeMillis: NUMBER,
    maxConnectionLifetimeJitterMillis: NUMBER,
    afterCreate: FUNCTION,
    validate: FUNCTION,
    log: FUNCTION,
  },
  migrations: {
    extension: TEXT,
    loadExtensions: ['a list'],
    migrationSource: OBJECT,
    stub: TEXT,
    beforeAll: FUNCTION,
    beforeEach: FUNCTION,
    afterEach: FUNCTION,
    afterAll: FUNCTION,
  },
  seeds: {
    directory: TEXTS,
    extension: TEXT,
    loadExtensions: ['a list'],
    seedSource: OBJECT,
    specific: TEXT,
    stub: TEXT,
    variables: OBJECT,
  },
  knexward: {
    shadow: CONNECTION,
    adopt: TEXT,
    checksums: TEXT,
    outOfOrder: TEXT,
    production: { confirmDown: ['true or false'] },
    dbMigrate: { table: TEXT, schema: TEXT },
    formats: OBJECT,
    transactions: OBJECT,
    fleet: OBJECT,
  },
};

/** The sections in which an entry that is not listed is a misspelt one. */
const CLOSED = new Set(['knexward.production', 'knexward.dbMigrate']);

/**
 * Looks at each entry of a configuration.
 *
 * @throws KnexwardError `KNEXFILE_BROKEN` for an entry of a wrong kind, and for one that cannot be read,
 * as where it is a getter that throws; the message names the entry and never shows its value
 */
export function refuseWrongKinds(config: object): void {
  lookInto(config, CONFIGURATION, '');
}

function lookInto(section: object, shape: Section, path: string): void {
  for (const name of new Set([...Object.keys(section), ...Object.keys(shape)])) {
    const value = readEntry(section, name, path);
    const expected = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (value === undefined || value === null) continue;
    if (expected === undefined) {
      if (CLOSED.has(path)) throw unknown(`${path}.${name}`, Object.keys(shape));
    } else {
      lookAt(value, expected, pathOf(path, name));
    }
  }
}

function lookAt(value: unknown, expected: Shape, path: string): void {
  const kind = kindOf(value);
  if (isKinds(expected)) {
    if (!expected.some((each) => each === kind)) throw wrong(path, kind, expected);
  } else {
    if (typeof value !== 'object' || Array.isArray(value)) throw wrong(path, kind, OBJECT);
    lookInto(value as object, expected, path);
  }
}

const isKinds = (shape: Shape): shape is readonly Kind[] => Array.isArray(shape);

/** @throws KnexwardError `KNEXFILE_BROKEN` where the entry is a getter that throws */
export function readEntry(section: object, name: string, path = ''): unknown {
  try {
    return (section as Record<string, unknown>)[name];
  } catch (error) {
    throw new KnexwardError('KNEXFILE_BROKEN', {
      message: `The knexfile's ${pathOf(path, name)} cannot be read: ${reasonOf(error)}`,
      fix: 'Correct the getter.',
      cause: error,
    });
  }
}

function pathOf(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** A number that is none is no value of any kind. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  const kinds: Partial<Record<string, Kind>> = {
    string: 'a text',
    number: 'a number',
    object: 'an object',
    function: 'a function',
    boolean: 'true or false',
  };
  if (Number.isNaN(value)) return 'not a number';
  return kinds[typeof value] ?? `a ${typeof value}`;
}

function wrong(path: string, kind: string, expected: readonly Kind[]): KnexwardError {
  const is = kind === 'true or false' ? 'a boolean' : kind;
  return new KnexwardError('KNEXFILE_BROKEN', {
    message: `The knexfile's ${path} is ${is}. It has to be ${expected.join(' or ')}.`,
    fix: 'Correct it, set the variable that it is read from, or leave the entry out.',
  });
}

function unknown(path: string, known: readonly string[]): KnexwardError {
  return new KnexwardError('KNEXFILE_BROKEN', {
    message: `The knexfile's ${path} is an entry that knexward does not know.`,
    fix: `Known entries: ${known.map((name) => inspect(name)).join(', ')}.`,
  });
}
