import { resolve } from 'node:path';
import { connectionFromEnvironment, resolveConnection } from '../config/connection.js';
import { readDotenv } from '../config/dotenv.js';
import { knexfileIn } from '../config/knexfile.js';
import {
  type ConfigRequest,
  type ProjectConfig,
  projectConfig,
  type ResolvedConfig,
  resolveProject,
  withUrl,
  withDatabase,
} from '../config/resolve.js';
import { type EnvironmentConfig } from '../config/settings.js';
import {
  type DbMigrateConfig,
  defaultEnvironmentName,
  resolveDbMigrateEnvironment,
} from '../db-migrate/config.js';
import { KnexwardError } from '../errors.js';
import { type DbMigrateProject, type ProjectHints } from './project.js';

/**
 * The configuration that a takeover works with: the knexfile's where there is one, else that of
 * db-migrate's own file, so that the database is reached the way it always was.
 *
 * @throws KnexwardError `NOT_A_DB_MIGRATE_PROJECT` where nothing says where the database is.
 */
export async function adoptionConfig(
  project: DbMigrateProject,
  request: ConfigRequest,
  hints: ProjectHints & { schema?: string | undefined },
): Promise<ResolvedConfig> {
  const { root } = project;
  const { schema } = hints;
  if (hasKnexfile(project, request)) {
    const known = await resolveProject(request);
    const { dbMigrate } = known.settings;
    const table = hints.table ?? dbMigrate.table;
    const found = { table, schema: schema ?? dbMigrate.schema };
    // Whoever adopts has files of db-migrate's, whether or not the knexfile says so.
    const knexward = { ...known.knex.knexward, dbMigrate: known.knex.knexward?.dbMigrate ?? {} };
    return withDatabase({
      ...known,
      knex: { ...known.knex, knexward },
      settings: { ...known.settings, dbMigrate: found },
    });
  }
  // database.json's variables may come from it.
  await readDotenv(root);
  const { environment, config } = project.config
    ? fromDbMigrate(project.config, project, request.env)
    : { environment: request.env ?? 'dev', config: {} };
  const dbMigrate = {
    table: project.table,
    ...config.knexward?.dbMigrate,
    ...(schema && { schema }),
  };
  const directory = resolve(root, project.migrationsDirectory);
  const completed: EnvironmentConfig = {
    client: 'pg',
    ...config,
    migrations: { ...config.migrations, directory },
    knexward: { embedded: false, dbMigrate },
  };
  return reach(projectConfig(root, environment, withUrl(completed, request.url), null), project);
}

function hasKnexfile(project: DbMigrateProject, request: ConfigRequest): boolean {
  return request.knexfile !== undefined || knexfileIn(project.root) !== undefined;
}

function fromDbMigrate(
  dbMigrate: DbMigrateConfig,
  project: DbMigrateProject,
  wanted: string | undefined,
): { environment: string; config: EnvironmentConfig } {
  const environment = wanted ?? ownEnvironment(dbMigrate);
  const { connection, schema } = resolveDbMigrateEnvironment(dbMigrate, environment, process.env);
  // A configured schema holds db-migrate's table, and Knex's goes beside it. "public" is what
  // db-migrate says where nothing is configured, and means: wherever the search path leads.
  const inSchema = schema !== 'public' && {
    searchPath: [schema, 'public'],
    migrations: { schemaName: schema },
    knexward: { dbMigrate: { table: project.table, schema } },
  };
  const config = { connection, ...inSchema };
  return { environment, config: config as EnvironmentConfig };
}

function ownEnvironment(config: DbMigrateConfig): string {
  const fromNode = process.env['NODE_ENV'];
  if (fromNode && Object.hasOwn(config.environments, fromNode)) return fromNode;
  const name = defaultEnvironmentName(config, process.env);
  if (name !== undefined) return name;
  throw new KnexwardError('UNKNOWN_ENVIRONMENT', {
    message: `${config.path} has neither a default environment nor one called dev or development.`,
    fix: `Choose one with --env: ${Object.keys(config.environments).join(', ')}.`,
  });
}

/** Without a connection in database.json, the process environment's counts, as with db-migrate. */
async function reach(config: ProjectConfig, project: DbMigrateProject): Promise<ResolvedConfig> {
  const connection =
    (await resolveConnection(config.knex, process.env)) ?? connectionFromEnvironment(process.env);
  if (connection) return { ...config, database: { kind: 'server', connection } };
  throw new KnexwardError('NOT_A_DB_MIGRATE_PROJECT', {
    message: `${project.root} holds no database.json and no knexfile, and DATABASE_URL is not set. Nothing was changed.`,
    fix: 'Run adopt in the folder that db-migrate runs in, name its configuration with --config, or set DATABASE_URL.',
  });
}
