import { setTimeout as sleep } from 'node:timers/promises';
import { serverErrorIn } from '../server-error.js';
import { type Blocker, describeBlockers, watchBlockers } from '../transaction/blockers.js';
import { type Ended } from './change.js';
import { type RunContext } from './context.js';
import { refuseInterrupted } from '../transaction/interruption.js';

/** A lock not had in time, a deadlock: the transaction is rolled back, so it can be tried again. */
const REASONS: Readonly<Record<string, string>> = {
  '55P03': 'a table is busy',
  '40P01': 'a deadlock',
};
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8000;
const SHORTEST_LOOK_MS = 50;
const UNLIMITED_LOOK_MS = 5000;

/** How the last attempt ended, and who was in its way. */
export interface Attempted {
  ended: Ended;
  blockers: readonly Blocker[];
}

/**
 * Tries a change again where it did not get its locks: only where nothing of it is left, as far as
 * the server has confirmed.
 */
export async function retryWhenBusy(
  { control, config, reporting: { listener, signal } }: RunContext,
  name: string,
  attempt: () => Promise<Ended>,
): Promise<Attempted> {
  const { lockTimeout, retries } = config.settings;
  for (let tried = 1; ; tried++) {
    const everyMs = lockTimeout === 0 ? UNLIMITED_LOOK_MS : lockTimeout / 2;
    const watch = watchBlockers(control, Math.max(everyMs, SHORTEST_LOOK_MS));
    const ended = await attempt().finally(() => watch.stop());
    const busy = ended.state === 'rolled back' ? REASONS[codeOf(ended.error)] : undefined;
    const blockers = busy === undefined ? [] : watch.found();
    if (busy === undefined || tried > retries) return { ended, blockers };
    const backoff = Math.min(FIRST_DELAY_MS * 2 ** (tried - 1), LONGEST_DELAY_MS);
    const delayMs = Math.round(backoff * (0.5 + Math.random() / 2));
    const reason = blockers.length === 0 ? busy : `${busy}, ${describeBlockers(blockers)}`;
    listener({ type: 'retrying', name, attempt: tried, delayMs, reason });
    await sleep(delayMs, undefined, signal && { signal }).catch(() => undefined);
    refuseInterrupted(signal);
  }
}

function codeOf(error: unknown): string {
  return serverErrorIn(error)?.code ?? '';
}
