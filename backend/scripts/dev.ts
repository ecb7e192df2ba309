// Development in one command: the database (the embedded PostgreSQL, unless one is named), the
// migrations, the application.
import { format } from 'node:util';
import { createMigrator, errorOf } from 'knexward';
import { type Environment, readEnvironment } from '../src/config/environment.js';
import { ROOT } from '../src/config/root.js';
import { type Database, openDatabase } from '../src/database.js';
import { openLog } from '../src/log.js';
import { type Application, startApplication } from '../src/start.js';
import { stopOnSignal } from '../src/stop-on-signal.js';

/** How many ports to try after the usual one, where nobody asked for a certain one. */
const OTHER_PORTS = 20;

async function main(): Promise<void> {
  const environment = readEnvironment();
  if (environment.NODE_ENV === 'production') {
    throw new Error('This is for development. In production: scripts/migrate.ts, then npm start.');
  }
  const log = openLog(process.env['LOG_LEVEL'] || 'warn');
  // One of the old migrations prints what it reads.
  console.log = (...printed: unknown[]) => log.debug({ printed: format(...printed) }, 'printed');
  const database = await openDatabase(environment.NODE_ENV);
  if (database.embedded) say(`Using the embedded PostgreSQL in ${database.embedded}`);
  try {
    await migrate(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  const application = await startOnFreePort(environment, { database, log });
  say(`Live polls: http://localhost:${application.port}  (Ctrl-C stops it)`);
  stopOnSignal(application, log);
}

async function migrate({ config }: Database): Promise<void> {
  const { done, failed } = await createMigrator({ config, cwd: ROOT }).up();
  if (failed) throw errorOf(failed);
  say(done.length > 0 ? `${done.length} migrations applied` : 'Already up to date');
}

async function startOnFreePort(
  environment: Environment,
  rest: { database: Database; log: ReturnType<typeof openLog> },
): Promise<Application> {
  const last = process.env['PORT'] ? environment.PORT : environment.PORT + OTHER_PORTS;
  for (let port = environment.PORT; ; port++) {
    try {
      return await startApplication({ environment: { ...environment, PORT: port }, ...rest });
    } catch (error) {
      const isTaken = (error as { code?: string }).code === 'EADDRINUSE';
      if (isTaken && port < last) continue;
      await rest.database.close();
      throw error;
    }
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
});
