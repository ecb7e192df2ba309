import { setTimeout as sleep } from 'node:timers/promises';
import { type ResolvedConfig } from '../config/resolve.js';
import { type LoadedMigration } from '../files/load.js';
import { serverErrorIn } from '../server-error.js';
import { type Blocker, describeBlockers, watchBlockers } from '../transaction/blockers.js';
import { type RunContext } from './context.js';
import { type Ended } from './ended.js';
import { isDirect } from './needs-knex.js';
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

const NOT_RETRIED =
  'it was not tried again: this process has opened another connection to the server during the run, and what a migration commits on a connection of its own is not rolled back';

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
  { control, config, processConnections, reporting: { listener, signal } }: RunContext,
  migration: LoadedMigration,
  attempt: () => Promise<Ended>,
): Promise<Attempted> {
  const { name } = migration;
  const { lockTimeout, retries } = config.settings;
  for (let tried = 1; ; tried++) {
    const everyMs = lockTimeout === 0 ? UNLIMITED_LOOK_MS : lockTimeout / 2;
    const watch = watchBlockers(control, Math.max(everyMs, SHORTEST_LOOK_MS));
    const ended = await attempt().finally(() => watch.stop());
    const busy = ended.state === 'rolled back' ? REASONS[codeOf(ended.error)] : undefined;
    const blockers = busy === undefined ? [] : watch.found();
    if (busy === undefined || tried > retries) return { ended, blockers };
    // What it has committed on a connection of its own is not rolled back, and would be done twice.
    if (runsCode(config, migration) && processConnections.foundOther()) {
      listener({ type: 'warned', name, code: 'NOT_RETRIED', message: NOT_RETRIED });
      return { ended, blockers };
    }
    const backoff = Math.min(FIRST_DELAY_MS * 2 ** (tried - 1), LONGEST_DELAY_MS);
    const delayMs = Math.round(backoff * (0.5 + Math.random() / 2));
    const reason = blockers.length === 0 ? busy : `${busy}, ${describeBlockers(blockers)}`;
    listener({ type: 'retrying', name, attempt: tried, delayMs, reason });
    await sleep(delayMs, undefined, signal && { signal }).catch(() => undefined);
    refuseInterrupted(signal);
  }
}

/** Whether a change is more than SQL. */
function runsCode(config: ResolvedConfig, migration: LoadedMigration): boolean {
  return migration.format !== 'sql' || !isDirect(config, migration);
}

function codeOf(error: unknown): string {
  return serverErrorIn(error)?.code ?? '';
}
