import { type Knex } from 'knex';
import { type ClientConfig } from 'pg';
import { type Config, type KnexwardKey } from '../config/settings.js';
import { type RunListener } from '../run/events.js';

/** Where the project is, and what its test databases depend on besides its migrations. */
export interface TestDatabaseOptions {
  /** The project's folder, which relative paths start from; else the working directory. */
  cwd?: string | undefined;
  /** The path of a knexfile, relative to `cwd`; else the one in `.`, `src/config` or `config`. */
  knexfile?: string | undefined;
  /** What a knexfile exports, in the place of one: one environment, or several by name. */
  config?: Config | undefined;
  /**
   * The environment, else `NODE_ENV`; where that is `test` and the knexfile has none of that name,
   * `development`. Never production.
   */
  env?: string | undefined;
  /** A sub-folder of the migrations folder: its migrations and no others. */
  scope?: string | undefined;
  /** Goes before the configuration's own key `knexward`, such as `{ waitForLock: '5min' }`. */
  settings?: KnexwardKey | undefined;
  /**
   * Files and folders outside of the migrations folder that migrations load, such as `./src/roles.ts`:
   * where one changes, the template is built anew.
   */
  dependsOn?: readonly string[] | undefined;
  /** Hears of the migrations while a template is built. */
  listener?: RunListener | undefined;
}

/** A database of a test's own, with everything in it that the migrations make. */
export interface TestDatabase {
  name: string;
  /** The connection as a URL, password included. */
  url: string;
  /** The connection for `pg`, and for Knex's `connection`. */
  connection: ClientConfig;
  /** The project's Knex configuration, with this database in it. */
  knexConfig: Knex.Config;
  /** Ends every connection to the database, and drops it. A second call does nothing. */
  drop: () => Promise<void>;
  /** The same, at the end of a block that has `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What `prepareTestDatabases` has made ready. */
export interface PreparedTestDatabases {
  /** The name of the template. */
  template: string;
  /** Whether it was built by this call. */
  built: boolean;
  /** Drops what tests have left, and stops the embedded server where nobody else uses it. */
  close: () => Promise<void>;
}
