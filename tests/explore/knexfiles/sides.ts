import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { type DrawnProject } from './draw';

const ROOT = resolve(__dirname, '../../..');
const load = createRequire(join(ROOT, 'package.json'));

/** What a command line would work on, or why it would not. */
export type Outcome = { refused: string } | { target: Target };

export interface Target {
  database: Record<string, unknown>;
  tables: string[];
  /** The migrations in the order in which they would run, from the root of the project. */
  list: string[];
}

/** What the database driver makes of a connection: these are what it connects to. */
function driverTarget(connection: unknown): Record<string, unknown> {
  const Parameters = load('pg/lib/connection-parameters') as new (
    config: unknown,
  ) => Record<string, unknown>;
  const made = new Parameters(connection);
  const names = ['host', 'port', 'user', 'database', 'password', 'ssl', 'application_name'];
  return Object.fromEntries(names.map((name) => [name, made[name] ?? null]));
}

/** What Knex's command line does up to its first query, with Knex's own modules. */
export async function knexSide(project: DrawnProject, root: string): Promise<Outcome> {
  const { findUpConfig, resolveEnvironmentConfig } = load(
    'knex/bin/utils/cli-config-utils',
  ) as KnexCli;
  const importFile = load('knex/lib/migrations/util/import-file') as Import;
  const { Migrator } = load('knex/lib/migrations/migrate/Migrator') as { Migrator: MigratorClass };
  const merge = load('lodash/merge') as (config: Content, other: Content) => Content;
  const createKnex = load('knex') as (config: unknown) => KnexInside;
  const log = console.log;
  console.log = () => undefined;
  let knex: KnexInside | undefined;
  try {
    const given = project.knexfile;
    const cwd = given ? dirname(resolve(given)) : process.cwd();
    const path =
      given && existsSync(given)
        ? resolve(given)
        : findUpConfig(cwd, 'knexfile', ['js', 'mjs', 'coffee', 'ts', 'eg', 'ls']);
    if (!path) return { refused: 'no knexfile' };
    // Knex has no compiler for it here; nor has the person who runs it, most likely.
    if (path.endsWith('.coffee')) return { refused: 'CoffeeScript' };
    process.chdir(cwd);
    let content = await importFile(path);
    if (content?.['default']) content = content['default'] as Content;
    if (typeof content === 'function') content = await (content as () => Promise<Content>)();
    const chosen = resolveEnvironmentConfig({ env: project.env }, content, path);
    const config = merge(chosen, { migrations: {} });
    knex = createKnex(config);
    if (knex.client.driverName !== 'pg') return { refused: `driver ${knex.client.driverName}` };
    if (!config['connection']) return { refused: 'no connection' };
    const settings = knex.client.connectionConfigProvider
      ? await knex.client.connectionConfigProvider()
      : knex.client.connectionSettings;
    if (!settings) return { refused: 'no connection' };
    const { config: migrator } = new Migrator(knex);
    const { migrationSource: source, tableName, schemaName } = migrator;
    const listed = await source.getMigrations(migrator.loadExtensions);
    return {
      target: {
        database: driverTarget(settings),
        tables: [schemaName ?? '', tableName],
        list: listed.map((each) => source.getMigrationName(each)),
      },
    };
  } catch (error) {
    return { refused: String((error as Error)?.message ?? error) };
  } finally {
    console.log = log;
    await knex?.destroy();
    process.chdir(root);
  }
}

/** The same for knexward, with the modules that its command line uses. */
export async function ownSide(project: DrawnProject, root: string): Promise<Outcome> {
  const { resolveConfig } = load('./dist/config/resolve.js') as OwnConfig;
  const { findMigrations } = load('./dist/files/find.js') as OwnFiles;
  try {
    const config = await resolveConfig({
      knexfile: project.knexfile,
      env: project.env,
      enter: (folder) => process.chdir(folder),
    });
    const { database, migrations } = config;
    if (database.kind === 'embedded') return { refused: 'embedded' };
    const list = await findMigrations(config);
    return {
      target: {
        database: driverTarget(database.connection),
        tables: [migrations.schemaName ?? '', migrations.tableName],
        list: list.map(({ name }) => name),
      },
    };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { refused: `${code ?? 'NO CODE'}: ${message}` };
  } finally {
    process.chdir(root);
  }
}

type Content = Record<string, unknown>;
type Import = (path: string) => Promise<Content | undefined>;
interface KnexCli {
  findUpConfig: (cwd: string, name: string, extensions: string[]) => string | null;
  resolveEnvironmentConfig: (
    options: { env: string | undefined },
    content: unknown,
    path: string,
  ) => Content;
}
interface KnexInside {
  client: {
    driverName?: string;
    connectionSettings?: Content;
    connectionConfigProvider?: () => Promise<Content>;
  };
  destroy(): Promise<void>;
}
type MigratorClass = new (knex: KnexInside) => {
  config: {
    tableName: string;
    schemaName?: string | null;
    loadExtensions: string[];
    migrationSource: {
      getMigrations(extensions: string[]): Promise<unknown[]>;
      getMigrationName(migration: unknown): string;
    };
  };
};
interface OwnConfig {
  resolveConfig: (request: {
    knexfile: string | undefined;
    env: string | undefined;
    enter: (folder: string) => void;
  }) => Promise<{
    database: { kind: 'embedded' } | { kind: 'server'; connection: unknown };
    migrations: { schemaName: string | null; tableName: string };
  }>;
}
interface OwnFiles {
  findMigrations: (config: unknown) => Promise<{ name: string }[]>;
}
