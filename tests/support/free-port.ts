import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below those that systems give to outgoing connections: none of them takes the port meanwhile. */
const LOWEST = 10_240;
const HIGHEST = 32_767;
const TRIES = 20;

/**
 * Starts a server on a port that is free; on another one where somebody was faster.
 *
 * @param start says in its error that the address is in use, as the server does
 */
export async function onFreePort<Started>(
  start: (port: number) => Promise<Started>,
): Promise<Started> {
  for (let tried = 1; ; tried++) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (tried === TRIES || !isTaken(error)) throw error;
    }
  }
}

/** Whether a server did not start because its port is somebody else's. */
export function isTaken(error: unknown): boolean {
  return /address already in use/i.test((error as Error).message);
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
