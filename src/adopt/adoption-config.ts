import { resolve } from 'node:path';
import { resolveConnection } from '../config/connection.js';
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
  parseDbMigrateConfig,
  resolveDbMigrateEnvironment,
  schemaAlone,
} from '../db-migrate/config.js';
import { KnexwardError } from '../errors.js';
import { extensionsInForce } from './compiled.js';
import { type DbMigrateProject, type ProjectHints } from './project.js';

/**
 * The configuration that a takeover works with: the knexfile's where there is one, else that of
 * db-migrate's own file, so that the database is reached the way it always was.
 *
 * @throws KnexwardError `NOT_A_DB_MIGRATE_PROJECT` where nothing says where the database is,
 * `DUPLICATE_FILE` where each migration may have run twice.
 */
export async function adoptionConfig(
  project: DbMigrateProject,
  request: ConfigRequest,
  hints: ProjectHints & { schema?: string | undefined },
): Promise<ResolvedConfig> {
  const { root } = project;
  const { schema } = hints;
  if (hasKnexfile(root, request)) {
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
  const isNamed = project.config !== null || process.env['DATABASE_URL'] || request.url;
  if (!isNamed) throw nowhere(project);
  const environment = request.env ?? ownEnvironment(project);
  const config =
    project.config === null && request.url !== undefined
      ? {}
      : fromDbMigrate(configurationOf(project, environment), project, environment, {
          isElsewhere: request.url !== undefined,
          schema,
        });
  const dbMigrate = {
    table: project.table,
    ...config.knexward?.dbMigrate,
    ...(schema && { schema }),
  };
  const directory = resolve(root, project.migrationsDirectory);
  const loadExtensions = extensionsInForce(project);
  const completed: EnvironmentConfig = {
    client: 'pg',
    ...config,
    migrations: { ...config.migrations, directory, ...(loadExtensions && { loadExtensions }) },
    knexward: { embedded: false, dbMigrate },
  };
  return reach(projectConfig(root, environment, withUrl(completed, request.url), null), project);
}

/** Whether a takeover goes by a knexfile: one that is asked for, or the project's own. */
export function hasKnexfile(root: string, request: Pick<ConfigRequest, 'knexfile'>): boolean {
  return request.knexfile !== undefined || knexfileIn(root) !== undefined;
}

/** Without a file, db-migrate takes DATABASE_URL for each environment that it is asked for. */
function configurationOf({ config }: DbMigrateProject, environment: string): DbMigrateConfig {
  if (config !== null) return config;
  return parseDbMigrateConfig({ [environment]: { ENV: 'DATABASE_URL' } }, 'DATABASE_URL');
}

function fromDbMigrate(
  dbMigrate: DbMigrateConfig,
  project: DbMigrateProject,
  environment: string,
  /** Whether the command line names the database, and a schema perhaps. */
  given: { isElsewhere: boolean; schema: string | undefined },
): EnvironmentConfig {
  const alone = given.isElsewhere
    ? schemaAlone(dbMigrate, environment, process.env, given.schema)
    : undefined;
  const { connection, schema } =
    alone === undefined
      ? resolveDbMigrateEnvironment(dbMigrate, environment, process.env)
      : { connection: undefined, schema: alone };
  // A configured schema holds db-migrate's table, and Knex's goes beside it. "public" is what
  // db-migrate says where nothing is configured, and means: wherever the search path leads.
  const inSchema = schema !== 'public' && {
    searchPath: [schema, 'public'],
    migrations: { schemaName: schema },
    knexward: { dbMigrate: { table: project.table, schema } },
  };
  return { connection, ...inSchema } as EnvironmentConfig;
}

/**
 * The environment of a call that names none. From the takeover on, NODE_ENV counts, of which db-migrate
 * knows nothing: where the two mean different ones, a person has to say which is to be taken over.
 */
function ownEnvironment({ config, env }: DbMigrateProject): string {
  const fromNode = process.env['NODE_ENV'];
  if (config === null) return env ?? (fromNode || 'development');
  const byDefault = env ?? defaultEnvironmentName(config, process.env);
  const isNamed = fromNode && Object.hasOwn(config.environments, fromNode);
  if (isNamed && byDefault !== undefined && byDefault !== fromNode) {
    throw new KnexwardError('AMBIGUOUS_ENVIRONMENT', {
      message: `db-migrate uses the environment "${byDefault}" here, and NODE_ENV, which knexward goes by, names "${fromNode}". Nothing was changed.`,
      fix: `Choose one: --env ${byDefault} or --env ${fromNode}.`,
    });
  }
  const name = isNamed ? fromNode : byDefault;
  if (name !== undefined) return name;
  throw new KnexwardError('UNKNOWN_ENVIRONMENT', {
    message: `${config.path} has no environment that is used where none is named.`,
    fix: `Choose one with --env: ${Object.keys(config.environments).join(', ')}.`,
  });
}

async function reach(config: ProjectConfig, project: DbMigrateProject): Promise<ResolvedConfig> {
  const connection = await resolveConnection(config.knex, process.env);
  if (connection) return { ...config, database: { kind: 'server', connection } };
  throw nowhere(project);
}

function nowhere(project: DbMigrateProject): KnexwardError {
  return new KnexwardError('NOT_A_DB_MIGRATE_PROJECT', {
    message: `${project.root} holds no database.json and no knexfile, and DATABASE_URL is not set. Nothing was changed.`,
    fix: 'Run adopt in the folder that db-migrate runs in, name its configuration with --config, or set DATABASE_URL.',
  });
}
