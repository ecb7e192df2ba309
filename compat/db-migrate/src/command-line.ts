import {
  calledWith,
  exitAtOnce,
  runAsProcess,
  stopOnSignals,
  surviveClosedPipes,
} from 'knexward/compat';
import { explain } from './failure.js';
import { getInstance } from './get-instance.js';
import { log } from './log.js';

/** Runs the command line, and ends the process with 0, or with 1 where anything went wrong. */
export async function main(): Promise<void> {
  surviveClosedPipes();
  process.title = 'db-migrate';
  const exitCode = await runAsProcess(runCommand, (error) => {
    log.error(explain(error));
    return Promise.resolve(1);
  });
  // A migration may have left something open (a pool, a timer); the command is done all the same.
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  exitAtOnce(exitCode);
}

async function runCommand(): Promise<void> {
  const stop = stopOnSignals((name) => log.warn(`${name}: stopping`));
  try {
    // What nobody catches stops the run, and is told as its failure.
    const instance = getInstance(false, { throwUncatched: true });
    calledWith({ env: instance.internals.argv.env });
    instance.internals.signal = stop.signal;
    await instance.registerAPIHook();
    await instance.run();
  } catch (error) {
    stop.endWithSignal();
    throw error;
  } finally {
    stop.release();
  }
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
