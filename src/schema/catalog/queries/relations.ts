import { CLASS, collationUnless, partsOf, qualified, sortedOptions, USER_SCHEMA } from './row.js';

const TOAST_OPTIONS = sortedOptions(
  `(select array_agg('toast.' || o) from pg_class x, unnest(x.reloptions) o where x.oid = c.reltoastrelid)`,
);
const ACCESS_METHOD = `(select nullif(quote_ident(amname), 'heap') from pg_am where oid = c.relam)`;
const PARENT = `(select inhparent::regclass::text from pg_inherits where inhrelid = c.oid and c.relispartition)`;

/** Tables: ordinary, partitioned, partitions. */
export const TABLES = `
  select 'table' as kind, ${CLASS.relation} as class, c.oid, ${qualified('c.relname')} as own,
    ${partsOf({
      unlogged: `nullif(c.relpersistence = 'u', false)`,
      accessMethod: ACCESS_METHOD,
      ofType: `nullif(c.reloftype, 0)::regtype::text`,
      inherits: `(select json_agg(inhparent::regclass::text order by inhseqno)
        from pg_inherits where inhrelid = c.oid and not c.relispartition)`,
      partitionBy: `case c.relkind when 'p' then pg_get_partkeydef(c.oid) end`,
      partitionOf: PARENT,
      bound: `pg_get_expr(c.relpartbound, c.oid)`,
      options: sortedOptions('c.reloptions'),
      toastOptions: TOAST_OPTIONS,
      rowSecurity: `case when c.relrowsecurity and c.relforcerowsecurity then 'forced'
        when c.relrowsecurity then 'enabled'
        when c.relforcerowsecurity then 'forced, not enabled' end`,
      replicaIdentity: `case c.relreplident when 'n' then 'nothing' when 'f' then 'full'
        when 'i' then (select 'index ' || quote_ident(x.relname) from pg_index i
          join pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid and i.indisreplident) end`,
    })} as parts
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and ${USER_SCHEMA}`;

/** Views and materialized views. */
export const VIEWS = `
  select case c.relkind when 'v' then 'view' else 'materialized view' end as kind,
    ${CLASS.relation} as class, c.oid, ${qualified('c.relname')} as own,
    ${partsOf({
      columns: `(select json_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod)
          || coalesce(' collate ' || (${collationUnless('a.attcollation', 't.typcollation')}), '')
          order by attnum)
        from pg_attribute a join pg_type t on t.oid = a.atttypid
        where attrelid = c.oid and attnum > 0 and not attisdropped)`,
      accessMethod: ACCESS_METHOD,
      options: sortedOptions('c.reloptions'),
      toastOptions: TOAST_OPTIONS,
      definition: `regexp_replace(pg_get_viewdef(c.oid), ';$', '')`,
      unpopulated: `nullif(c.relkind = 'm' and not c.relispopulated, false)`,
    })} as parts
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('v', 'm') and ${USER_SCHEMA}`;

/**
 * The columns of tables; of views and composite types only those that were given something of
 * their own, or are spoken of in a comment or a privilege. Until
 * PostgreSQL 16, -1 was the statistics target of a column that has none.
 *
 * A not-null constraint is an object of its own since 18. Its name is told where the server would
 * have chosen another, unless it comes from a parent.
 */
export const COLUMNS = `
  select 'column' as kind, ${CLASS.relation} as class, c.oid, a.attnum as sub,
    ${CLASS.relation} as parent_class, c.oid as parent_oid, quote_ident(a.attname) as own,
    a.attinhcount > 0 and not a.attislocal as inherited,
    ${partsOf({
      type: `case when c.relkind in ('r', 'p') then format_type(a.atttypid, a.atttypmod) end`,
      collation: `case when c.relkind in ('r', 'p') then ${collationUnless('a.attcollation', 't.typcollation')} end`,
      default: `case a.attgenerated when '' then pg_get_expr(d.adbin, d.adrelid) end`,
      generated: `case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end`,
      expression: `case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end`,
      identity: `case when not c.relispartition then
        case a.attidentity when 'a' then 'always' when 'd' then 'by default' end end`,
      notNull: `nullif(a.attnotnull, false)`,
      notNullConstraint: `case when k.conislocal and (k.coninhcount = 0 or not c.relispartition)
        then quote_ident(nullif(k.conname, c.relname || '_' || a.attname || '_not_null')) end`,
      notNullNoInherit: `nullif(k.connoinherit, false)`,
      notNullNotValid: `nullif(not k.convalidated, false)`,
      storage: `case when a.attstorage <> t.typstorage then case a.attstorage when 'p' then 'plain'
        when 'e' then 'external' when 'm' then 'main' else 'extended' end end`,
      compression: `case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end`,
      statistics: `nullif(a.attstattarget, -1)`,
      options: sortedOptions('a.attoptions'),
    })} as parts
  from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    left join pg_constraint k on k.conrelid = c.oid and k.contype = 'n' and k.conkey = array[a.attnum]
  where ${USER_SCHEMA} and (c.relkind in ('r', 'p') or c.relkind in ('v', 'm', 'c') and (
    a.atthasdef or coalesce(a.attstattarget, -1) <> -1 or a.attstorage <> t.typstorage
    or a.attcompression <> '' or a.attoptions is not null or a.attacl is not null
    or col_description(c.oid, a.attnum) is not null))
  order by c.oid, a.attnum`;

/**
 * Sequences, those behind identity columns too. Whether one is unlogged is told where it is not as its
 * table is. Before PostgreSQL 15, none is.
 */
export const SEQUENCES = `
  select 'sequence' as kind, ${CLASS.relation} as class, c.oid, ${qualified('c.relname')} as own,
    ${partsOf({
      type: `format_type(s.seqtypid, null)`,
      start: `s.seqstart::text`,
      increment: `s.seqincrement::text`,
      min: `s.seqmin::text`,
      max: `s.seqmax::text`,
      cache: `s.seqcache::text`,
      cycle: `nullif(s.seqcycle, false)`,
      ownedBy: `d.refobjid::regclass::text || '.' || quote_ident(a.attname)`,
      identity: `nullif(d.deptype = 'i', false)`,
      unlogged: `case when current_setting('server_version_num')::int >= 150000
        and c.relpersistence <> coalesce(u.relpersistence, 'p') then c.relpersistence = 'u' end`,
    })} as parts
  from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_sequence s on s.seqrelid = c.oid
    left join pg_depend d on d.classid = ${CLASS.relation} and d.objid = c.oid
      and d.refclassid = ${CLASS.relation} and d.refobjsubid > 0 and d.deptype in ('a', 'i')
    left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    left join pg_class u on u.oid = d.refobjid
  where ${USER_SCHEMA}`;
