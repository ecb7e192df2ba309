import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type ClientBase } from 'pg';
import { type ProjectConfig } from '../config/resolve.js';
import { schemasOf } from '../database/search-path.js';
import { type Migration } from '../files/find.js';
import { type History } from '../history/read.js';
import { inspectDatabase } from './empty.js';
import { type Baseline, parseBaseline } from './file.js';
import { baselinePlace, type BaselinePlace } from './place.js';
import { compareStanding } from './stands-for.js';

/** A baseline that an empty database may begin with. */
export interface FittingBaseline {
  place: BaselinePlace;
  baseline: Baseline;
  /** Of the files that it stands for, as they are on this machine. */
  checksums: string[];
}

/** A baseline that is there, and cannot be used. */
export interface UnfitBaseline {
  place: BaselinePlace;
  reason: string;
}

/** What has to be known to judge a baseline. */
export interface Circumstances {
  config: ProjectConfig;
  client: ClientBase;
  files: readonly Migration[];
  history: History;
}

/**
 * Judges whether an empty database may begin with the project's baseline. `null` where there is
 * none, or the database is not empty: then nothing has to be said.
 */
export async function judgeBaseline(
  circumstances: Circumstances,
): Promise<FittingBaseline | UnfitBaseline | null> {
  const { config, client, files, history } = circumstances;
  const place = baselinePlace(config);
  if (!place || !existsSync(place.path)) return null;
  if (!(await inspectDatabase(client, history.tables)).empty) return null;
  const unfit = (reason: string): UnfitBaseline => ({ place, reason });
  const baseline = parseBaseline(await readFile(place.path, 'utf8'));
  if ('reason' in baseline) return unfit(baseline.reason);
  const reason = reasonInProject(baseline, circumstances);
  if (reason !== null) return unfit(reason);
  const standing = compareStanding(baseline.migrations, files);
  if (typeof standing === 'string') return unfit(standing);
  const { schemas, roles } = baseline;
  if (schemas.length + roles.length > 0) {
    const { missing } = await inspectDatabase(client, history.tables, { schemas, roles });
    const [schema] = missing.schemas;
    if (schema !== undefined) return unfit(`it needs the schema ${schema}, which is not there`);
    const [role] = missing.roles;
    if (role !== undefined) return unfit(`it needs the role ${role}, which is not there`);
  }
  return { place, baseline, checksums: standing.checksums };
}

/** What the knexfile says that a baseline rests on. */
export function settingsOf({
  knex,
  migrations,
  settings,
}: ProjectConfig): Pick<Baseline, 'searchPath' | 'filesSchema'> {
  return {
    searchPath: schemasOf(knex),
    filesSchema: settings.dbMigrate.schema ?? migrations.schemaName,
  };
}

function reasonInProject(baseline: Baseline, { config, history }: Circumstances): string | null {
  const hooks = Object.keys(config.migrations.hooks);
  if (hooks.length > 0)
    return `the knexfile has hooks (${hooks.join(', ')}), which run with migrations only`;
  const server = Math.floor(history.serverVersion / 10_000);
  if (server < baseline.postgres) {
    return `it was made on PostgreSQL ${baseline.postgres}, and this is ${server}`;
  }
  const settings = settingsOf(config);
  const differs = (['searchPath', 'filesSchema'] as const).some(
    (key) => JSON.stringify(settings[key]) !== JSON.stringify(baseline[key]),
  );
  if (differs) return 'the knexfile names other schemas than when it was written';
  const { schema } = history.tables;
  if (schema === baseline.historySchema) return null;
  return `the history is in the schema ${schema}, and was in ${baseline.historySchema} when it was written`;
}
