import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { locateHistory } from './locate.js';
import { type History, readHistory } from './read.js';

/** A history, and the configuration that says where it was found. */
export interface FoundHistory {
  config: ResolvedConfig;
  history: History;
}

/** Reads the history, and nothing else. Changes nothing. */
export async function findHistory(
  given: ResolvedConfig,
  onEmbedded?: (folder: string) => void,
): Promise<FoundHistory> {
  const session = await openSession(given, onEmbedded ? { onEmbedded } : {});
  try {
    const config = await locateHistory(session.client, given);
    return { config, history: await readHistory(session.client, config) };
  } finally {
    await session.close();
  }
}
