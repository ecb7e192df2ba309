import type Bluebird from 'bluebird';
import { type DB_MIGRATE } from 'knexward/compat';
import { type Environment } from './environment.js';
import { type Argv } from './options.js';
import { type Plugins } from './plugins.js';

/** A Node-style callback. */
export type Callback = (error: unknown, result?: unknown) => void;

/**
 * Called when a command has done its work, in the place of db-migrate's own ending: with what it
 * worked with, of which the driver's `close` is left, and what came of it.
 */
export type OnComplete = (
  migrator: { driver: { close: (callback?: Callback) => Bluebird<void> } },
  internals: Internals,
  callback: Callback,
  error: unknown,
  results?: unknown,
) => void;

/** What the commands of one instance go by. Programs look into it, and change it. */
export interface Internals {
  argv: Argv;
  /** Whether a program uses db-migrate; else the command line does. */
  isModule: boolean;
  cwd: string;
  environment: Environment;
  plugins: Plugins;
  dbm: typeof DB_MIGRATE;
  /** `null`: db-migrate's own ending. */
  onComplete: OnComplete | null;
  /** The scope, `all`, or nothing. */
  migrationMode?: string | undefined;
  /** What is to be done with a database, or which kind of seeds. */
  mode?: string | undefined;
  verbose: boolean;
  dryRun: boolean;
  check: boolean;
  notransactions: boolean;
  ignoreCompleted: boolean;
  migrationTable: string;
  seedTable: string;
  migrationOptions: { dbmigrate: typeof DB_MIGRATE; ignoreOnInit: boolean };
  /** Stops what is under way; only the command line has one. */
  signal?: AbortSignal;
}
