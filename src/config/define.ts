import { type Knex } from 'knex';
import { type LifecycleHooks } from './migrations.js';
import { type EnvironmentConfig, type KnexwardKey } from './settings.js';

/** Knex's configuration of migrations, with the hooks that its own type of it lacks. */
export interface DefinedMigrations extends Knex.MigratorConfig, LifecycleHooks {}

/** One environment, as `defineConfig` takes it. */
export interface DefinedEnvironment extends Omit<EnvironmentConfig, 'migrations'> {
  migrations?: DefinedMigrations;
}

type Definable = DefinedEnvironment | Record<string, DefinedEnvironment>;
type MaybePromise<T> = T | Promise<T>;

/*
 * TypeScript looks for unknown keys in literals, but not in what a function returns. So what a
 * function returns is inferred, and its unknown keys are made an error here.
 */
type UnknownKeys<Shape, Given> = Given extends object ? Exclude<keyof Given, keyof Shape> : never;

type UnknownInEnvironment<Given> = Given extends object
  ? | UnknownKeys<DefinedEnvironment, Given>
    | (Given extends { migrations: infer Part } ? UnknownKeys<DefinedMigrations, Part> : never)
    | (Given extends { knexward: infer Part } ? UnknownKeys<KnexwardKey, Part> : never)
  : never;

/** What has a key of a configuration is one; else it has one for each environment. */
type UnknownIn<Given> = [Definable] extends [Given] // not inferred yet
  ? never
  : [Extract<keyof Given, keyof DefinedEnvironment>] extends [never]
    ? { [Name in keyof Given]: UnknownInEnvironment<Given[Name]> }[keyof Given]
    : UnknownInEnvironment<Given>;

type RefuseUnknown<Key> = [Key] extends [never] ? unknown : { 'unknown key': Key };

/** Without it, a function would do as a configuration that has no environment. */
interface NoFunction {
  apply?: never;
}

/**
 * Types a knexfile: a key that is misspelt, of Knex's or of knexward's, does not compile. It takes one
 * configuration, several by the names of their environments, or a function that returns either, and
 * returns what it is given.
 *
 * @example
 * import { defineConfig } from 'knexward';
 *
 * export default defineConfig({
 *   development: { client: 'pg', connection: process.env['DATABASE_URL'] ?? '' },
 *   production: {
 *     client: 'pg',
 *     connection: process.env['DATABASE_URL'] ?? '',
 *     migrations: { directory: './migrations' },
 *     knexward: { lockTimeout: '3s', outOfOrder: 'refuse' },
 *   },
 * });
 */
export function defineConfig<Make extends () => MaybePromise<Definable>>(
  config: Make & RefuseUnknown<UnknownIn<Awaited<ReturnType<Make>>>>,
): Make;
export function defineConfig(config: DefinedEnvironment): DefinedEnvironment;
export function defineConfig<Name extends string>(
  config: Record<Name, DefinedEnvironment> & NoFunction,
): Record<Name, DefinedEnvironment>;
export function defineConfig<Given>(config: Given): Given {
  return config;
}
