import { type Client } from 'pg';
import { type ResolvedConfig } from '../../config/resolve.js';
import { type HistoryTables, namesBeside } from '../../history/tables.js';

/** What the role may do with what `up` will need. Asked, never tried. */
export interface RightsFacts {
  role: string;
  /** The schema that the history tables are in, or will be; `null` where there is none. */
  historySchema: string | null;
  /** The schemas of the search path and of the history, in order, the first where tables are made. */
  schemas: SchemaRights[];
  /** The history's tables, as far as they exist. */
  tables: TableRights[];
  /** Tables that belong to roles of which the connection's role is no member. */
  strangers: { owner: string; count: number; some: string[] }[];
  /** Whether the sessions of other roles can be seen. */
  seesSessions: boolean;
}

/** A schema that a migration may work in. */
export interface SchemaRights {
  name: string;
  exists: boolean;
  usage: boolean;
  create: boolean;
}

/** A table of the history. */
export interface TableRights {
  /** `history`, `lock` and `journal`, or `old` for db-migrate's. */
  part: 'history' | 'lock' | 'journal' | 'old';
  /** Qualified and quoted. */
  name: string;
  owner: string;
  /** The rights, in lower case, that are needed and are not there. */
  missing: string[];
  /** A sequence that numbers its rows and may not be used. */
  sequence: string | null;
  /** Whether row security hides rows from this role. */
  hidesRows: boolean;
}

/** What each table of the history is used for. */
const NEEDED = {
  history: ['select', 'insert', 'delete'],
  lock: ['select', 'insert', 'update'],
  journal: ['select', 'insert'],
  old: ['select'],
} as const;

/** Looks at the role's rights. */
export async function lookAtRights(client: Client, config: ResolvedConfig): Promise<RightsFacts> {
  const { rows } = await client.query<{ role: string; path: string }>(
    "select current_user as role, current_setting('search_path') as path",
  );
  const { role, path } = rows[0] as (typeof rows)[0];
  const given = [config.knex.searchPath ?? []].flat();
  const names = given.length === 0 ? schemasIn(path) : given;
  const own = config.migrations.schemaName;
  const wanted = [...names.map((name) => (name === '$user' ? role : name)), ...(own ? [own] : [])];
  // A schema of the role's own is looked for first, and need not exist.
  const schemas = (await schemaRights(client, [...new Set(wanted)])).filter(
    ({ name, exists }) => exists || !(name === role && names.includes('$user')),
  );
  const historySchema = own ?? schemas.find(({ usage }) => usage)?.name ?? null;
  return {
    role,
    historySchema,
    schemas,
    tables: await tableRights(client, config, historySchema, wanted),
    strangers: await strangers(client, wanted),
    seesSessions: await seesSessions(client),
  };
}

/** The names in a search path, without their quotes. */
function schemasIn(path: string): string[] {
  const names = path.match(/"(?:[^"]|"")*"|[^\s,]+/g) ?? [];
  return names.map((name) =>
    name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name,
  );
}

async function schemaRights(client: Client, names: string[]): Promise<SchemaRights[]> {
  const { rows } = await client.query<SchemaRights>(
    `select w.name, n.oid is not null as exists,
            coalesce(has_schema_privilege(n.oid, 'usage'), false) as usage,
            coalesce(has_schema_privilege(n.oid, 'create'), false) as create
       from unnest($1::text[]) with ordinality w (name, position)
       left join pg_namespace n on n.nspname = w.name
      order by w.position`,
    [names],
  );
  return rows;
}

async function tableRights(
  client: Client,
  config: ResolvedConfig,
  schema: string | null,
  searchPath: string[],
): Promise<TableRights[]> {
  const { tableName } = config.migrations;
  const { dbMigrate } = config.settings;
  const names: Omit<HistoryTables, 'schema' | 'dbMigrate'> & { old: string } = {
    ...namesBeside(tableName),
    old: dbMigrate.table,
  };
  const wanted = Object.entries(NEEDED).map(([part, rights]) => ({
    part,
    table: names[part as keyof typeof names],
    // db-migrate does not qualify the name of its table.
    schemas: part !== 'old' ? [schema] : dbMigrate.schema ? [dbMigrate.schema] : searchPath,
    rights,
  }));
  const { rows } = await client.query<TableRights>(
    `select distinct on (w.part) w.part, format('%I.%I', n.nspname, c.relname) as name,
            pg_get_userbyid(c.relowner) as owner,
            array(select r.right from jsonb_array_elements_text(w.rights) r ("right")
                   where not has_table_privilege(c.oid, r.right)) as missing,
            case when w.part in ('history', 'lock') then
              (select format('%I.%I', qn.nspname, q.relname)
                 from pg_depend d join pg_class q on q.oid = d.objid
                 join pg_namespace qn on qn.oid = q.relnamespace
                where d.classid = 'pg_class'::regclass and d.refobjid = c.oid and d.deptype = 'a'
                  -- In this order: of anything but a sequence it must not be asked.
                  and case when q.relkind = 'S' then not has_sequence_privilege(q.oid, 'usage') end
                limit 1) end as sequence,
            row_security_active(c.oid) as "hidesRows"
       from jsonb_to_recordset($1::jsonb)
              as w (part text, "table" text, schemas text[], rights jsonb)
       cross join unnest(w.schemas) with ordinality s (name, position)
       join pg_namespace n on n.nspname = s.name
       join pg_class c on c.relnamespace = n.oid and c.relname = w.table
        and c.relkind in ('r', 'p', 'v', 'f', 'm')
      order by w.part, s.position`,
    [JSON.stringify(wanted)],
  );
  return rows;
}

const SHOWN = 3;

async function strangers(client: Client, schemas: string[]): Promise<RightsFacts['strangers']> {
  const { rows } = await client.query<RightsFacts['strangers'][0]>(
    `select pg_get_userbyid(c.relowner) as owner, count(*)::int as count,
            (array_agg(format('%I.%I', n.nspname, c.relname) order by n.nspname, c.relname))
              [1:${SHOWN}] as some
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any ($1) and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and not pg_has_role(c.relowner, 'usage')
        and not exists (select from pg_depend d
                         where d.classid = 'pg_class'::regclass and d.objid = c.oid
                           and d.deptype = 'e')
      group by c.relowner order by count(*) desc, 1`,
    [schemas],
  );
  return rows;
}

async function seesSessions(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ sees: boolean }>(
    "select pg_has_role('pg_read_all_stats', 'usage') as sees",
  );
  return rows[0]?.sees ?? false;
}
