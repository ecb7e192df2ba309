import { type Client, type ClientBase, escapeLiteral } from 'pg';
import { type DatabaseInUse, type ResolvedConfig } from '../config/resolve.js';
import { schemasOf } from '../database/search-path.js';

/** Which database a connection goes to, and which of the history's tables it has. */
export interface Found {
  schema: string | null;
  user: string;
  database: string;
  /** The schema of db-migrate's table, as far as it is there. */
  old_schema: string | null;
  server_version: number;
  columns: Record<string, string[]>;
}

/**
 * One round trip for everything that depends on what exists. db-migrate does not qualify the name
 * of its table, so where no schema is given it is looked for along the search path, as it does.
 *
 * Where the knexfile names the path, that one counts and not the session's: behind a pooler the
 * session is not ours to set. The simple query protocol, because a runner that has waited for the
 * lock reads on the connection that holds it (see transaction/runners-lock.ts).
 */
export async function findTables(
  client: ClientBase,
  schema: string | null,
  names: readonly string[],
  old: { schema: string | null; table: string },
  path: readonly string[] | null,
): Promise<Found> {
  const { rows } = await client.query<Found>(
    `with path as (${searchPathRows(path)}
     ), home as (
       select nspname as name from pg_namespace
        where nspname = coalesce(${literal(schema)}, (select name from path order by position limit 1))
     ), old as (
       select coalesce(${literal(old.schema)}, (
         select p.name from path p
           join pg_namespace n on n.nspname = p.name
           join pg_class c on c.relnamespace = n.oid and c.relname = ${literal(old.table)}
          order by p.position limit 1)) as name
     ), wanted as (
       select (select name from home) as schema, t as name, t as label
         from unnest(${literals(names)}) t
       union all
       select (select name from old), ${literal(old.table)}, 'db-migrate'
     )
     select (select name from home) as schema, (select name from old) as old_schema,
            current_user as user, current_database() as database,
            current_setting('server_version_num')::int as server_version,
            (select coalesce(json_object_agg(label, columns), '{}') from (
               select w.label, json_agg(a.attname) as columns
                 from wanted w
                 join pg_namespace n on n.nspname = w.schema
                 join pg_class c on c.relnamespace = n.oid and c.relname = w.name
                  and c.relkind in ('r', 'p', 'v', 'f', 'm')
                 join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                group by w.label) found) as columns`,
  );
  return rows[0] as Found;
}

/** Tells the configuration's listener which database this is, for what reads no history. */
export async function tellDatabase(client: ClientBase, config: ResolvedConfig): Promise<void> {
  if (!config.onDatabase) return;
  const { rows } = await client.query<Omit<DatabaseInUse, 'host' | 'port'>>(
    `select current_user as user, current_database() as database, coalesce(
       ${literal(config.migrations.schemaName)},
       (select name from (${searchPathRows(schemasOf(config.knex))}) path order by position limit 1)
     ) as schema`,
  );
  tell(client, config, rows[0] as (typeof rows)[0]);
}

export function tell(
  client: ClientBase,
  { onDatabase }: ResolvedConfig,
  { user, database, schema }: Omit<DatabaseInUse, 'host' | 'port'>,
): void {
  const { host, port } = client as Client;
  onDatabase?.({ user, host, port, database, schema });
}

/** The schemas that names are looked for in, as the server would: those that exist and may be used. */
function searchPathRows(path: readonly string[] | null): string {
  if (path === null) {
    return 'select name, position from unnest(current_schemas(false)) with ordinality p (name, position)';
  }
  return `select n.nspname as name, p.position
            from unnest(${literals(path)}) with ordinality p (name, position)
            join pg_namespace n
              on n.nspname = case p.name when '$user' then current_user else p.name end
           where has_schema_privilege(n.oid, 'usage')`;
}

function literal(text: string | null): string {
  return text === null ? 'null::text' : escapeLiteral(text);
}

function literals(texts: readonly string[]): string {
  return `array[${texts.map(literal).join(', ')}]::text[]`;
}
