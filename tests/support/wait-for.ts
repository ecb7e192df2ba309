import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something has come to pass, and fails where it has not within 20 seconds. */
export async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(20)) {
    if (await condition()) return;
  }
  throw new Error('It did not come to pass within 20 s.');
}
