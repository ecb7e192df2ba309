import { commandLine } from '../command-line.js';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Knex } from 'knex';
import { type ClientConfig } from 'pg';
import { KnexwardError } from '../errors.js';
import { resolveConnection } from './connection.js';
import { loadKnexfile, selectEnvironment } from './knexfile.js';
import { narrowToScope } from './scope.js';
import { type EnvironmentConfig, resolveSettings, type Settings } from './settings.js';

/** What the command line, or a caller of the library, asks for. */
export interface ConfigRequest {
  /** The project's folder; the working directory unless given. */
  cwd?: string | undefined;
  /** The environment; else `NODE_ENV`, else `development`, else `dev`. */
  env?: string | undefined;
  /** The path of the knexfile, where it is not in one of the usual places. */
  knexfile?: string | undefined;
  /** A sub-folder of the migrations folder: its migrations and no others, as `db-migrate up:scope`. */
  scope?: string | undefined;
}

/** Where the database is: a server that somebody runs, or the embedded one. */
export type DatabaseLocation =
  { kind: 'server'; connection: ClientConfig } | { kind: 'embedded'; folder: string };

/** Where the migrations are and which tables keep their history, with Knex's defaults filled in. */
export interface MigrationsConfig {
  directories: string[];
  /** The sub-folder of them that is meant, and the start of its migrations' names. */
  scope: string | null;
  tableName: string;
  schemaName: string | null;
  /** Schemas of which the first that has a history is meant, where `schemaName` cannot say it. */
  historyPath: readonly string[] | null;
  disableTransactions: boolean;
  sortDirsSeparately: boolean;
  loadExtensions: readonly string[] | null;
  source: Knex.MigrationSource<unknown> | null;
  hooks: LifecycleHooks;
}

/** A hook of Knex's migrator: called with the connection or transaction, and the migrations. */
export type LifecycleHook = (knex: Knex, migrations: readonly unknown[]) => Promise<void> | void;

/** Knex's lifecycle hooks, which its own types do not have yet. */
export interface LifecycleHooks {
  beforeAll?: LifecycleHook;
  beforeEach?: LifecycleHook;
  afterEach?: LifecycleHook;
  afterAll?: LifecycleHook;
}

/** A project's configuration for one environment, as far as no database is needed. */
export interface ProjectConfig {
  projectRoot: string;
  environment: string;
  production: boolean;
  knexfile: string | null;
  knex: EnvironmentConfig;
  migrations: MigrationsConfig;
  settings: Settings;
}

/** The database that is worked on, in the words of the server; host and port as it was connected to. */
export interface DatabaseInUse {
  user: string;
  host: string;
  port: number;
  database: string;
  /** The schema of the history, as far as there is one. */
  schema: string | null;
}

/** Everything that is known before anything is read or connected to. */
export interface ResolvedConfig extends ProjectConfig {
  database: DatabaseLocation;
  /** Called with each Knex instance that is made for this configuration. */
  onKnex?: (knex: Knex) => void;
  /** Called each time that the history is looked for, before anything is done. */
  onDatabase?: ((database: DatabaseInUse) => void) | undefined;
}

/**
 * Turns a request, the knexfile and the process environment into one resolved configuration.
 *
 * @throws KnexwardError with exit code 2 for anything that is wrong with the configuration.
 */
export async function resolveConfig(request: ConfigRequest): Promise<ResolvedConfig> {
  return withDatabase(await resolveProject(request));
}

/**
 * The part of the configuration that needs no database. The project's `.env` is read first, as
 * db-migrate did; it never overrides what is set.
 *
 * @throws KnexwardError with exit code 2 for anything that is wrong with the configuration.
 */
export async function resolveProject(request: ConfigRequest): Promise<ProjectConfig> {
  const projectRoot = resolve(request.cwd ?? process.cwd());
  if (!existsSync(projectRoot)) {
    throw new KnexwardError('USAGE', {
      message: `There is no folder ${projectRoot}.`,
      fix: 'Correct --cwd.',
    });
  }
  await loadDotenv(projectRoot);
  const knexfile = await loadKnexfile(projectRoot, request.knexfile);
  const wanted = request.env ?? (process.env['NODE_ENV'] || undefined);
  const { name, config } = knexfile
    ? selectEnvironment(knexfile, wanted)
    : { name: wanted ?? 'development', config: {} };
  const project = projectConfig(projectRoot, name, config, knexfile?.path ?? null);
  return request.scope === undefined ? project : narrowToScope(project, request.scope);
}

/** The configuration of one environment whose content is known. */
export function projectConfig(
  projectRoot: string,
  environment: string,
  knex: EnvironmentConfig,
  knexfile: string | null,
): ProjectConfig {
  const names = [environment, process.env['NODE_ENV']];
  return {
    projectRoot,
    environment,
    production: names.includes('production') || names.includes('prod'),
    knexfile,
    knex,
    migrations: resolveMigrations(projectRoot, knexfile, knex.migrations ?? {}),
    settings: resolveSettings(knex.knexward),
  };
}

/**
 * Adds where the database is.
 *
 * @throws KnexwardError `NO_DATABASE` where none is named and the embedded one may not stand in.
 */
export async function withDatabase(project: ProjectConfig): Promise<ResolvedConfig> {
  const { projectRoot, knex, settings, production } = project;
  const connection = await resolveConnection(knex, process.env);
  if (connection) return { ...project, database: { kind: 'server', connection } };
  if (production || settings.embedded === false) {
    throw new KnexwardError('NO_DATABASE', {
      message: 'No database is named: not in the knexfile, not in DATABASE_URL, not in PGHOST.',
      fix: 'Set DATABASE_URL, or give the environment a connection in the knexfile.',
    });
  }
  const named = typeof settings.embedded === 'string' ? settings.embedded : '.knexward';
  const folder = resolve(projectRoot, named);
  refuseEmptyProject(project, folder);
  return { ...project, database: { kind: 'embedded', folder } };
}

/** A server is not started in a folder that is no project: it is the wrong one, most likely. */
function refuseEmptyProject(project: ProjectConfig, embeddedFolder: string): void {
  const { knexfile, projectRoot, migrations } = project;
  const places = [...migrations.directories, embeddedFolder];
  if (knexfile !== null || places.some((path) => existsSync(path))) return;
  throw new KnexwardError('USAGE', {
    message: `${projectRoot} holds no knexfile and no migrations folder, and no database is named.`,
    fix: `Run knexward in the project's folder (or give --cwd). To begin here: ${commandLine('create', 'first_migration')}`,
  });
}

async function loadDotenv(projectRoot: string): Promise<void> {
  const path = join(projectRoot, '.env');
  if (!existsSync(path)) return;
  const { config } = await import('dotenv');
  config({ path, quiet: true });
}

/**
 * What a migration source of knexward's tells its folder under. Registered by name: the knexfile
 * may have loaded another copy of this package.
 */
export const MIGRATION_SOURCE = Symbol.for('knexward.migrationSource');

interface OwnSource {
  [MIGRATION_SOURCE]?: string | readonly string[];
}

/** The migration source that counts: as in Knex, whatever says something about files puts it aside. */
export function sourceOf(
  given: Knex.MigratorConfig,
): (Knex.MigrationSource<unknown> & OwnSource) | undefined {
  const { directory, sortDirsSeparately, loadExtensions, migrationSource } = given;
  if (directory || sortDirsSeparately !== undefined || loadExtensions) return undefined;
  return migrationSource ?? undefined;
}

/**
 * A relative `directory` is looked for beside the knexfile first and then in the project's
 * folder: Knex's own command line changes into the knexfile's folder, its library does not.
 */
function resolveMigrations(
  projectRoot: string,
  knexfile: string | null,
  given: Knex.MigratorConfig & LifecycleHooks,
): MigrationsConfig {
  const bases = knexfile === null ? [projectRoot] : [dirname(knexfile), projectRoot];
  const source = sourceOf(given);
  const ownDirectory = source?.[MIGRATION_SOURCE];
  const directories = [given.directory ?? ownDirectory ?? './migrations']
    .flat()
    .map((directory) => {
      const candidates = bases.map((base) => resolve(base, directory));
      return candidates.find((path) => existsSync(path)) ?? (candidates.at(-1) as string);
    });
  const { beforeAll, beforeEach, afterEach, afterAll } = given;
  return {
    directories,
    scope: null,
    tableName: given.tableName ?? 'knex_migrations',
    schemaName: given.schemaName ?? null,
    historyPath: null,
    disableTransactions: given.disableTransactions ?? false,
    sortDirsSeparately: given.sortDirsSeparately ?? false,
    loadExtensions: given.loadExtensions ?? null,
    source: ownDirectory === undefined ? (source ?? null) : null,
    hooks: {
      ...(beforeAll && { beforeAll }),
      ...(beforeEach && { beforeEach }),
      ...(afterEach && { afterEach }),
      ...(afterAll && { afterAll }),
    },
  };
}
