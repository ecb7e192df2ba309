import { setTimeout as sleep } from 'node:timers/promises';
import { serverErrorIn } from '../server-error.js';

/** `object_in_use`: somebody is connected to a database that has to be left alone for a moment. */
const IN_USE = '55006';
const PATIENCE_MS = 10_000;
const PAUSE_MS = 50;

/** Tries again while a database is in use: by autovacuum, by a pooler, by somebody who looks. */
export async function whileBusy<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (serverErrorIn(error)?.code !== IN_USE || Date.now() > deadline) throw error;
      await sleep(PAUSE_MS * (0.5 + Math.random()));
    }
  }
}
