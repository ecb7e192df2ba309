import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  locateHistory,
  narrowToScope,
  openSession,
  projectConfig,
  type ResolvedConfig,
} from 'knexward/compat';
import { type Internals } from './internals.js';
import { log } from './log.js';

/** Where the migrations of a run are, and where their history is. */
export interface Target {
  /** A scope's name; an empty text for the migrations that are in none. */
  scope: string;
  directory: string;
  /** What counts as a migration of db-migrate's, without the dot. */
  extensions: readonly string[];
  config: ResolvedConfig;
}

/** The one target of a run in a scope, or in none. */
export async function findTarget(internals: Internals, scope: string): Promise<Target> {
  const root = resolve(internals.argv['migrations-dir']);
  const extensions = extensionsOf(internals);
  const whole = wholeProject(internals, root, extensions);
  if (scope === '') return { scope, directory: root, extensions, config: whole };
  const directory = join(root, scope);
  if (existsSync(join(directory, 'config.json'))) {
    log.info(`loaded extra config for migration subfolder: "${scope}/config.json"`);
  }
  const config = await located(narrowToScope(whole, scope));
  return { scope, directory, extensions, config };
}

/** The configuration of a scope whose history may be in one of several schemas. */
async function located(config: ResolvedConfig): Promise<ResolvedConfig> {
  if (config.migrations.historyPath === null) return config;
  const session = await openSession(config);
  try {
    return await locateHistory(session.client, config);
  } finally {
    await session.close();
  }
}

/** knexward's configuration for all that this project's db-migrate would do. */
function wholeProject(
  { argv, cwd, environment }: Internals,
  directory: string,
  extensions: readonly string[],
): ResolvedConfig {
  const { name, connection, schema } = environment;
  // "public" is what db-migrate says where nothing is configured: wherever the search path leads.
  const inSchema = schema !== 'public';
  const project = projectConfig(
    cwd,
    name,
    {
      client: 'pg',
      ...(inSchema && { searchPath: [schema, 'public'] }),
      migrations: {
        directory,
        loadExtensions: extensions.map((extension) => `.${extension}`),
        ...(inSchema && { schemaName: schema }),
      },
      knexward: { embedded: false, dbMigrate: { table: argv.table, ...(inSchema && { schema }) } },
    },
    null,
  );
  return { ...project, database: { kind: 'server', connection } };
}

/** Plugins make other languages than JavaScript count as migrations; knexward reads TypeScript. */
function extensionsOf({ plugins }: Internals): string[] {
  const added = plugins.call('migrator:migration:hook:require').flatMap((answer) => {
    const { extensions } = (answer ?? {}) as { extensions?: unknown };
    return typeof extensions === 'string' ? extensions.split('|') : [];
  });
  return ['js', ...added];
}
