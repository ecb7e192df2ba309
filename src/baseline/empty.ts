import { type ClientBase, escapeLiteral } from 'pg';
import { type HistoryTables } from '../history/tables.js';

/** What a baseline needs to know of a database before it is loaded. */
export interface Inspection {
  /** Nothing is in it but what extensions own, and the history's tables, which hold nothing. */
  empty: boolean;
  /** Of the schemas and roles that were asked for, those that are not there. */
  missing: { schemas: string[]; roles: string[] };
}

/** Objects of schemas that are not the server's, by the catalog that they are in. */
const OBJECTS = `
  select 'pg_class'::regclass as class, oid, relnamespace as schema from pg_class
   where relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c')
  union all select 'pg_proc'::regclass, oid, pronamespace from pg_proc
  union all select 'pg_type'::regclass, oid, typnamespace from pg_type
   where typtype in ('e', 'd', 'r')`;

/**
 * The query for that, which has one row. The simple query protocol: it is also sent over the
 * connection that holds the runners' lock.
 */
export function inspectionQuery(
  { schema, history, lock, journal }: HistoryTables,
  wanted: { schemas: readonly string[]; roles: readonly string[] } = { schemas: [], roles: [] },
): string {
  const own = [history, lock, journal].map(escapeLiteral).join(', ');
  const missing = (names: readonly string[], from: string, name: string): string =>
    `array(select wanted from unnest(array[${names.map(escapeLiteral).join(', ')}]::text[]) wanted
      where not exists (select from ${from} where ${name} = wanted))`;
  return `with own as (
      select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = ${escapeLiteral(schema)} and c.relname in (${own})
    )
    select not exists (
      select from (${OBJECTS}) o join pg_namespace n on n.oid = o.schema
       where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
         and o.oid not in (select oid from own)
         and not exists (
           select from pg_depend d where d.classid = o.class and d.objid = o.oid
              and (d.deptype = 'e' or d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass
                and d.refobjid in (select oid from own)))
    ) as empty,
    ${missing(wanted.schemas, 'pg_namespace', 'nspname')} as schemas,
    ${missing(wanted.roles, 'pg_roles', 'rolname')} as roles`;
}

interface InspectionRow {
  empty: boolean;
  schemas: string[];
  roles: string[];
}

/** What the query's row says. */
export function inspectionOf({ empty, schemas, roles }: InspectionRow): Inspection {
  return { empty, missing: { schemas, roles } };
}

/** Looks at a database. Reads only. */
export async function inspectDatabase(
  client: ClientBase,
  tables: HistoryTables,
  wanted?: Parameters<typeof inspectionQuery>[1],
): Promise<Inspection> {
  const { rows } = await client.query<InspectionRow>(inspectionQuery(tables, wanted));
  return inspectionOf(rows[0] as InspectionRow);
}
