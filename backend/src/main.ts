import { readEnvironment } from './config/environment.js';
import { openDatabase } from './database.js';
import { openLog } from './log.js';
import { startApplication } from './start.js';
import { stopOnSignal } from './stop-on-signal.js';

/** Starts the application. It does not migrate: that is a step of its own (scripts/migrate.ts). */
async function main(): Promise<void> {
  const environment = readEnvironment();
  const log = openLog(environment.LOG_LEVEL);
  const database = await openDatabase(environment.NODE_ENV);
  const application = await startApplication({ environment, database, log }).catch(
    async (error: unknown) => {
      await database.close();
      throw error;
    },
  );
  log.info({ port: application.port }, 'listening');
  stopOnSignal(application, log);
}

main().catch((error: unknown) => {
  openLog('info').fatal({ err: error }, 'the application cannot start');
  process.exitCode = 1;
});
