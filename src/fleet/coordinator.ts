import { type FleetSettings } from '../config/fleet.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { pgEnvironment } from '../database/pg-environment.js';
import { openSession, type Session } from '../database/session.js';
import { findMigrations, type Migration } from '../files/find.js';
import { readHistory } from '../history/read.js';
import { type Placed, placeTargets, type Look, sweep } from './sweep.js';
import { fleetOf, readTargets, type Target } from './targets.js';

/** The knexfile's own database, from which a fleet is read and in which its runs are written down. */
export interface Coordinator {
  config: ResolvedConfig;
  settings: FleetSettings;
  session: Session;
  /** Where the journal of the fleet is. */
  place: { schema: string; history: string };
  files: readonly Migration[];
  targets: readonly Target[];
}

/**
 * Opens the knexfile's own database, and reads the targets and the files, once for all targets.
 *
 * @throws KnexwardError `USAGE` where there is no fleet, `FLEET_TARGETS`, and what opening the
 * database or reading the files may throw
 */
export async function openCoordinator(
  given: ResolvedConfig,
  onEmbedded?: (folder: string) => void,
): Promise<Coordinator> {
  // A migration of one target may set them: that must not lead the next one elsewhere.
  const config = { ...given, pgVariables: pgEnvironment() };
  const settings = fleetOf(config);
  const session = await openSession(config, {
    applicationName: 'knexward-fleet',
    ...(onEmbedded && { onEmbedded }),
  });
  try {
    const { tables } = await readHistory(session.client, config);
    const targets = await readTargets(config, session.client);
    const files = await findMigrations(config);
    const place = { schema: tables.schema, history: tables.history };
    return { config, settings, session, place, files, targets };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Each target's place, and what it looks like. */
export interface Swept {
  placed: Placed[];
  looks: Map<string, Look>;
}

/** Looks at these targets, as many at once as the settings let through. */
export async function lookAtAll(
  { config, settings, files }: Coordinator,
  targets: readonly Target[],
  mayGoOn: () => boolean = () => true,
): Promise<Swept> {
  const { placed, looks } = await placeTargets(config, targets);
  for (const [id, look] of await sweep(placed, { files, caps: settings, mayGoOn }))
    looks.set(id, look);
  return { placed, looks };
}
