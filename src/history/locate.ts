import { type ClientBase } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';

/**
 * Settles which of several schemas holds the history of a scope: as db-migrate finds its table, the
 * first on the search path that has one. Where none has, the configuration comes back as it was.
 */
export async function locateHistory(
  client: ClientBase,
  config: ResolvedConfig,
): Promise<ResolvedConfig> {
  const { migrations, settings } = config;
  if (migrations.historyPath === null) return config;
  const { rows } = await client.query<{ schema: string }>(
    `select p.schema
       from unnest($1::text[]) with ordinality p (schema, position)
       join pg_namespace n on n.nspname = p.schema
       join pg_class c on c.relnamespace = n.oid and c.relname in ($2, $3)
      order by p.position limit 1`,
    [migrations.historyPath, settings.dbMigrate.table, migrations.tableName],
  );
  const schema = rows[0]?.schema;
  if (schema === undefined) return config;
  return {
    ...config,
    migrations: { ...migrations, schemaName: schema, historyPath: null },
    settings: { ...settings, dbMigrate: { ...settings.dbMigrate, schema } },
  };
}
