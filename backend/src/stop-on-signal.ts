import { type Logger } from 'pino';
import { type Application } from './start.js';

/** Stops the application in order at SIGTERM or SIGINT; a second signal ends the process at once. */
export function stopOnSignal(application: Application, log: Logger): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info({ signal }, 'stopping');
    application.stop().then(
      () => log.info('stopped'),
      (error: unknown) => {
        log.error({ err: error }, 'did not stop in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
}
