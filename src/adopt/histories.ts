import { type ClientBase } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { type Migration } from '../files/find.js';
import { readPhase } from '../history/phase.js';
import { readHistory } from '../history/read.js';
import { readOldHistory } from './inspect-database.js';
import { type HistoryPlan, planHistory } from './plan.js';
import { scopesWithOwnHistory } from './scopes.js';

/** One history of db-migrate's, and what carrying it over comes down to. */
export interface FoundHistory {
  /** The configuration that leads to it. */
  config: ResolvedConfig;
  /** The schema that it is looked for in. */
  schema: string;
  /** The table that it is in, or `null` where there is none. */
  source: string | null;
  plan: HistoryPlan;
  /** The table is set aside: the takeover is finished. */
  finished: boolean;
  /** The names that Knex's history has, or will have, in the order of its rows. */
  names: string[];
}

/** The project's own history, then those that scopes have in schemas of their own. Reads only. */
export async function inspectHistories(
  client: ClientBase,
  config: ResolvedConfig,
  files: readonly Migration[],
  timeZone: string,
): Promise<[FoundHistory, ...FoundHistory[]]> {
  const own = await inspectHistory(client, config, files, timeZone);
  const found: [FoundHistory, ...FoundHistory[]] = [own];
  for (const scope of await scopesWithOwnHistory(client, config, files, own.schema)) {
    found.push(await inspectHistory(client, scope, files, timeZone));
  }
  return found;
}

async function inspectHistory(
  client: ClientBase,
  config: ResolvedConfig,
  files: readonly Migration[],
  timeZone: string,
): Promise<FoundHistory> {
  const history = await readHistory(client, config);
  const old = await readOldHistory(client, history, timeZone);
  const plan = planHistory(old, history, files, timeZone);
  const { schema, table } = history.tables.dbMigrate;
  const reverted = new Set(plan.reverted);
  return {
    config,
    schema,
    source: old === null ? null : `${schema}.${table}`,
    plan,
    finished: old === null && (await readPhase(client, history.tables)).setAside !== null,
    names: [...history.rows.filter(({ name }) => !reverted.has(name)), ...plan.rows].map(
      ({ name }) => name,
    ),
  };
}
