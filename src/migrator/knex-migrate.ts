import { type Knex } from 'knex';
import { type KnexwardKey } from '../config/settings.js';
import { type RunListener } from '../run/events.js';
import { configOfKnex } from './application-knex.js';

type Config = Knex.MigratorConfig;
type ConfigWithHooks = Knex.MigratorConfigWithLifecycleHooks;

/** The migrations that a call has run: the batch, and their names. */
export type BatchAndNames = [batch: number, names: string[]];

type Methods =
  | 'make'
  | 'latest'
  | 'rollback'
  | 'status'
  | 'currentVersion'
  | 'list'
  | 'up'
  | 'down'
  | 'forceFreeMigrationsLock';

/** `knex.migrate`, method by method; where Knex's types say `any`, these say what it is. */
export interface KnexMigrate extends Pick<Knex.Migrator, Methods> {
  latest(config?: ConfigWithHooks): Promise<BatchAndNames>;
  up(config?: ConfigWithHooks): Promise<BatchAndNames>;
  down(config?: ConfigWithHooks): Promise<BatchAndNames>;
  /** Runs what is pending up to the migration of that name, and that one. Since Knex 3.3. */
  to(config?: ConfigWithHooks): Promise<BatchAndNames>;
  /** Runs what is pending before the migration of that name. Since Knex 3.3. */
  before(config?: ConfigWithHooks): Promise<BatchAndNames>;
  rollback(config?: ConfigWithHooks, all?: boolean): Promise<BatchAndNames>;
  /** What is applied, and what is pending in the form that the migration source gives it. */
  list(config?: Config): Promise<[completed: { name: string }[], pending: unknown[]]>;
  forceFreeMigrationsLock(config?: Config): Promise<void>;
}

/** What holds for every call, and has no place in Knex's own configuration. */
export interface KnexMigrateOptions {
  /** Goes before the key `knexward` of the instance's configuration. */
  settings?: KnexwardKey | undefined;
  /** Hears what happens, as it happens. */
  listener?: RunListener | undefined;
  /** Stops a run: the statement under way is cancelled, rolled back and recorded. */
  signal?: AbortSignal | undefined;
}

/**
 * `knex.migrate` on knexward: the same methods, values and errors, with one runner at a time, each
 * change in a transaction of its own together with its history row, and no lock left behind. It
 * runs on connections of its own, for the reasons that `createMigrator` gives.
 *
 * A migration that fails rejects with its own error, as in Knex. What Knex does not have, such as
 * `NOT_ADOPTED`, is a `KnexwardError`. docs/library.md says where the two differ.
 *
 * @throws KnexwardError `USAGE` or `UNSUPPORTED_CLIENT` for what is no Knex instance on PostgreSQL.
 *
 * @example
 * import createKnex from 'knex';
 * import { knexMigrate } from 'knexward';
 *
 * const knex = createKnex({ client: 'pg', connection: process.env['DATABASE_URL'] ?? '' });
 * const [batch, names] = await knexMigrate(knex).latest(); // was: knex.migrate.latest()
 * console.log(`Batch ${batch}: ${names.join(', ')}`);
 */
export function knexMigrate(knex: Knex, options: KnexMigrateOptions = {}): KnexMigrate {
  configOfKnex(knex);
  const face = async () => new (await import('./as-knex/methods.js')).AsKnex(knex, options);
  return {
    latest: async (config) => (await face()).latest(config),
    up: async (config) => (await face()).up(config),
    down: async (config) => (await face()).down(config),
    to: async (config) => (await face()).to(config),
    before: async (config) => (await face()).before(config),
    rollback: async (config, all) => (await face()).rollback(config, all),
    list: async (config) => (await face()).list(config),
    currentVersion: async (config) => (await face()).currentVersion(config),
    status: async (config) => (await face()).status(config),
    make: async (name, config) => (await face()).make(name, config),
    forceFreeMigrationsLock: async (config) => (await face()).forceFreeMigrationsLock(config),
  };
}
