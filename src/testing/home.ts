// Not the global ones: a test may have put a clock of its own in their place.
import { clearTimeout, setTimeout } from 'node:timers';
import { type ClientConfig } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { type RunListener } from '../run/events.js';
import { Claim } from '../throwaway/claim.js';
import { dropLeftOvers } from '../throwaway/left-overs.js';
import { mayNotCreate } from '../throwaway/maintenance.js';

/** A server, as far as this process makes test databases on it. */
export interface Home {
  claim: Claim;
  /** How the server is reached. */
  connection: ClientConfig;
  /** Says that the caller has no database there any more. */
  leave(): Promise<void>;
}

interface Entry {
  key: string;
  claim: Claim;
  connection: ClientConfig;
  stop: (() => Promise<void>) | undefined;
  users: number;
  idle?: NodeJS.Timeout;
}

/** A test that has dropped its database is often followed by one that wants the next. */
const LINGER_MS = 1000;

const entries = new Map<string, Promise<Entry>>();

/**
 * Joins what this process has open to the server, or opens it; what processes that are gone have
 * left there is dropped first. The embedded server is started for it, and left with the last user.
 */
export async function enterHome(config: ResolvedConfig, listener: RunListener): Promise<Home> {
  const key = JSON.stringify(config.database);
  const opened = entries.get(key) ?? remember(key, open(key, config, listener));
  const entry = await opened;
  if (!entry.claim.holds) {
    if (entries.get(key) === opened) entries.delete(key);
    return enterHome(config, listener);
  }
  clearTimeout(entry.idle);
  entry.users++;
  let left: Promise<void> | undefined;
  const { claim, connection } = entry;
  return { claim, connection, leave: () => (left ??= leave(entry)) };
}

function remember(key: string, opening: Promise<Entry>): Promise<Entry> {
  entries.set(key, opening);
  opening.catch(() => entries.delete(key));
  return opening;
}

async function open(key: string, config: ResolvedConfig, listener: RunListener): Promise<Entry> {
  const { database } = config;
  if (database.kind === 'server') return claimed(key, config, database.connection);
  listener({ type: 'embedded', folder: database.folder });
  const { startEmbedded } = await import('../embedded/index.js');
  const server = await startEmbedded({ folder: database.folder });
  const { host, port, user, password } = server;
  const connection = { host, port, user, password, database: server.database };
  try {
    return await claimed(key, config, connection, () => server.stop());
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function claimed(
  key: string,
  config: ResolvedConfig,
  connection: ClientConfig,
  stop?: () => Promise<void>,
): Promise<Entry> {
  const claim = await Claim.open(connection, config);
  if (claim === null) throw mayNotCreate(connection);
  try {
    await claim.busy(() => dropLeftOvers(claim.client));
  } catch (error) {
    await claim.close();
    throw error;
  }
  return { key, claim, connection, stop, users: 0 };
}

/**
 * The embedded server is left at once, because its last user has to stop it; connections to another
 * one stay open for a moment, and do not keep the process alive.
 */
async function leave(entry: Entry): Promise<void> {
  entry.users--;
  if (entry.users > 0) return;
  if (entry.stop || !entry.claim.holds) return close(entry);
  entry.idle = setTimeout(() => void close(entry), LINGER_MS);
  entry.idle.unref();
}

async function close({ key, claim, stop }: Entry): Promise<void> {
  // One that was lost has been replaced perhaps.
  if ((await entries.get(key))?.claim === claim) entries.delete(key);
  await claim.close();
  await stop?.();
}
