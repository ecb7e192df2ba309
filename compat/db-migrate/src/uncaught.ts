import { explain } from './failure.js';
import { log } from './log.js';

let listening = false;

/**
 * From now on an error that nobody caught is told, and ends the process with 1, as db-migrate has
 * it for the whole process.
 */
export function endOnUncaught(): void {
  if (listening) return;
  listening = true;
  const end = (error: unknown): void => {
    log.error(explain(error));
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}
