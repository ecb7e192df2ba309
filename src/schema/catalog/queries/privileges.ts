import { CLASS, FIRST_USER_OID, USER_SCHEMA } from './row.js';

/** What a role may do with an object beyond the usual, or less. */
export interface PrivilegesRow {
  class: number;
  oid: number;
  sub: number;
  grantee: string;
  granted: string[] | null;
  grantable: string[] | null;
  revoked: string[] | null;
}

/** The same for objects that are yet to be made. */
export interface DefaultPrivilegesRow extends Omit<PrivilegesRow, 'class' | 'sub'> {
  on: string;
  schema: string | null;
  role: string | null;
}

/**
 * A list of rights against the usual one, by role. The owner is called OWNER: who that is differs
 * between databases that are alike otherwise. (A role of that name would stand in quotes.)
 */
function differences(given: string, usual: string, owner: string): string {
  return `select
      case g.grantee when 0 then 'PUBLIC' when ${owner} then 'OWNER'
        else quote_ident(pg_get_userbyid(g.grantee)) end as grantee,
      array_agg(g.privilege order by g.privilege)
        filter (where g.has and not g.grantable and not g.usual) as granted,
      array_agg(g.privilege order by g.privilege)
        filter (where g.has and g.grantable) as grantable,
      array_agg(g.privilege order by g.privilege)
        filter (where g.usual and not g.has) as revoked
    from (
      select grantee, privilege_type collate "C" as privilege, bool_or(given) as has,
        bool_or(given and is_grantable) as grantable, bool_or(not given) as usual
      from (select true as given, * from aclexplode(${given})
        union all select false, * from aclexplode(${usual})) e
      group by grantee, privilege_type
    ) g
    group by g.grantee
    having bool_or(g.has is distinct from g.usual or g.grantable)`;
}

/**
 * For the schema public the usual is what it is for any other schema, not what the server's
 * installation grants on it: that differs between versions, and is a fact like others.
 */
export const PRIVILEGES = `
  select a.class, a.oid, a.sub, d.* from (
    select ${CLASS.schema} as class, n.oid, 0 as sub, nspowner as owner, nspacl as acl, 'n' as type
      from pg_namespace n where nspacl is not null and ${USER_SCHEMA}
    union all
    select ${CLASS.relation}, c.oid, 0, relowner, relacl, case relkind when 'S' then 's' else 'r' end
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where relacl is not null and ${USER_SCHEMA}
    union all
    select ${CLASS.relation}, c.oid, a.attnum, relowner, attacl, 'c'
      from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
      where attacl is not null and not attisdropped and ${USER_SCHEMA}
    union all
    select ${CLASS.routine}, p.oid, 0, proowner, proacl, 'f'
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where proacl is not null and ${USER_SCHEMA}
    union all
    select ${CLASS.type}, t.oid, 0, typowner, typacl, 'T'
      from pg_type t join pg_namespace n on n.oid = t.typnamespace
      where typacl is not null and ${USER_SCHEMA}
  ) a, lateral (${differences('a.acl', 'acldefault(a.type::"char", a.owner)', 'a.owner')}) d`;

/**
 * Default privileges of one schema come on top of those of all schemas, so nothing is usual there.
 * The role that migrates is not named, for the same reason as owners.
 */
export const DEFAULT_PRIVILEGES = `
  select a.oid, case a.defaclobjtype when 'r' then 'TABLES' when 'S' then 'SEQUENCES'
      when 'f' then 'FUNCTIONS' when 'T' then 'TYPES' when 'n' then 'SCHEMAS' else 'LARGE OBJECTS' end as on,
    quote_ident(n.nspname) as schema,
    case when a.defaclrole <> hidden.migrator then quote_ident(pg_get_userbyid(a.defaclrole)) end as role,
    d.*
  from hidden cross join pg_default_acl a left join pg_namespace n on n.oid = a.defaclnamespace, lateral (${differences(
    'a.defaclacl',
    `case a.defaclnamespace when 0 then acldefault(
        case a.defaclobjtype when 'S' then 's' else a.defaclobjtype end, a.defaclrole) end`,
    'a.defaclrole',
  )}) d`;

/** Comments on anything that somebody made, and on the schema public. */
export const COMMENTS = `
  select d.classoid as class, d.objoid as oid, d.objsubid as sub, d.description as text,
    i.type || ' ' || i.identity as object
  from pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) i
  where (d.objoid >= ${FIRST_USER_OID} or d.classoid = ${CLASS.schema} and i.identity = 'public')
    and d.description <> 'standard public schema'`;

export interface CommentRow {
  class: number;
  oid: number;
  sub: number;
  text: string;
  /** What it is a comment on, as the server calls it. */
  object: string;
}
