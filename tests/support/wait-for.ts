import { setTimeout as sleep } from 'node:timers/promises';

/** Far longer than anything takes on a busy machine: it ends what would wait for ever. */
const LIMIT_MS = 300_000;

/** Waits until something has come to pass. */
export async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + LIMIT_MS; Date.now() < deadline; await sleep(20)) {
    if (await condition()) return;
  }
  throw new Error(`It did not come to pass within ${LIMIT_MS / 1000} s.`);
}
