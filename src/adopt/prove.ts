import { type Client, escapeIdentifier } from 'pg';
import { openSession } from '../database/session.js';
import { type Migration } from '../files/find.js';
import { asRecorded } from '../files/recorded.js';
import { readSchema } from '../schema/read-schema.js';
import { compareCatalogs, type Difference } from '../schema/compare.js';
import { replay, type ReplayOptions } from '../replay/replay.js';
import { findSchemas } from '../throwaway/schemas.js';
import { openShadow, type Shadow } from '../throwaway/shadow.js';
import { type FoundHistory } from './histories.js';
import { type Warning } from './plan.js';

/** How the database compares with what the history that is taken over makes, replayed. */
export interface Proof {
  /** What was changed by hand in the past, or by something that left no row. */
  drift: Difference[];
  /** Rows without files: what they made is not proven, and may be told as drift. */
  unproven: string[];
  /** How many migrations were replayed, and where. */
  replayed: number;
  shadow: string;
  postgres: { expected: number; actual: number };
}

/**
 * Replays each history, as it will be after the takeover, in a shadow database, and compares what
 * that makes with the real one, which is only read.
 *
 * @throws KnexwardError `NO_SHADOW`, `REPLAY_FAILED`, `SERVER_WIDE_CHANGE`, `INTERRUPTED`
 */
export async function proveSchema(
  client: Client,
  histories: readonly [FoundHistory, ...FoundHistory[]],
  files: readonly Migration[],
  options: ReplayOptions,
): Promise<Proof> {
  const { config, schema } = histories[0];
  const actual = await readSchema(config, client);
  const work = histories.map((history) => ({ history, ...filesOf(history, files) }));
  const replayed = work.reduce((sum, { migrations }) => sum + migrations.length, 0);
  const { present } = await findSchemas(client, config, schema);
  const shadow = await openShadow(config, present);
  try {
    options.onReplay?.(shadow.description, replayed);
    for (const { history, migrations } of work) {
      await replay(await inShadow(shadow, history), migrations, options);
    }
    const expected = await readSchema(shadow.config);
    return {
      drift: compareCatalogs(expected, actual),
      unproven: work.flatMap(({ unproven }) => unproven),
      ...{ replayed, shadow: shadow.description },
      postgres: { expected: expected.postgres, actual: actual.postgres },
    };
  } finally {
    await shadow.close();
  }
}

/** The files of a history, in the order in which they were applied, and the rows that have none. */
function filesOf(
  { names: rows }: FoundHistory,
  found: readonly Migration[],
): { migrations: Migration[]; unproven: string[] } {
  const names = [...new Set(rows)];
  const files = asRecorded(
    found,
    names.map((name) => ({ name })),
  );
  const byName = new Map(files.map((file) => [file.name, file]));
  return {
    migrations: names.flatMap((name) => byName.get(name) ?? []),
    unproven: names.filter((name) => !byName.has(name)),
  };
}

/** The shadow for one history, with the schema that a scope has of its own. */
async function inShadow(shadow: Shadow, { config, schema }: FoundHistory): Promise<Shadow> {
  const { database, onDatabase, confinement } = shadow.config;
  const there = { ...shadow, config: { ...config, database, onDatabase, confinement } };
  const session = await openSession(shadow.config);
  try {
    await session.client.query(`create schema if not exists ${escapeIdentifier(schema)}`);
  } finally {
    await session.close();
  }
  return there;
}

/** What a person should know of it before saying yes. */
export function warningsOfProof({ drift, replayed }: Proof): Warning[] {
  if (drift.length === 0) return [];
  const shown = drift.slice(0, 5).map(({ kind, object }) => `${kind} ${object}`);
  const more = drift.length > shown.length ? ', …' : '';
  return [
    {
      code: 'DRIFT',
      message: `the database is not what its ${replayed} migrations make, ${drift.length} differences: ${shown.join(', ')}${more}`,
    },
  ];
}
