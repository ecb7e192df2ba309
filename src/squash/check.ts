import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Baseline, parseBaseline } from '../baseline/file.js';
import { settingsOf } from '../baseline/fitness.js';
import { baselinePlace, type BaselinePlace } from '../baseline/place.js';
import { compareStanding } from '../baseline/stands-for.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { type Migration } from '../files/find.js';
import { type Difference } from '../schema/compare.js';
import { compareStates, withEmptyDatabase, type State } from './state.js';

/** What a check of a baseline found. */
export interface BaselineCheck {
  /** The file, from the project's folder. */
  file: string;
  inSync: boolean;
  /**
   * `stale`: the files are not those that it stands for any more; `edited`, `unreadable`: it is not
   * what knexward wrote. `up` does not use it then, and replays.
   */
  state: 'current' | 'stale' | 'edited' | 'unreadable';
  /** For how many migrations it stands, and the last of them; `null` where it cannot be read. */
  migrations: number | null;
  upTo: string | null;
  /** How a database that began with it differs from a replay; the file's own state is one too. */
  differences: Difference[];
}

/** What is known of a baseline before anything is replayed for it. */
export interface FoundBaseline {
  place: BaselinePlace;
  /** `null` where it cannot be used as it is. */
  baseline: Baseline | null;
  check: BaselineCheck;
}

/** Looks at the project's baseline: `null` where it has none. */
export async function findBaseline(
  config: ResolvedConfig,
  files: readonly Migration[],
): Promise<FoundBaseline | null> {
  const place = baselinePlace(config);
  if (!place || !existsSync(place.path)) return null;
  const parsed = parseBaseline(await readFile(place.path, 'utf8'));
  if ('reason' in parsed) {
    const state = parsed.kind === 'edited' ? 'edited' : 'unreadable';
    return unusable(place, null, state, parsed.reason);
  }
  const settings = settingsOf(config);
  const sameSettings = (['searchPath', 'filesSchema'] as const).every(
    (key) => JSON.stringify(settings[key]) === JSON.stringify(parsed[key]),
  );
  const standing = sameSettings
    ? compareStanding(parsed.migrations, files)
    : 'the knexfile names other schemas than when it was written';
  if (typeof standing === 'string') return unusable(place, parsed, 'stale', standing);
  return { place, baseline: parsed, check: checkOf(place, parsed, 'current', []) };
}

/**
 * Compares a database that begins with the baseline with a replay of what it stands for.
 *
 * @param replayed what the replay has left
 */
export async function proveBaseline(
  config: ResolvedConfig,
  { place, baseline, check }: FoundBaseline,
  replayed: State,
): Promise<BaselineCheck> {
  if (!baseline) return check;
  const schemas = [...new Set([baseline.historySchema, ...baseline.schemas])];
  return withEmptyDatabase(config, schemas, async (database) => {
    const loaded = await database.load(baseline);
    const differences =
      'state' in loaded
        ? compareStates(replayed, loaded.state, baseline)
        : [fileDifference(place, `it cannot be loaded: ${loaded.refused}`)];
    return checkOf(place, baseline, 'current', differences);
  });
}

function unusable(
  place: BaselinePlace,
  baseline: Baseline | null,
  state: BaselineCheck['state'],
  reason: string,
): FoundBaseline {
  const check = checkOf(place, baseline, state, [fileDifference(place, reason)]);
  return { place, baseline: null, check };
}

function checkOf(
  place: BaselinePlace,
  baseline: Baseline | null,
  state: BaselineCheck['state'],
  differences: Difference[],
): BaselineCheck {
  return {
    ...{ file: place.name, inSync: differences.length === 0, state },
    migrations: baseline?.migrations.length ?? null,
    upTo: baseline?.migrations.at(-1)?.name ?? null,
    differences,
  };
}

function fileDifference({ name }: BaselinePlace, found: string): Difference {
  const expected = { file: 'a baseline of these migrations' };
  return { kind: 'baseline', object: name, expected, actual: { file: found } };
}
