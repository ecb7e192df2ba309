import { type ClientBase } from 'pg';
import { commandLine } from '../../command-line.js';
import { type ResolvedConfig } from '../../config/resolve.js';
import { KnexwardError } from '../../errors.js';
import { type Migration } from '../../files/find.js';
import { readPhase } from '../../history/phase.js';
import { type History, readHistory } from '../../history/read.js';
import { checkTimeZone, ownTimeZone } from '../inspect-database.js';
import { scopesWithOwnHistory } from '../scopes.js';
import { keptTimeZone } from '../takeover-record.js';
import {
  candidatesOf,
  defaultReading,
  distinctReadings,
  type Reading,
  settledReading,
} from './candidates.js';
import { withDates } from './dated-rows.js';
import {
  earlierTimeZone,
  findZoneless,
  newestRows,
  type NewestRow,
  readInZones,
  serverTimeZone,
} from './read.js';

/** In which zone db-migrate's times are, as far as it is a question: zones that give other moments. */
export interface TimeZoneQuestion {
  newest: NewestRow;
  readings: Reading[];
  /** The one of them that is marked. */
  marked: Reading;
}

/** The zone that db-migrate's times are read in, and who said so. */
export interface TimeZoneDecision {
  timeZone: string;
  /**
   * `given` on the command line; `answered` to the question; `earlier`: an earlier takeover of this
   * database was told it; `kept`: one of another environment was. `undisputed`: all that it could
   * be give the same moments. `zoned`: the times have a zone of their own.
   */
  origin: 'given' | 'answered' | 'earlier' | 'kept' | 'undisputed' | 'zoned';
}

/** What the decision is made from. */
export interface TimeZoneRequest {
  config: ResolvedConfig;
  /** All migrations, those of scopes among them. */
  files: readonly Migration[];
  /** The folder in which the takeover keeps its record. */
  root: string;
  given: string | undefined;
  /** Asks a person, and returns the name of a zone; throws to stop. */
  choose?: ((question: TimeZoneQuestion) => Promise<string>) | undefined;
}

/**
 * Decides in which zone db-migrate's times are. Reads only.
 *
 * @throws KnexwardError `TIME_ZONE_REQUIRED` where that is a question and nobody can be asked,
 * `UNKNOWN_TIME_ZONE`
 */
export async function decideTimeZone(
  client: ClientBase,
  { config, files, root, given, choose }: TimeZoneRequest,
): Promise<TimeZoneDecision> {
  if (given !== undefined) return { timeZone: checkTimeZone(given), origin: 'given' };
  const histories = await allHistories(client, config, files);
  const { query } = await findZoneless(client, histories);
  if (query === null) return { timeZone: ownTimeZone(), origin: 'zoned' };
  const earlier = await answeredHere(client, histories);
  if (earlier !== null) return { timeZone: checkTimeZone(earlier), origin: 'earlier' };
  const read = await readCandidates(client, query, { config, files, kept: keptTimeZone(root) });
  // Nothing is left to be copied.
  if (read === null) return { timeZone: ownTimeZone(), origin: 'undisputed' };
  const readings = distinctReadings(read.readings);
  const settled = settledReading(readings);
  if (settled !== null) {
    const origin = settled.reasons.includes('kept') ? 'kept' : 'undisputed';
    return { timeZone: settled.timeZone, origin };
  }
  const marked = defaultReading(readings);
  if (marked === undefined) return { timeZone: ownTimeZone(), origin: 'undisputed' };
  const question = { newest: read.newest, readings, marked };
  if (choose === undefined) throw timeZoneRequired(question);
  return { timeZone: checkTimeZone(await choose(question)), origin: 'answered' };
}

/** What to say where nobody can be asked. */
export function timeZoneRequired(
  { newest, readings, marked }: TimeZoneQuestion,
  ...words: readonly string[]
): KnexwardError {
  const told = readings
    .map((reading) => {
      const reasons = [...ownersOf(reading), ...evidenceOn(reading)].join('; ');
      const told = reasons === '' ? '' : ` (${reasons})`;
      return `${reading.newest} in ${reading.timeZone}${told}`;
    })
    .join(', ');
  const command = commandLine('adopt', ...words, '--time-zone', marked.timeZone);
  return new KnexwardError('TIME_ZONE_REQUIRED', {
    message: `db-migrate's times have no zone, and it matters which one they are read in: the newest row, ${newest.name} at ${newest.runOn}, is ${told}. Nothing was changed.`,
    fix: `Name the zone of the machines that ran db-migrate: ${command}`,
  });
}

/** Whose zone it is, in words. */
export function ownersOf({ reasons }: Reading): string[] {
  return reasons.flatMap((reason) => OWNERS[reason]);
}

/** What the rows say for a zone and against it. */
export function evidenceOn({ fit, impossible, future }: Reading): string[] {
  const words = fit ? [`${fit.close} of ${fit.rows} rows are close to their files' dates`] : [];
  if (impossible > 0)
    words.push(`${impossible} ${times(impossible, 'does', 'do')} not exist there`);
  if (future > 0) words.push(`${future} ${times(future, 'is', 'are')} still to come there`);
  return words;
}

const OWNERS = {
  kept: ['the answer that was kept'],
  machine: ["this machine's"],
  server: ["the server's"],
  utc: [],
  closest: [],
} as const;

function times(count: number, one: string, many: string): string {
  return count === 1 ? `time ${one}` : `times ${many}`;
}

async function allHistories(
  client: ClientBase,
  config: ResolvedConfig,
  files: readonly Migration[],
): Promise<[History, ...History[]]> {
  const own = await readHistory(client, config);
  const found: [History, ...History[]] = [own];
  const { schema } = own.tables.dbMigrate;
  for (const scope of await scopesWithOwnHistory(client, config, files, schema)) {
    found.push(await readHistory(client, scope));
  }
  return found;
}

/** An answer that was taken back, by an undo, is none. */
async function answeredHere(
  client: ClientBase,
  [{ tables }]: readonly [History, ...History[]],
): Promise<string | null> {
  const { adopted, undone } = await readPhase(client, tables);
  return adopted && !undone ? earlierTimeZone(client, tables) : null;
}

async function readCandidates(
  client: ClientBase,
  query: string,
  sources: { config: ResolvedConfig; files: readonly Migration[]; kept: string | null },
): Promise<{ newest: NewestRow; readings: Reading[] } | null> {
  const { config, files, kept } = sources;
  const newest = await newestRows(client, query);
  const candidates = candidatesOf({
    kept,
    machine: ownTimeZone(),
    server: await serverTimeZone(client),
    rows: await withDates(newest, files, config.migrations.directories),
  });
  return readInZones(client, query, candidates);
}
