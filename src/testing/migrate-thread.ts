import { parentPort, workerData } from 'node:worker_threads';
import { upOrDown } from '../adopt/up-or-down.js';
import { KnexwardError } from '../errors.js';
import { type ThreadAnswer, type ThreadOrder } from './migrate.js';
import { resolveForTests } from './project.js';

/** The program of a thread that migrates a template: it has loaded no module yet. */
async function carryOut({ source, connection }: ThreadOrder): Promise<ThreadAnswer> {
  const config = await resolveForTests(source);
  const { failed } = await upOrDown(
    { ...config, database: { kind: 'server', connection } },
    { direction: 'up' },
  );
  return { failed };
}

carryOut(workerData as ThreadOrder)
  .catch((error: unknown): ThreadAnswer => {
    if (!(error instanceof KnexwardError)) throw error;
    const { code, message, fix } = error;
    return { error: { code, message, fix } };
  })
  .then((answer) => parentPort?.postMessage(answer))
  .catch((error: unknown) => {
    // Out of the promise, so that the thread ends with it.
    setImmediate(() => {
      throw error;
    });
  });
