import { type ClientBase } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { narrowToScope } from '../config/scope.js';
import { type Migration } from '../files/find.js';
import { scopeOf } from '../files/scope.js';
import { locateHistory } from '../history/locate.js';

/**
 * The configurations of the scopes whose `config.json` led db-migrate to a history in another
 * schema than the project's, one a schema. A scope that never ran here has none.
 *
 * @param home The schema of the project's own history.
 * @throws KnexwardError `DB_MIGRATE_CONFIG` for a `config.json` that cannot be used.
 */
export async function scopesWithOwnHistory(
  client: ClientBase,
  config: ResolvedConfig,
  files: readonly Migration[],
  home: string,
): Promise<ResolvedConfig[]> {
  const bySchema = new Map<string, ResolvedConfig>();
  for (const scope of new Set(files.map(({ name }) => scopeOf(name)))) {
    if (scope === '') continue;
    const located = await locateHistory(client, narrowToScope(config, scope));
    const { schema, table } = located.settings.dbMigrate;
    if (schema === null || schema === home || bySchema.has(schema)) continue;
    if (await hasTable(client, schema, table)) bySchema.set(schema, located);
  }
  return [...bySchema.values()];
}

async function hasTable(client: ClientBase, schema: string, table: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2`,
    [schema, table],
  );
  return rowCount === 1;
}
