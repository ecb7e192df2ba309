import { calledWith, stopOnSignals, surviveClosedPipes } from 'knexward/compat';
import { explain } from './failure.js';
import { getInstance } from './get-instance.js';
import { log } from './log.js';

/** Runs the command line, and ends the process with 0, or with 1 where anything went wrong. */
export async function main(): Promise<void> {
  surviveClosedPipes();
  process.title = 'db-migrate';
  process.exitCode = 1;
  const stop = stopOnSignals((name) => log.warn(`${name}: stopping`));
  try {
    const instance = getInstance();
    calledWith({ env: instance.internals.argv.env });
    instance.internals.signal = stop.signal;
    await instance.registerAPIHook();
    await instance.run();
    process.exitCode = 0;
  } catch (error) {
    log.error(explain(error));
    process.exitCode = stop.exitCode() ?? 1;
  }
  // A migration may have left something open (a pool, a timer); the command is done all the same.
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  process.exit();
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
