import { type ResolvedConfig } from '../config/resolve.js';
import { type ClientBase } from 'pg';
import { openSession } from '../database/session.js';
import { findMigrations, type Migration } from '../files/find.js';
import { locateHistory } from '../history/locate.js';
import { type History, readHistory } from '../history/read.js';
import { type Evidence, NO_EVIDENCE } from '../plan/problems.js';
import { type Status, statusOf } from '../plan/status.js';
import { findChangedFiles } from '../files/changed.js';
import { findRenamedFiles } from '../files/renamed.js';
import { orderPolicyOf } from '../plan/out-of-order.js';
import { unmatched } from '../plan/renamed.js';
import { findEvidence } from '../history/evidence.js';

/**
 * Reads files and history and compares them. Changes nothing.
 *
 * @param found the migrations, where somebody has listed them already
 */
export async function readStatus(
  given: ResolvedConfig,
  onEmbedded?: (folder: string) => void,
  found?: readonly Migration[],
): Promise<Status> {
  const session = await openSession(given, onEmbedded ? { onEmbedded } : {});
  try {
    const config = await locateHistory(session.client, given);
    const files = found ?? (await findMigrations(config));
    const history = await readHistory(session.client, config);
    const evidence = await lookCloser(session.client, files, history);
    return statusOf(config.environment, files, history, evidence, orderPolicyOf(config));
  } finally {
    await session.close();
  }
}

/** What names and history alone do not tell. Asked only where there is something to ask about. */
export async function lookCloser(
  client: ClientBase,
  files: readonly Migration[],
  history: History,
): Promise<Evidence> {
  if (!history.complete) return NO_EVIDENCE;
  const changedFiles = await findChangedFiles(client, files, history);
  const renamedFiles = await findRenamedFiles(client, history.tables, unmatched(files, history));
  const { unfinished } = history;
  return {
    ...NO_EVIDENCE,
    ...(unfinished.length > 0 && (await findEvidence(client))),
    changedFiles,
    renamedFiles,
  };
}
