import { countOf } from '../count.js';
import { findRenamedFiles } from '../files/renamed.js';
import { renamedFilesError, unmatched } from '../plan/renamed.js';
import { commandLine } from '../command-line.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { findMigrations, type Migration } from '../files/find.js';
import { findEvidence } from '../history/evidence.js';
import { locateHistory } from '../history/locate.js';
import { type History, readOrSettled } from '../history/read.js';
import { findOutOfOrder, orderPolicyOf, outOfOrderError } from '../plan/out-of-order.js';
import { refuseUnadopted } from '../plan/plan.js';
import { type Problem } from '../plan/problems.js';
import { blockingProblems, statusOf } from '../plan/status.js';
import { unfinishedError } from '../plan/unfinished.js';
import { type LockHolder } from '../transaction/runners-lock.js';
import { refuseInterrupted } from '../transaction/interruption.js';
import { lockHolder } from '../transaction/runners-lock.js';

const POLL_MS = 500;

/** What is being waited for. */
export interface Waiting {
  /** The names of the pending migrations. */
  pending: string[];
  /** What stops `up` at this moment. */
  problems: Problem[];
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
 * Waits until `status` says that the database is up to date, and nobody is running: for a container
 * that must not migrate by itself, and must not start before somebody has. Reads only.
 *
 * @throws KnexwardError `STILL_PENDING` where that is not so in time, `UNFINISHED` where it will not
 * be so without a person, `NOT_ADOPTED` and `OUT_OF_ORDER` likewise.
 */
export async function waitUntilMigrated(
  config: ResolvedConfig,
  options: WaitOptions = {},
): Promise<void> {
  const { timeoutMs = Infinity, onWaiting, signal } = options;
  const deadline = Date.now() + timeoutMs;
  const files = await findMigrations(config);
  const session = await openSession(config);
  const { client } = session;
  let told = '';
  try {
    for (;;) {
      refuseInterrupted(signal);
      const found = await look(client, config, files);
      const { upToDate, pending, problems, holder } = found;
      const waiting: Waiting = { pending, problems, holder };
      if (upToDate && waiting.holder === null) return;
      if (isStuck(found, files, config)) await refuseStuck(client, config, files);
      if (Date.now() >= deadline) throw stillPending(waiting);
      const text = JSON.stringify(waiting);
      if (text !== told) onWaiting?.(waiting);
      told = text;
      const pause = Math.min(POLL_MS, deadline - Date.now());
      await sleep(pause, undefined, signal && { signal }).catch(() => undefined);
    }
  } finally {
    await session.close();
  }
}

interface Seen extends Waiting {
  upToDate: boolean;
  history: History;
}

/** Asks what `status` asks. Where all is in order, no row of the history is sent. */
async function look(
  client: Client,
  given: ResolvedConfig,
  files: readonly Migration[],
): Promise<Seen> {
  const config = await locateHistory(client, given);
  const names = files.map(({ name }) => name);
  const { settled, history } = await readOrSettled(client, config, names);
  const holder = await lockHolder(client, history.tables);
  if (settled) return { upToDate: true, pending: [], problems: [], holder, history };
  const { upToDate, pending, problems } = statusOf(
    config.environment,
    files,
    history,
    undefined,
    orderPolicyOf(config),
  );
  return {
    ...{ upToDate, holder, history },
    pending: pending.map(({ name }) => name),
    problems: blockingProblems(problems, orderPolicyOf(config)),
  };
}

/** Whether it takes a person: nobody is running, and the next `up` would refuse. */
function isStuck(
  { problems, holder, history }: Seen,
  files: readonly Migration[],
  { settings }: ResolvedConfig,
): boolean {
  if (holder !== null) return false;
  const { rows, files: pending } = unmatched(files, history);
  const mayBeRenamed = rows.length > 0 && pending.length > 0;
  const waitsFor = (code: string): boolean =>
    code === 'UNFINISHED' ||
    code === 'OUT_OF_ORDER' ||
    (code === 'NOT_ADOPTED' && settings.adopt !== 'auto');
  return mayBeRenamed || problems.some(({ code }) => waitsFor(code));
}

/** Looks once more first: a runner may have ended between the two questions of the first look. */
async function refuseStuck(
  client: Client,
  config: ResolvedConfig,
  files: readonly Migration[],
): Promise<void> {
  const found = await look(client, config, files);
  if (!isStuck(found, files, config)) return;
  const { history } = found;
  if (config.settings.adopt !== 'auto') refuseUnadopted(history);
  const [unfinished] = history.unfinished;
  if (unfinished) throw unfinishedError(unfinished, await findEvidence(client));
  const late = findOutOfOrder(files, history, orderPolicyOf(config));
  if (late.length > 0) throw outOfOrderError(late);
  const { rows, files: pending } = unmatched(files, history);
  const renamed = await findRenamedFiles(client, history.tables, { rows, files: pending });
  if (renamed.length > 0) throw renamedFilesError(renamed);
}

function stillPending({ pending, problems, holder }: Waiting): KnexwardError {
  const names = pending.slice(0, 3).join(', ') + (pending.length > 3 ? ', …' : '');
  const what = [
    ...(pending.length > 0
      ? [`${countOf(pending.length, 'migration is', 'migrations are')} still pending (${names})`]
      : []),
    ...problems.map(({ migration, message }) => `${migration ? `${migration}: ` : ''}${message}`),
    holder ? `${holder.role} from ${holder.client} is running` : 'no runner is active',
  ];
  const [problem] = problems;
  return new KnexwardError('STILL_PENDING', {
    message: `${what.join('; ')}.`,
    fix:
      problem?.fix ??
      `See what there is: "${commandLine('status')}". Or wait longer with --timeout.`,
  });
}
