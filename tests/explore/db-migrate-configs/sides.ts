import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { type DrawnProject } from './draw';

const ROOT = resolve(__dirname, '../../..');
const load = createRequire(join(ROOT, 'package.json'));

/** Where a tool would work, or why it would not. */
export type Outcome = { refused: string } | { target: Target };

export interface Target {
  environment: string;
  database: Record<string, unknown>;
  schema: string;
  folder: string;
  table: string;
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

/** What real db-migrate does up to its first query, with its own modules and its driver. */
export async function dbMigrateSide(words: readonly string[], root: string): Promise<Outcome> {
  const { argv } = process;
  const exit = process.exit.bind(process);
  const pg = load('pg') as { Client: unknown };
  const { Client } = pg;
  const shared = load('db-migrate-shared') as { log: { silence(isSilent: boolean): void } };
  let handed: Record<string, unknown> | undefined;
  try {
    shared.log.silence(true);
    process.argv = [...argv.slice(0, 2), 'up', ...words];
    process.exit = (code: number) => {
      throw new Error(`exit ${code}`);
    };
    pg.Client = class {
      constructor(config: Record<string, unknown>) {
        handed = { ...config };
      }
      connect(done: (error: null) => void): void {
        done(null);
      }
    };
    // Its place is found in the folder above its own, as it is installed.
    (
      load(join(dirnameOf('db-migrate'), 'node_modules/dotenv')) as { load(options: object): void }
    ).load({
      silent: true,
    });
    // Yargs reads the command line as it is loaded.
    for (const path of ['yargs', 'db-migrate/lib/commands/set-default-argv.js']) {
      delete load.cache[load.resolve(path)];
    }
    const internals: Internals = { cwd: root, plugins: NO_PLUGINS, dbm: {} };
    (load('db-migrate/lib/commands/set-default-argv.js') as (internals: Internals) => void)(
      internals,
    );
    const config = (
      load('db-migrate/lib/commands/helper/load-config.js') as (
        lib: unknown,
        all: Internals,
      ) => DbMigrateConfig
    )(load('db-migrate/lib/config.js'), internals);
    const { env, settings } = config.getCurrent();
    // Nothing is opened here; that knexward refuses one is what counts.
    delete settings['tunnel'];
    const driver = load('db-migrate/lib/driver/index.js') as DriverModule;
    const db = await new Promise<{ schema: string }>((done, fail) =>
      driver.connect(settings, internals, (error, made) => (error ? fail(error) : done(made))),
    );
    return {
      target: {
        environment: env,
        database: driverTarget(handed),
        schema: db.schema,
        folder: relative(root, resolve(String(internals.argv?.['migrations-dir']))),
        table: String(internals.migrationTable),
      },
    };
  } catch (error) {
    return { refused: String((error as Error)?.message ?? error) };
  } finally {
    process.argv = argv;
    process.exit = exit;
    pg.Client = Client;
  }
}

function dirnameOf(name: string): string {
  return join(ROOT, 'node_modules', name);
}

const NO_PLUGINS = { hook: () => false, overwrite: () => false };

/** What `adopt` would take over, and the files that it then writes, which are written. */
export async function adoptSide(
  { request }: DrawnProject,
  root: string,
): Promise<{ outcome: Outcome; environments: string[] }> {
  const { findTakeover } = load('./dist/adopt/takeover.js') as OwnTakeover;
  const { planFiles } = load('./dist/adopt/files.js') as OwnFiles;
  try {
    const { project, config } = await findTakeover({ ...request, cwd: root });
    const outcome = { target: targetOf(config, root) };
    const facts = { rowsWithoutFiles: false, schema: undefined, environment: config.environment };
    for (const { apply } of planFiles(project, facts).actions) await apply?.();
    const { environments = {}, unusable = new Map<string, unknown>() } = project.config ?? {};
    const names = Object.keys(environments).filter((name) => !unusable.has(name));
    return { outcome, environments: names };
  } catch (error) {
    return { outcome: refusalOf(error), environments: [] };
  }
}

/** Where knexward goes with the knexfile that adopt has written. */
export async function knexfileSide(env: string, root: string): Promise<Outcome> {
  const { resolveConfig } = load('./dist/config/resolve.js') as OwnConfig;
  try {
    const config = await resolveConfig({
      cwd: root,
      env,
      enter: (folder: string) => process.chdir(folder),
    });
    if (config.database.kind === 'embedded') return { refused: 'embedded' };
    return { target: targetOf(config, root) };
  } catch (error) {
    return refusalOf(error);
  }
}

function targetOf(
  { environment, database, migrations, settings }: OwnResolved,
  root: string,
): Target {
  return {
    environment,
    database: driverTarget(database.connection),
    schema: settings.dbMigrate.schema ?? migrations.schemaName ?? 'public',
    folder: relative(root, migrations.directories[0] ?? ''),
    table: settings.dbMigrate.table,
  };
}

function refusalOf(error: unknown): Outcome {
  const { code, message } = error as { code?: string; message: string };
  return { refused: `${code ?? 'NO CODE'}: ${message}` };
}

interface Internals {
  cwd: string;
  plugins: typeof NO_PLUGINS;
  dbm: object;
  argv?: Record<string, unknown>;
  migrationTable?: string;
}
interface DbMigrateConfig {
  getCurrent(): { env: string; settings: Record<string, unknown> };
}
interface DriverModule {
  connect(
    settings: Record<string, unknown>,
    internals: Internals,
    done: (error: Error | null, db: { schema: string }) => void,
  ): void;
}
interface OwnResolved {
  environment: string;
  database: { kind: string; connection?: unknown };
  migrations: { schemaName: string | null; directories: string[] };
  settings: { dbMigrate: { table: string; schema: string | null } };
}
interface OwnTakeover {
  findTakeover: (request: object) => Promise<{
    project: { config: { environments: object; unusable: Map<string, unknown> } | null };
    config: OwnResolved;
  }>;
}
interface OwnFiles {
  planFiles: (project: unknown, facts: object) => { actions: { apply?: () => Promise<void> }[] };
}
interface OwnConfig {
  resolveConfig: (request: object) => Promise<OwnResolved>;
}
