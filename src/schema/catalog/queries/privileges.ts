import { CLASS, FIRST_USER_OID, qualified, USER_SCHEMA } from './row.js';

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

/** A row of those on what an extension or the server itself brings. */
export interface GivenPrivilegesRow extends Omit<PrivilegesRow, 'class' | 'sub'> {
  /** What GRANT calls the object. */
  on: string;
  column: string | null;
  extension: number | null;
}

const ofExtension = (catalog: number): string => `(select d.refobjid from pg_depend d
  where d.classid = ${catalog} and d.objid = o.oid and d.deptype = 'e')`;
const isGiven = (catalog: number): string =>
  `(n.nspname = 'pg_catalog' or exists ${ofExtension(catalog)})`;

/**
 * Privileges on what an extension or the server brings, where they are not those that it came with
 * (pg_init_privs). pg_dump keeps these too.
 */
export const GIVEN_PRIVILEGES = `
  select a.oid, a.on, a.column, a.extension, d.* from (
    select ${CLASS.routine} as class, o.oid, 0 as sub, proowner as owner, proacl as acl, 'f' as type,
      case prokind when 'p' then 'PROCEDURE ' else 'FUNCTION ' end || ${qualified('proname')}
        || '(' || pg_get_function_identity_arguments(o.oid) || ')' as on,
      null as column, ${ofExtension(CLASS.routine)} as extension
      from pg_proc o join pg_namespace n on n.oid = o.pronamespace
      where proacl is not null and ${isGiven(CLASS.routine)}
    union all
    select ${CLASS.relation}, o.oid, 0, relowner, relacl, case relkind when 'S' then 's' else 'r' end,
      case relkind when 'S' then 'SEQUENCE ' else 'TABLE ' end || ${qualified('relname')},
      null, ${ofExtension(CLASS.relation)}
      from pg_class o join pg_namespace n on n.oid = o.relnamespace
      where relacl is not null and ${isGiven(CLASS.relation)}
    union all
    select ${CLASS.relation}, o.oid, a.attnum, relowner, attacl, 'c', 'TABLE ' || ${qualified('relname')},
      quote_ident(a.attname), ${ofExtension(CLASS.relation)}
      from pg_attribute a join pg_class o on o.oid = a.attrelid join pg_namespace n on n.oid = o.relnamespace
      where attacl is not null and not attisdropped and ${isGiven(CLASS.relation)}
    union all
    select ${CLASS.type}, o.oid, 0, typowner, typacl, 'T', 'TYPE ' || ${qualified('typname')},
      null, ${ofExtension(CLASS.type)}
      from pg_type o join pg_namespace n on n.oid = o.typnamespace
      where typacl is not null and ${isGiven(CLASS.type)}
    union all
    select ${CLASS.language}, o.oid, 0, lanowner, lanacl, 'l', 'LANGUAGE ' || quote_ident(lanname),
      null, ${ofExtension(CLASS.language)}
      from pg_language o where lanacl is not null
    union all
    select ${CLASS.schema}, oid, 0, nspowner, nspacl, 'n', 'SCHEMA ' || quote_ident(nspname), null, null
      from pg_namespace
      where nspacl is not null and nspname = 'pg_catalog'
  ) a
  left join pg_init_privs i on i.classoid = a.class and i.objoid = a.oid and i.objsubid = a.sub,
  lateral (${differences('a.acl', 'coalesce(i.initprivs, acldefault(a.type::"char", a.owner))', 'a.owner')}) d
  where a.acl is distinct from i.initprivs`;

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

/**
 * Comments on anything that somebody made, and on the schema public. Only those are named: the
 * server brings thousands of its own.
 */
export const COMMENTS = `
  select d.classoid as class, d.objoid as oid, d.objsubid as sub, d.description as text,
    i.type || ' ' || i.identity as object
  from pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) i
  where (d.objoid >= ${FIRST_USER_OID} or d.classoid = ${CLASS.schema}
      and d.objoid = (select oid from pg_namespace where nspname = 'public'))
    and d.description <> 'standard public schema'`;

export interface CommentRow {
  class: number;
  oid: number;
  sub: number;
  text: string;
  /** What it is a comment on, as the server calls it. */
  object: string;
}
