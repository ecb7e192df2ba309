import { commandLine } from '../command-line.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { findMigrations } from '../files/find.js';
import { readHistory } from '../history/read.js';
import { pendingMigrations } from '../plan/plan.js';
import { findEvidence } from '../history/evidence.js';
import { unfinishedError } from '../plan/unfinished.js';
import { type LockHolder } from '../run/events.js';
import { refuseInterrupted } from '../run/interruption.js';
import { lockHolder } from '../run/lock.js';

const POLL_MS = 500;

/** What is being waited for. */
export interface Waiting {
  /** The names of the pending migrations. */
  pending: string[];
  /** Who runs migrations at this moment, if anybody does. */
  holder: LockHolder | null;
}

/** How to wait. */
export interface WaitOptions {
  /** For how long, in milliseconds; for ever unless given. */
  timeoutMs?: number | undefined;
  /** Called when what is waited for has changed. */
  onWaiting?: (waiting: Waiting) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Returns when nothing is pending and nobody is running: for a container that must not migrate by
 * itself, and must not start before somebody has. Reads only.
 *
 * @throws KnexwardError `STILL_PENDING` where that is not so in time, `UNFINISHED` where it will not
 * be so without a person, `NOT_ADOPTED` likewise.
 */
export async function waitUntilMigrated(
  config: ResolvedConfig,
  options: WaitOptions = {},
): Promise<void> {
  const { timeoutMs = Infinity, onWaiting, signal } = options;
  const deadline = Date.now() + timeoutMs;
  const files = await findMigrations(config);
  const session = await openSession(config);
  let told = '';
  try {
    for (;;) {
      refuseInterrupted(signal);
      const history = await readHistory(session.client, config);
      const holder = await lockHolder(session.client, history.tables);
      const pending = pendingMigrations(files, history).map(({ name }) => name);
      if (pending.length === 0 && holder === null && history.knexLock !== 'knex') return;
      const unfinished = history.unfinished[0];
      if (unfinished && holder === null) {
        throw unfinishedError(unfinished, await findEvidence(session.client));
      }
      if (Date.now() >= deadline) throw stillPending(pending, holder);
      const waiting = { pending, holder };
      if (JSON.stringify(waiting) !== told) onWaiting?.(waiting);
      told = JSON.stringify(waiting);
      const pause = Math.min(POLL_MS, deadline - Date.now());
      await sleep(pause, undefined, signal && { signal }).catch(() => undefined);
    }
  } finally {
    await session.close();
  }
}

function stillPending(pending: readonly string[], holder: LockHolder | null): KnexwardError {
  const who = holder ? `${holder.role} from ${holder.client} is running` : 'nobody is running';
  const names = pending.slice(0, 3).join(', ') + (pending.length > 3 ? ', …' : '');
  return new KnexwardError('STILL_PENDING', {
    message: `${pending.length} migrations are still pending (${names}); ${who}.`,
    fix: `See why they are not applied: "${commandLine('status')}". Or wait longer with --timeout.`,
  });
}
