import { type ClientBase } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { schemasOf } from '../database/search-path.js';

/** Which schemas a shadow has before its first migration. */
export interface ShadowSchemas {
  /** Those that the knexfile names and the project's database has. */
  present: string[];
  /** The one that the history is in: it was there before the first migration. */
  ofHistory: string;
}

/**
 * Finds out which schemas the project's database has of those that the knexfile names. Where one of
 * them is not there, a migration that is still to run may be what makes it.
 */
export async function findSchemas(
  client: ClientBase,
  config: ResolvedConfig,
  ofHistory: string,
): Promise<ShadowSchemas> {
  const { rows } = await client.query<{ name: string }>('select nspname as name from pg_namespace');
  const there = new Set(rows.map(({ name }) => name));
  const present = schemasNamed(config).filter((name) => there.has(name));
  return { present: [...new Set([ofHistory, ...present])], ofHistory };
}

/** The schemas that a knexfile names. */
export function schemasNamed({ migrations, settings, knex }: ResolvedConfig): string[] {
  const named = [...(schemasOf(knex) ?? []), migrations.schemaName, settings.dbMigrate.schema];
  return [...new Set(named)].filter((name) => name !== null && name !== '$user') as string[];
}
