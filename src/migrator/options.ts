import { type Knex } from 'knex';
import { type Config, type KnexwardKey } from '../config/settings.js';
import { KnexwardError } from '../errors.js';
import { type Plan } from '../plan/plan.js';
import { type RunListener } from '../run/events.js';

/** Where the configuration comes from: one of the three, or the knexfile of the working directory. */
export type MigratorSource =
  | {
      /**
       * The application's own Knex. Its configuration is used, on connections of knexward's own: see
       * `createMigrator`. It is neither changed nor destroyed.
       */
      knex: Knex;
      config?: undefined;
      knexfile?: undefined;
    }
  | {
      /** What a knexfile may export: one environment's configuration, or several by name. */
      config: Config;
      knex?: undefined;
      knexfile?: undefined;
    }
  | {
      /** The path of a knexfile, relative to `cwd`; else the one in `.`, `src/config` or `config`. */
      knexfile?: string | undefined;
      knex?: undefined;
      config?: undefined;
    };

/** What `createMigrator` takes: where the configuration is, and what holds for every call. */
export type MigratorOptions = MigratorSource & {
  /** The environment; else `NODE_ENV`, else `development`, else `dev`. */
  env?: string | undefined;
  /** The project's folder, which relative paths start from; else the working directory. */
  cwd?: string | undefined;
  /** A sub-folder of the migrations folder: its migrations and no others. */
  scope?: string | undefined;
  /** Goes before the configuration's own key `knexward`, such as `{ waitForLock: '10min' }`. */
  settings?: KnexwardKey | undefined;
  /** Hears of the progress of every call that does not bring a listener of its own. */
  listener?: RunListener | undefined;
};

/** What each call may be told. */
export interface CallOptions {
  /**
   * Hears what happens, as it happens. What it throws does not touch the run: it becomes a warning
   * of the process (`process.on('warning', …)`), once a call.
   */
  listener?: RunListener | undefined;
  /** Stops the run: the statement under way is cancelled, rolled back and recorded. */
  signal?: AbortSignal | undefined;
}

/** How far to go up. Nothing given: all that is pending. */
export interface UpExtent {
  /** Up to and including this migration: its name, without the extension, or a beginning of it. */
  name?: string | undefined;
  /** At most so many. */
  count?: number | undefined;
}

/** How far to go down: one of these. Nothing given: the last batch. */
export interface DownExtent {
  /** Down to and including this migration: its name, without the extension, or a beginning of it. */
  name?: string | undefined;
  /** The last so many, whatever their batch. */
  count?: number | undefined;
  /** Everything. */
  all?: boolean | undefined;
}

interface Confirmable {
  /** Is shown the plan before anything is changed, and throws to stop. */
  confirm?: ((plan: Plan) => Promise<void>) | undefined;
}

/** What `up` takes. */
export type UpOptions = UpExtent &
  CallOptions &
  Confirmable & {
    /** `false`: replays everything, also where an empty database could begin with the baseline. */
    baseline?: boolean | undefined;
  };

/** What `down` takes. */
export type DownOptions = DownExtent & CallOptions & Confirmable;

/** What `baseline` takes. */
export interface BaselineCallOptions extends CallOptions {
  /** Up to and including this migration; the last one unless given. */
  name?: string | undefined;
  /** Writes values that differ from replay to replay, so that every database gets the same. */
  freeze?: boolean | undefined;
}

/** What `plan` takes: `up`, unless told otherwise, and how far. */
export type PlanOptions =
  ({ direction?: 'up' | undefined } & UpExtent) | ({ direction: 'down' } & DownExtent);

/** What `wait` takes. */
export interface WaitForOthersOptions extends CallOptions {
  /** For how long, in milliseconds; for ever unless given. */
  timeoutMs?: number | undefined;
}

/** What `resolve` takes. */
export interface ResolveOptions {
  /** The migration: its name, without the extension, or a beginning of it. */
  name: string;
  /** What is true of it. */
  verdict: 'applied' | 'reverted' | 'checksum';
}

const SOURCES = ['knex', 'config', 'knexfile'];
const MIGRATOR_OPTIONS = [...SOURCES, 'env', 'cwd', 'scope', 'settings', 'listener'];

/**
 * @param maker the function of the library that was given them
 * @param without those of a migrator's options that it does not take
 * @throws KnexwardError `USAGE` for options that do not say one thing.
 */
export function checkMigratorOptions(
  options: MigratorOptions,
  maker = 'createMigrator',
  without: readonly string[] = [],
): void {
  if (typeof options === 'function') {
    throw usage(`${maker} was given a function.`, `Write ${maker}({ knex }).`);
  }
  const known = MIGRATOR_OPTIONS.filter((name) => !without.includes(name));
  checkKnown(options, known, maker);
  const given = SOURCES.filter((source) => options[source as keyof MigratorSource] !== undefined);
  if (given.length > 1) {
    throw usage(
      `${maker} was given ${given.join(' and ')}; each says where the configuration is.`,
      'Give one of them.',
    );
  }
  // What is undefined by mistake would otherwise lead to another database, the knexfile's.
  const lost = SOURCES.filter((source) => source in options && !given.includes(source));
  if (lost.length > 0 && given.length === 0) {
    throw usage(`${maker} was given ${lost.join(', ')}: undefined.`, 'Is it set yet?');
  }
}

/**
 * Checks how far a call is to go: a misspelt word, or a negative number, would otherwise lead
 * further than meant.
 *
 * @throws KnexwardError `USAGE`
 */
export function checkExtent(options: DownExtent, known: readonly string[], method: string): void {
  checkKnown(options, known, method);
  const { name, count, all } = options;
  if (count !== undefined && !(Number.isInteger(count) && count >= 0)) {
    throw usage(`${method} was given count: ${String(count)}.`, 'Give a whole number, 0 or more.');
  }
  const ways = [name, count, all || undefined].filter((way) => way !== undefined);
  if (method === 'down' && ways.length > 1) {
    throw usage(
      'A name, a count and all each say how far down to go; give only one of them.',
      'Leave out the others.',
    );
  }
}

const VERDICTS: readonly unknown[] = ['applied', 'reverted', 'checksum'];

/** @throws KnexwardError `USAGE` for what names no migration, or says nothing about it */
export function checkResolve(options: ResolveOptions): void {
  checkKnown(options, ['name', 'verdict'], 'resolve');
  const { name, verdict } = options as Partial<ResolveOptions>;
  if (!name) throw usage('resolve was given no name.', 'Give { name, verdict }.');
  if (VERDICTS.includes(verdict)) return;
  throw usage(
    `resolve was given verdict: ${String(verdict)}.`,
    `Give one of: ${VERDICTS.join(', ')}.`,
  );
}

/** @throws KnexwardError `USAGE` for an option that the method does not have. */
export function checkKnown(options: object, known: readonly string[], method: string): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw usage(`${method} does not know the option "${unknown}".`, `It knows: ${known.join(', ')}.`);
}

function usage(message: string, fix: string): KnexwardError {
  return new KnexwardError('USAGE', { message, fix });
}
