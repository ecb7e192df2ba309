import { commandLine, shellWord } from '../command-line.js';
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Knex } from 'knex';
import { type ClientConfig } from 'pg';
import { KnexwardError } from '../errors.js';
import { rememberName } from '../printable.js';
import { connectionFromEnvironment, connectionFromUrl, resolveConnection } from './connection.js';
import { type Confinement } from './confinement.js';
import { dbMigrateConfigurationIn } from './db-migrate-traces.js';
import { dotenvNamingDatabase, readDotenv } from './dotenv.js';
import { loadKnexfile, selectEnvironment, unsetVariablesIn } from './knexfile.js';
import { type MigrationsConfig, resolveMigrations } from './migrations.js';
import { narrowToScope } from './scope.js';
import { type EnvironmentConfig, resolveSettings, type Settings } from './settings.js';
import { refuseWrongKinds } from './shapes.js';

/** What the command line, or a caller of the library, asks for. */
export interface ConfigRequest {
  /** The project's folder; the working directory unless given. */
  cwd?: string | undefined;
  /** The environment; else `NODE_ENV`, else `development`, else `dev`. */
  env?: string | undefined;
  /** The path of the knexfile, where it is not in one of the usual places. */
  knexfile?: string | undefined;
  /** Called with the folder that Knex's command line would work in, before the knexfile is loaded. */
  enter?: ((folder: string) => void) | undefined;
  /** Called when the knexfile is loaded; throws to stop. */
  loaded?: (() => void) | undefined;
  /** A connection URL in the place of the configuration's connection. */
  url?: string | undefined;
  /** A sub-folder of the migrations folder: its migrations and no others, as `db-migrate up:scope`. */
  scope?: string | undefined;
}

/** Where the database is: a server that somebody runs, or the embedded one. */
export type DatabaseLocation =
  { kind: 'server'; connection: ClientConfig } | { kind: 'embedded'; folder: string };

/** A project's configuration for one environment, as far as no database is needed. */
export interface ProjectConfig {
  projectRoot: string;
  environment: string;
  production: boolean;
  /** The path of the knexfile; `null` where there is none, or a program gave the configuration. */
  knexfile: string | null;
  /** Whether anything at all configures Knex here: a knexfile, or a program. */
  configured: boolean;
  /** Where relative paths in the configuration start. */
  workingDirectory: string;
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
  /** Refuses what would change more than this database. */
  confinement?: Confinement | undefined;
  /** The `PG*` variables that its connections are made under; those of now unless given. */
  pgVariables?: ReadonlyMap<string, string>;
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
 * The part of the configuration that needs no database. Where there is no knexfile, the project's
 * `.env` is read, as db-migrate did; it never overrides what is set. A knexfile reads for itself
 * what it needs, as under Knex's own command line.
 *
 * @throws KnexwardError with exit code 2 for anything that is wrong with the configuration.
 */
export async function resolveProject(request: ConfigRequest): Promise<ProjectConfig> {
  refuseEmpty(request);
  const projectRoot = resolve(request.cwd ?? process.cwd());
  for (const name of [projectRoot, process.env['NODE_ENV'] ?? '']) rememberName(name);
  if (!statSync(projectRoot, { throwIfNoEntry: false })?.isDirectory()) {
    throw new KnexwardError('USAGE', {
      message: `There is no folder ${projectRoot}.`,
      fix: 'Correct --cwd.',
    });
  }
  const knexfile = await loadKnexfile(projectRoot, request.knexfile, request.enter, request.loaded);
  if (!knexfile) readDotenv(projectRoot);
  const wanted = { given: request.env, fromNode: process.env['NODE_ENV'] || undefined };
  const { name, config } = knexfile
    ? selectEnvironment(knexfile, wanted)
    : { name: wanted.given ?? wanted.fromNode ?? 'development', config: {} };
  const project = projectConfig(
    projectRoot,
    name,
    withUrl(config, request.url),
    knexfile?.path ?? null,
    knexfile?.workingDirectory,
  );
  rememberNamesOf(project);
  return request.scope === undefined ? project : narrowToScope(project, request.scope);
}

function rememberNamesOf({ knex, migrations, settings }: ProjectConfig): void {
  const { directories, schemaName, tableName } = migrations;
  const searchPath = [knex.searchPath ?? []].flat();
  // A path is also shown from the project on.
  const folders = directories.flatMap((directory) => directory.split(/[\\/]/));
  for (const name of [...folders, ...searchPath, schemaName ?? '', tableName]) {
    rememberName(name);
  }
  rememberName(settings.dbMigrate.table);
}

/** What was given and is empty, as of an unset variable, does not stand for what is given nowhere. */
function refuseEmpty(request: ConfigRequest): void {
  for (const name of ['cwd', 'env', 'knexfile', 'url', 'scope'] as const) {
    if (request[name]?.trim() !== '') continue;
    throw new KnexwardError('USAGE', {
      message: `${name} is empty. Nothing was changed.`,
      fix: 'Set the variable that it comes from, or leave it out.',
    });
  }
}

/** A URL takes the place of the whole connection, as `--connection` does in Knex. */
export function withUrl(config: EnvironmentConfig, url: string | undefined): EnvironmentConfig {
  if (url === undefined) return config;
  const connection = connectionFromUrl(url, '--url');
  const replaced = { ...config, connection, connectionPool: undefined };
  return replaced as unknown as EnvironmentConfig;
}

/**
 * The configuration of one environment whose content is known.
 *
 * @param workingDirectory where relative paths in it start; the project's folder unless given
 */
export function projectConfig(
  projectRoot: string,
  environment: string,
  knex: EnvironmentConfig,
  knexfile: string | null,
  workingDirectory = projectRoot,
): ProjectConfig {
  refuseWrongKinds(knex);
  const names = [environment, process.env['NODE_ENV']];
  return {
    projectRoot,
    environment,
    production: names.some((name) => /^prod(?:uction)?$/i.test(name ?? '')),
    knexfile,
    workingDirectory,
    configured: knexfile !== null || CONFIGURING.some((key) => key in knex),
    knex,
    migrations: resolveMigrations(knex, workingDirectory),
    settings: resolveSettings(knex.knexward ?? {}),
  };
}

/** What shows that somebody has said where the database is, or wanted to. */
const CONFIGURING = ['client', 'dialect', 'connection', 'connectionPool'];

/**
 * Adds where the database is: the one that the configuration names. Where nothing is configured it
 * is the one that the process environment names. The embedded server stands in where the knexfile
 * says so, and where nothing at all names a database.
 *
 * @throws KnexwardError `NO_DATABASE` where none is named, `INVALID_CONNECTION` and
 * `UNSUPPORTED_CLIENT` as `resolveConnection`.
 */
export async function withDatabase(project: ProjectConfig): Promise<ResolvedConfig> {
  const { projectRoot, knex, settings, production, configured } = project;
  const connection = configured
    ? await resolveConnection(knex, process.env)
    : connectionFromEnvironment(process.env);
  if (connection) return { ...project, database: { kind: 'server', connection } };
  const { embedded } = settings;
  if (production || embedded === false || (embedded === null && !mayBegin(project))) {
    throw noDatabase(project);
  }
  const folder = resolve(projectRoot, typeof embedded === 'string' ? embedded : '.knexward');
  refuseEmptyProject(project, folder);
  return { ...project, database: { kind: 'embedded', folder } };
}

/** Whether the embedded server may stand in without being asked for. */
function mayBegin({ configured, projectRoot }: ProjectConfig): boolean {
  const ci = process.env['CI'];
  if (configured || (ci && ci !== 'false')) return false;
  return (
    dbMigrateConfigurationIn(projectRoot) === null &&
    dotenvNamingDatabase(projectRoot) === undefined
  );
}

function noDatabase(project: ProjectConfig): KnexwardError {
  const { knexfile, environment, configured, projectRoot, production } = project;
  if (!configured) return nothingConfigured(projectRoot);
  const unset = knexfile === null ? [] : unsetVariablesIn(knexfile, process.env);
  const reason =
    unset.length === 0
      ? ''
      : ` It reads ${unset.join(', ')}, which ${unset.length === 1 ? 'is' : 'are'} not set.`;
  const where = knexfile === null ? 'The given configuration' : `The knexfile ${knexfile}`;
  const dotenv = existsSync(join(projectRoot, '.env'))
    ? " There is a .env file, which neither Knex nor knexward reads where there is a knexfile: load it in the knexfile, for example with require('dotenv').config()."
    : '';
  const embedded = production
    ? ''
    : ' To use the embedded PostgreSQL: knexward: { embedded: true }.';
  return new KnexwardError('NO_DATABASE', {
    message: `${where} names no database for the environment "${environment}".${reason}`,
    fix: `${unset.length === 0 ? 'Give it a connection.' : `Set ${unset.join(', ')}.`}${dotenv}${embedded}`,
  });
}

function nothingConfigured(projectRoot: string): KnexwardError {
  const dotenv = dotenvNamingDatabase(projectRoot);
  const own = dotenv !== undefined && dirname(dotenv) === projectRoot;
  const above = dotenv !== undefined && !own ? `, but ${dotenv} names a database` : '';
  return new KnexwardError('NO_DATABASE', {
    message: `No database is named: there is no knexfile, and neither DATABASE_URL nor PGHOST is set${above}.`,
    fix: own
      ? 'The .env file names one, but was not read: a variable that is set, even to nothing, goes before it, and it has to be text in UTF-8. Unset the variable, or set DATABASE_URL.'
      : dotenv !== undefined
        ? `Only a .env in the project's own folder is read. Set DATABASE_URL to what that file says, or write a knexfile that loads it. If the project is ${dirname(dotenv)}, run the command there: cd ${shellWord(dirname(dotenv))}`
        : dbMigrateConfigurationIn(projectRoot) !== null
          ? `Take the project over from db-migrate: ${commandLine('adopt', '--dry-run')}`
          : 'Set DATABASE_URL, or write a knexfile with a connection.',
  });
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
