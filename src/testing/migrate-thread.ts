import { parentPort, workerData } from 'node:worker_threads';
import { upOrDown } from '../adopt/up-or-down.js';
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

void carryOut(workerData as ThreadOrder).then((answer) => parentPort?.postMessage(answer));
