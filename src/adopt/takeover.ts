import { resolve } from 'node:path';
import { readDotenv } from '../config/dotenv.js';
import { type ConfigRequest, type ResolvedConfig } from '../config/resolve.js';
import { openSession, type Session } from '../database/session.js';
import {
  findAllMigrations,
  findMigrations,
  findScopedMigrations,
  type Migration,
} from '../files/find.js';
import { readHistory } from '../history/read.js';
import { type LockHolder } from '../transaction/runners-lock.js';
import { adoptionConfig, hasKnexfile } from './adoption-config.js';
import { type DbMigrateProject, inspectProject, type ProjectHints } from './project.js';
import { scopesWithOwnHistory } from './scopes.js';

/** Which project and which database, and how to go about it: what every step of a takeover takes. */
export interface TakeoverRequest extends Omit<ConfigRequest, 'scope'>, ProjectHints {
  /** The schema of db-migrate's table, where the configuration does not say. */
  schema?: string | undefined;
  /** See to the database and leave the project's files alone. */
  databaseOnly?: boolean | undefined;
  dryRun?: boolean | undefined;
  /** Called with the configuration once it is known; returns the one to work with. */
  uses?: (config: ResolvedConfig) => ResolvedConfig;
  onWaiting?: (holder: LockHolder | null) => void;
  /** The id of the run in the journal, a UUID; a new one unless given. */
  runId?: string | undefined;
}

/** A project and its configuration, as a takeover finds them. */
export interface Takeover {
  project: DbMigrateProject;
  config: ResolvedConfig;
  /** The migrations outside of scopes. */
  migrations: Migration[];
  /** These and those of scopes. */
  all: Migration[];
}

/** Looks at folder and configuration. Reads only. */
export async function findTakeover(request: TakeoverRequest): Promise<Takeover> {
  const root = resolve(request.cwd ?? process.cwd());
  // The variables of a configuration may come from it.
  if (!hasKnexfile(root, request)) readDotenv(root);
  const project = inspectProject(root, request);
  const { uses = (config) => config } = request;
  const found = inGivenSchema(
    await adoptionConfig(project, { ...request, cwd: root }, request),
    request.schema,
  );
  const config = uses(found);
  const migrations = await findMigrations(config);
  return {
    project,
    config,
    migrations,
    all: [...migrations, ...(await findScopedMigrations(config))],
  };
}

/**
 * Without a knexfile, a schema on the command line stands for one in database.json: history and
 * migrations are in it. A knexfile says for itself where Knex's tables are.
 */
function inGivenSchema(config: ResolvedConfig, schema: string | undefined): ResolvedConfig {
  if (schema === undefined || config.knexfile !== null) return config;
  return {
    ...config,
    knex: { ...config.knex, searchPath: [schema, 'public'] },
    migrations: { ...config.migrations, schemaName: schema },
  };
}

/** Does something with each history of the project, one after the other: its own, then the scopes'. */
export async function withEachHistory<T>(
  { config }: Takeover,
  work: (session: Session, config: ResolvedConfig) => Promise<T>,
): Promise<T[]> {
  const session = await openSession(config);
  try {
    const files = await findAllMigrations(config);
    const { tables } = await readHistory(session.client, config);
    const home = tables.dbMigrate.schema;
    const scopes = await scopesWithOwnHistory(session.client, config, files, home);
    const results: T[] = [];
    for (const each of [config, ...scopes]) results.push(await work(session, each));
    return results;
  } finally {
    await session.close();
  }
}
