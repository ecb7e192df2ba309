import { commandLine } from '../command-line.js';
import { KnexwardError } from '../errors.js';
import { giveKnexLockBack, knexLockTaken, runNumber, takeKnexLock } from '../history/knex-lock.js';
import { type History, readHistory } from '../history/read.js';
import { redact } from '../secrets.js';
import { untilInterrupted } from '../transaction/interruption.js';
import { lockLost } from '../transaction/runners-lock.js';
import { type LockedRun } from './carry-out.js';
import { type RunResult } from './result.js';

/**
 * Does work while it holds Knex's own lock. It creates missing tables first. With the lock, nobody else can change
 * the history, not even plain Knex.
 */
export async function withKnexLockedOut(
  { control, config, history: before, lock, result, listener, request: { signal } }: LockedRun,
  work: (history: History) => Promise<RunResult>,
): Promise<RunResult> {
  const number = runNumber(result.runId);
  const { tables } = before;
  let taken: boolean | null = false;
  try {
    const history = await control.use(async (client) => {
      // While this run waited for the lock, somebody may have created or dropped the tables.
      const { complete } = lock.waited ? await readHistory(client, config) : before;
      const take = (create: boolean) =>
        takeKnexLock(client, tables, {
          number,
          held: lock.held,
          create,
          waitMs: config.settings.waitForLock,
        });
      taken = await untilInterrupted(() => take(!complete), signal).catch((error: unknown) => {
        const { code } = error as { code?: unknown };
        if (code === LOCK_NOT_AVAILABLE) throw changeUnderWay();
        if (code !== UNDEFINED_TABLE) throw error;
        return take(true);
      });
      if (taken === null) throw lockLost();
      if (!taken) throw knexLockTaken(tables.lock);
      return readHistory(client, config);
    });
    return await work(history);
  } finally {
    if (taken) await giveBack();
  }

  async function giveBack(): Promise<void> {
    try {
      await control.use((client) => giveKnexLockBack(client, tables, number));
    } catch (error) {
      listener({
        type: 'warned',
        name: tables.lock,
        code: 'LEFT_LOCK',
        message: `Knex's lock could not be released; the next run releases it: ${redact(String(error))}`,
      });
    }
  }
}

const UNDEFINED_TABLE = '42P01';
const LOCK_NOT_AVAILABLE = '55P03';

/** Most likely the other run has lost the runners' lock: otherwise this run would not have got it. */
function changeUnderWay(): KnexwardError {
  return new KnexwardError('LOCKED', {
    message:
      "Knex's lock row is held by another session: a run that has lost its lock is in the middle of a change, or plain Knex is running.",
    fix: `Wait until the change has ended; "${commandLine('status')}" shows it. Then run the command again.`,
  });
}
