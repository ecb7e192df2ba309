import { type Client } from 'pg';
import { type Baseline } from '../baseline/file.js';
import { splitStatements } from '../sql/split.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { redact } from '../secrets.js';
import { type Catalog } from '../schema/catalog/model.js';
import { readSchema } from '../schema/read-schema.js';
import { compareCatalogs, type Difference } from '../schema/compare.js';
import { openShadow } from '../throwaway/shadow.js';
import { compareData } from './compare-data.js';
import { type Data, readData } from './data.js';
import { compareFacts, type Fact, readFacts } from './facts.js';

/** All that a database holds: its schema, its rows, and what is said of neither. */
export interface State {
  catalog: Catalog;
  data: Data;
  facts: Fact[];
}

/** Reads all of a shadow. */
export async function readState(config: ResolvedConfig): Promise<State> {
  const session = await openSession(config);
  try {
    return await stateOf(session.client, config);
  } finally {
    await session.close();
  }
}

async function stateOf(client: Client, config: ResolvedConfig): Promise<State> {
  const catalog = await readSchema(config, client);
  return { catalog, data: await readData(client, catalog), facts: await readFacts(client) };
}

/** What became of loading a baseline: what is in the database then, or why it could not be loaded. */
export type Loaded = { state: State } | { refused: string; statement: string | null };

/** Does something with a baseline in an empty database made for the moment. */
export interface EmptyDatabase {
  /** The catalog of the empty database. */
  initial: Catalog;
  load(baseline: Pick<Baseline, 'body'>): Promise<Loaded>;
}

/** Opens an empty database for the time of one call. */
export async function withEmptyDatabase<T>(
  config: ResolvedConfig,
  schemas: readonly string[],
  work: (database: EmptyDatabase) => Promise<T>,
): Promise<T> {
  const shadow = await openShadow(config, schemas);
  try {
    const session = await openSession(shadow.config);
    try {
      const { client } = session;
      const initial = await readSchema(config, client);
      return await work({
        initial,
        load: async ({ body }) => {
          const refused = await loadBody(client, body);
          return refused ?? { state: await stateOf(client, config) };
        },
      });
    } finally {
      await session.close();
    }
  } finally {
    await shadow.close();
  }
}

async function loadBody(
  client: Client,
  body: string,
): Promise<{ refused: string; statement: string | null } | null> {
  await client.query('begin');
  for (const { sql } of splitStatements(body)) {
    try {
      await client.query(sql);
    } catch (error) {
      await client.query('rollback');
      return { refused: redact((error as Error).message), statement: redact(sql) };
    }
  }
  await client.query('commit');
  return null;
}

/** How a database that began with a baseline differs from a replay. */
export function compareStates(
  expected: State,
  actual: State,
  { leftToDefault, frozen }: Pick<Baseline, 'leftToDefault' | 'frozen'>,
): Difference[] {
  return [
    ...compareCatalogs(expected.catalog, actual.catalog),
    ...compareData(expected.data, actual.data, new Set([...leftToDefault, ...frozen])),
    ...compareFacts(expected.facts, actual.facts),
  ];
}
