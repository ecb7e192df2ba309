import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { findMigrations } from '../files/find.js';
import { locateHistory } from '../history/locate.js';
import { readHistory } from '../history/read.js';
import { type Status, statusOf } from '../plan/status.js';

/** Reads files and history and compares them. Changes nothing. */
export async function readStatus(
  given: ResolvedConfig,
  onEmbedded?: (folder: string) => void,
): Promise<Status> {
  const session = await openSession(given, onEmbedded ? { onEmbedded } : {});
  try {
    const config = await locateHistory(session.client, given);
    const files = await findMigrations(config);
    const history = await readHistory(session.client, config);
    return statusOf(config.environment, files, history);
  } finally {
    await session.close();
  }
}
