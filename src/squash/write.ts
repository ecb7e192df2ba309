import { commandLine } from '../command-line.js';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Baseline, isBaseline, parseBaseline, renderBaseline } from '../baseline/file.js';
import { settingsOf } from '../baseline/fitness.js';
import { baselinePlace, type BaselinePlace } from '../baseline/place.js';
import { standsForOf } from '../baseline/stands-for.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { KnexwardError } from '../errors.js';
import { findMigrations, type Migration } from '../files/find.js';
import { type OwnFile, readOwnFile, writeOwnFile } from '../files/own-file.js';
import { locateHistory } from '../history/locate.js';
import { readHistory } from '../history/read.js';
import { selectName } from '../plan/select.js';
import { unquoted } from '../schema/catalog/names.js';
import { openReplayed, type ReplayOptions } from '../replay/replay.js';
import { rolesIn } from '../schema/sql/render.js';
import { findSchemas, type ShadowSchemas } from '../throwaway/schemas.js';
import { renderBody } from './body.js';
import { type BaselineCheck, findBaseline, proveBaseline } from './check.js';
import { judgeDefaults, type Verdicts } from './defaults.js';
import { compareReplays, type ReplayedTable } from './replayed-rows.js';
import {
  compareStates,
  withEmptyDatabase,
  type EmptyDatabase,
  readState,
  type State,
} from './state.js';

/** What writing or checking a baseline may be told. */
export interface BaselineOptions extends ReplayOptions {
  onEmbedded?: ((folder: string) => void) | undefined;
  /** Asked before values are written that differ from replay to replay; throws to stop. */
  confirmFrozen?: ((frozen: readonly string[]) => Promise<void>) | undefined;
}

/** A baseline that was written, or found to be right as it is. */
export interface WrittenBaseline {
  /** From the project's folder. */
  file: string;
  action: 'written' | 'unchanged';
  migrations: number;
  upTo: string;
  /** The server's major version. */
  postgres: number;
  /** How many tables it makes, and rows it brings. */
  tables: number;
  rows: number;
  /** Columns (`table.column`) whose values differ from replay to replay. */
  leftToDefault: readonly string[];
  frozen: readonly string[];
}

/** The project, as far as a baseline rests on it. */
interface Project {
  config: ResolvedConfig;
  files: Migration[];
  schemas: ShadowSchemas;
  place: BaselinePlace;
}

/**
 * Writes what the migrations leave in an empty database as one file. They are replayed twice, so
 * that what differs from replay to replay is known; the file is loaded and compared with a replay
 * before it takes the place of an older one. The project's database is only read.
 *
 * @param name up to and including this migration; the last one unless given
 * @throws KnexwardError `BASELINE_FILE` where the file is somebody else's, or there is nothing to
 * write; `BASELINE_DIFFERS` where what it makes is not what a replay makes; `REPLAY_FAILED`,
 * `SERVER_WIDE_CHANGE`, `NO_SHADOW`, `UNKNOWN_MIGRATION`, `INTERRUPTED`
 */
export async function takeBaseline(
  given: ResolvedConfig,
  name: string | undefined,
  options: BaselineOptions = {},
): Promise<WrittenBaseline> {
  const project = await openProject(given, options);
  const { config, place } = project;
  const migrations = upTo(project.files, name);
  const old = await readOwnFile(place.path, place.name, BASELINE_FILE);
  const replayed = await replayTwice(project, migrations, options);
  const { state, tables, verdicts, schemas } = replayed;
  refuseNotDescribed(state);
  if (await isRightAlready(project, migrations, state)) {
    return told(place, 'unchanged', await current(place), tables);
  }
  if (verdicts.frozen.length > 0) await options.confirmFrozen?.(verdicts.frozen);
  const standsFor = (await standsForOf(migrations)) ?? [];
  const text = await withEmptyDatabase(config, schemas, async (database) => {
    const { searchPath, filesSchema } = settingsOf(config);
    const body = renderBody({
      ...{ catalog: state.catalog, initial: database.initial, tables, searchPath },
      ...{ sequences: state.data.sequences, leftToDefault: verdicts.leftToDefault },
    });
    await prove(database, body, state, verdicts);
    const before = schemas.filter((schema) => schema !== 'public');
    return renderBaseline(
      {
        ...{ postgres: state.catalog.postgres, historySchema: project.schemas.ofHistory },
        ...{
          searchPath,
          filesSchema,
          schemas: before,
          roles: rolesIn(state.catalog).map(unquoted),
        },
        ...verdicts,
        migrations: standsFor,
      },
      body,
    );
  });
  if (old !== text) await writeOwnFile(place.path, text);
  return told(place, old === text ? 'unchanged' : 'written', await current(place), tables);
}

/**
 * Compares the project's baseline with a replay, and writes nothing.
 *
 * @throws KnexwardError `BASELINE_FILE` where there is none; and as `takeBaseline`
 */
export async function checkBaseline(
  given: ResolvedConfig,
  options: BaselineOptions = {},
): Promise<BaselineCheck> {
  const { config, files, schemas, place } = await openProject(given, options);
  const found = await findBaseline(config, files);
  if (!found) {
    throw new KnexwardError('BASELINE_FILE', {
      message: `There is no baseline ${place.name}.`,
      fix: `Write one: ${commandLine('baseline')}`,
    });
  }
  if (!found.baseline) return found.check;
  const migrations = files.slice(0, found.baseline.migrations.length);
  const shadow = await openReplayed(config, migrations, schemas, options);
  const state = await readState(shadow.config).finally(() => shadow.close());
  return proveBaseline(config, found, state);
}

async function openProject(
  given: ResolvedConfig,
  { onEmbedded }: BaselineOptions,
): Promise<Project> {
  const place = baselinePlace(given);
  if (!place) {
    throw new KnexwardError('BASELINE_FILE', {
      message: 'The knexfile says that this project has no baseline (knexward.baseline).',
      fix: 'Take that out, or write a path there.',
    });
  }
  const session = await openSession(given, onEmbedded ? { onEmbedded } : {});
  try {
    const config = await locateHistory(session.client, given);
    const { tables } = await readHistory(session.client, config);
    const schemas = await findSchemas(session.client, config, tables.schema);
    return { config, files: await findMigrations(config), schemas, place };
  } finally {
    await session.close();
  }
}

function upTo(files: readonly Migration[], name: string | undefined): Migration[] {
  const names = files.map((file) => file.name);
  const last = name === undefined ? names.at(-1) : selectName(names, name);
  const migrations = files.slice(0, names.indexOf(last ?? '') + 1);
  const [without] = migrations.filter(({ path }) => path === null);
  if (migrations.length > 0 && !without) return migrations;
  throw new KnexwardError('BASELINE_FILE', {
    message: without
      ? `${without.name} comes from a migration source that tells no file: nothing could tell that a baseline of it is stale.`
      : 'There are no migrations to write a baseline of.',
    fix: without
      ? 'Use a folder of files, or the migrationSource of knexward.'
      : 'See where they are looked for: migrations.directory in the knexfile.',
  });
}

const BASELINE_FILE: OwnFile = {
  called: 'a baseline',
  isOurs: isBaseline,
  code: 'BASELINE_FILE',
  fix: "Move it away, or name another file in the knexfile: knexward: { baseline: 'db/baseline.sql' }",
};

/** What a catalog knows by name only, no file can make again. */
function refuseNotDescribed({ catalog: { notDescribed } }: State): void {
  if (notDescribed.length === 0) return;
  const named = notDescribed.map(({ kind, name }) => `${kind} ${name}`);
  const more = named.length > SHOWN ? `; and ${named.length - SHOWN} more` : '';
  throw new KnexwardError('BASELINE_DIFFERS', {
    message: `The migrations make what a baseline cannot hold: ${named.slice(0, SHOWN).join('; ')}${more}. Nothing was written.`,
    fix: 'Without a baseline, up goes on replaying. See docs/baseline.md for what one cannot hold.',
  });
}

interface Replayed {
  /** After the first replay. */
  state: State;
  tables: ReplayedTable[];
  verdicts: Verdicts;
  /** Those that were there before the first migration. */
  schemas: readonly string[];
}

async function replayTwice(
  { config, schemas }: Project,
  migrations: readonly Migration[],
  options: BaselineOptions,
): Promise<Replayed> {
  const first = await openReplayed(config, migrations, schemas, options);
  const state = await readState(first.config).finally(() => first.close());
  const started = performance.now();
  const again = await openReplayed(config, migrations, schemas, options);
  try {
    const { data } = await readState(again.config);
    const tables = compareReplays(state.data, data);
    const session = await openSession(again.config);
    try {
      const elapsedMs = performance.now() - started;
      const verdicts = await judgeDefaults(session.client, tables, state.data, data, elapsedMs);
      return { state, tables, verdicts, schemas: again.schemas };
    } finally {
      await session.close();
    }
  } finally {
    await again.close();
  }
}

/** What differs from replay to replay would be another text each time, and say nothing new. */
async function isRightAlready(
  { config, place, files }: Project,
  migrations: readonly Migration[],
  state: State,
): Promise<boolean> {
  const found = await findBaseline(config, files);
  const { baseline } = found ?? {};
  if (!found || baseline?.migrations.length !== migrations.length) return false;
  if (baseline.frozen.length === 0 || baseline.postgres !== state.catalog.postgres) return false;
  return existsSync(place.path) && (await proveBaseline(config, found, state)).inSync;
}

async function prove(
  database: EmptyDatabase,
  body: string,
  replayed: State,
  verdicts: Verdicts,
): Promise<void> {
  const loaded = await database.load({ body });
  if (!('state' in loaded)) {
    throw notTheSame([`it cannot be loaded: ${loaded.refused} (${firstLine(loaded.statement)})`]);
  }
  const differences = compareStates(replayed, loaded.state, verdicts);
  if (differences.length === 0) return;
  throw notTheSame(
    differences.map(({ kind, object, expected, actual }) => {
      const worded = (parts: unknown): string =>
        parts === null ? 'nothing' : JSON.stringify(parts);
      return `${kind} ${object}: a replay gives ${worded(expected)}, the baseline ${worded(actual)}`;
    }),
  );
}

function firstLine(statement: string | null): string {
  return (statement ?? '').split('\n')[0]?.slice(0, 200) ?? '';
}

const SHOWN = 5;

function notTheSame(reasons: readonly string[]): KnexwardError {
  const shown = reasons.slice(0, SHOWN).join('; ');
  const more = reasons.length > SHOWN ? `; and ${reasons.length - SHOWN} more` : '';
  return new KnexwardError('BASELINE_DIFFERS', {
    message: `A database that begins with the baseline would not be what the migrations make: ${shown}${more}. Nothing was written.`,
    fix: 'See docs/baseline.md for what a baseline cannot hold. Without one, up goes on replaying.',
  });
}

async function current({ path }: BaselinePlace): Promise<Baseline> {
  return parseBaseline(await readFile(path, 'utf8')) as Baseline;
}

function told(
  { name }: BaselinePlace,
  action: WrittenBaseline['action'],
  baseline: Baseline,
  tables: readonly ReplayedTable[],
): WrittenBaseline {
  const { migrations, postgres, leftToDefault, frozen } = baseline;
  return {
    ...{ file: name, action, migrations: migrations.length, upTo: migrations.at(-1)?.name ?? '' },
    ...{ postgres, tables: tables.length },
    rows: tables.reduce((sum, { rows }) => sum + rows.length, 0),
    ...{ leftToDefault, frozen },
  };
}
