import { type ResolvedConfig } from '../config/resolve.js';
import { openSession, type Session } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { asKnexwardError } from '../failure/known-error.js';
import { areAllAsRecorded } from '../files/changed.js';
import { type Migration } from '../files/find.js';
import { fingerprints, type HistoryNames, recordedChecksums } from '../history/fingerprints.js';
import { readStatus } from '../maintain/status.js';
import { type Problem } from '../plan/problems.js';
import { type Status } from '../plan/status.js';
import { type Caps, inTurn } from './in-turn.js';
import { type Place, placeOf, targetConfig } from './target-config.js';
import { type Target } from './targets.js';

/** What a target looks like before anything is done, in the words of `status`. */
export type Look =
  | {
      state: 'seen';
      applied: number;
      pending: readonly string[];
      problems: readonly Problem[];
      upToDate: boolean;
    }
  | { state: 'failed'; error: KnexwardError };

/** A target, its configuration, and where it is. */
export interface Placed {
  target: Target;
  /** Made anew for each use: ten thousand of them would be kept for nothing. */
  config: () => Promise<ResolvedConfig>;
  place: Place;
}

/** The files of the project, and how many sessions may be open at once. */
interface SweepOptions {
  files: readonly Migration[];
  caps: Caps;
  /** Ends the sweep before the next look. */
  mayGoOn: () => boolean;
}

/** How many sessions share the work on one database with many schemas. */
const SESSIONS = 4;

/** Where each target is; one that cannot be resolved is a failure of its own. */
export async function placeTargets(
  base: ResolvedConfig,
  targets: readonly Target[],
): Promise<{ placed: Placed[]; looks: Map<string, Look> }> {
  const placed: Placed[] = [];
  const looks = new Map<string, Look>();
  const own = placeOf(base);
  for (const target of targets) {
    const config = (): Promise<ResolvedConfig> => targetConfig(base, target);
    if (target.connection === null) {
      placed.push({ target, config, place: own });
      continue;
    }
    try {
      placed.push({ target, config, place: placeOf(await config()) });
    } catch (error) {
      looks.set(target.id, { state: 'failed', error: asKnexwardError(error) });
    }
  }
  return { placed, looks };
}

/**
 * Looks at every target. Schemas of one database are compared by the server, in a few queries for all
 * of them; of those that are alike, one is looked at as `status` does. Where that would not tell the
 * same of each, every one is looked at by itself.
 */
export async function sweep(
  placed: readonly Placed[],
  options: SweepOptions,
): Promise<Map<string, Look>> {
  const looks = new Map<string, Look>();
  const alone: Placed[] = [];
  const byDatabase = groupBy(placed, ({ place }) => place.database);
  for (const group of byDatabase.values()) {
    const together = group.filter(({ target }) => target.schema !== null);
    if (together.length < 2) alone.push(...group);
    else {
      alone.push(...group.filter(({ target }) => target.schema === null));
      alone.push(...(await sweepDatabase(together, options, looks)));
    }
  }
  const unreachable = new Map<string, KnexwardError>();
  await inTurn(
    alone,
    options.caps,
    ({ place }) => place.server,
    options.mayGoOn,
    async (each) => {
      const { server } = each.place;
      const known = unreachable.get(server);
      const look: Look = known
        ? { state: 'failed', error: known }
        : await lookAt(each, options.files);
      looks.set(each.target.id, look);
      // Who waits for a server that does not answer waits ten seconds, for each of its databases.
      if (look.state === 'failed' && look.error.code === 'CONNECTION_FAILED' && !known)
        unreachable.set(server, notTried(server));
    },
  );
  return looks;
}

function notTried(server: string): KnexwardError {
  return new KnexwardError('CONNECTION_FAILED', {
    message: `Not tried: the server at ${server} gave no connection for another target.`,
    fix: 'Is the server running, and can it be reached from here?',
  });
}

/** One target by itself, as `status` sees it. */
async function lookAt({ config }: Placed, files: readonly Migration[]): Promise<Look> {
  try {
    return asLook(await readStatus(await config(), undefined, files));
  } catch (error) {
    return { state: 'failed', error: asKnexwardError(error) };
  }
}

function asLook({ applied, pending, problems, upToDate }: Status): Look {
  const names = pending.map(({ name }) => name);
  return { state: 'seen', applied: applied.length, pending: names, problems, upToDate };
}

/** Looks at the schemas of one database, and returns those that have to be looked at by themselves. */
async function sweepDatabase(
  group: readonly Placed[],
  { files }: SweepOptions,
  looks: Map<string, Look>,
): Promise<Placed[]> {
  const alone: Placed[] = [];
  const sessions: Session[] = [];
  try {
    const config = await (group[0] as Placed).config();
    const names = {
      history: config.migrations.tableName,
      dbMigrate: config.settings.dbMigrate.table,
    };
    // Where all share one history of db-migrate's, each has to be compared with it.
    if (config.settings.dbMigrate.schema !== schemaOf(group[0] as Placed)) return [...group];
    const wanted = Math.min(SESSIONS, Math.ceil(group.length / 500));
    for (let count = 0; count < wanted; count++)
      sessions.push(await openSession(config, { applicationName: 'knexward-fleet' }));
    const clients = sessions.map(({ client }) => client);
    const prints = await fingerprints(clients, group.map(schemaOf), names);
    const alike = groupBy(group, (each) => prints.get(schemaOf(each)));
    alone.push(...(alike.get(undefined) ?? []));
    for (const [print, some] of alike) {
      if (print === undefined) continue;
      alone.push(
        ...(await lookAtOneOf(some, { files, names, session: sessions[0], print }, looks)),
      );
    }
  } catch (error) {
    const known = asKnexwardError(error);
    if (known.code === 'INTERNAL') throw known;
    // A database that cannot be reached at all is told for each of its targets.
    for (const { target } of group) looks.set(target.id, { state: 'failed', error: known });
    return [];
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
  return alone;
}

const schemaOf = ({ target }: Placed): string => target.schema ?? '';

interface Alike {
  files: readonly Migration[];
  names: HistoryNames;
  session: Session | undefined;
  print: string;
}

/** One of several schemas whose histories are alike stands for them, where that is sure. */
async function lookAtOneOf(
  some: readonly Placed[],
  { files, names, session, print }: Alike,
  looks: Map<string, Look>,
): Promise<readonly Placed[]> {
  const [first, ...others] = some as [Placed, ...Placed[]];
  const look = await lookAt(first, files);
  if (look.state === 'failed') return some;
  looks.set(first.target.id, look);
  const recorded =
    print === '' || !session ? [] : await recordedChecksums(session.client, schemaOf(first), names);
  if (!isSameForAll(look) || !(await areAllAsRecorded(files, recorded))) return others;
  for (const { target } of others) looks.set(target.id, look);
  return [];
}

/** What follows from the names in a history, whatever its times and batches are. */
const FROM_NAMES = new Set<Problem['code']>([
  'OUT_OF_ORDER',
  'AHEAD',
  'MISSING_FILE',
  'DUPLICATE_ROW',
]);

function isSameForAll({ problems, pending }: Look & { state: 'seen' }): boolean {
  if (problems.some(({ code }) => !FROM_NAMES.has(code))) return false;
  // A pending file may be an applied one under another name, which depends on what is recorded when.
  const withoutFile = problems.some(({ code }) => code === 'AHEAD' || code === 'MISSING_FILE');
  return pending.length === 0 || !withoutFile;
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
