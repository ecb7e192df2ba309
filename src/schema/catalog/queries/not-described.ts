import { CANNOT_BE_WRITTEN } from './routines.js';
import { CLASS, FIRST_USER_OID } from './row.js';

/** Something that is there and not described, with its address as far as it has one. */
export interface NotDescribedRow {
  class: number;
  oid: number;
  kind: string;
  name: string;
}

/** The catalogs of kinds that are rare in migrations. */
const RARE = [
  'pg_cast',
  'pg_collation',
  'pg_conversion',
  'pg_language',
  'pg_operator',
  'pg_opclass',
  'pg_opfamily',
  'pg_ts_config',
  'pg_ts_dict',
  'pg_ts_parser',
  'pg_ts_template',
  'pg_am',
  'pg_foreign_data_wrapper',
  'pg_foreign_server',
  'pg_transform',
];

/**
 * What somebody made and the catalog does not describe, so that it is at least not lost silently:
 * rare kinds, foreign tables, base types, and facts about described objects that lie outside of
 * them. Owners are left out on purpose: see docs/snapshot.md.
 */
export const NOT_DESCRIBED = `
  select o.tableoid::int8::int as class, o.oid, i.type as kind, i.identity as name
  from (${RARE.map((name) => `select tableoid, oid from ${name}`).join(' union all ')}) o,
    pg_identify_object(o.tableoid, o.oid, 0) i
  where o.oid >= ${FIRST_USER_OID} and not exists (
    select from pg_depend d where d.classid = o.tableoid and d.objid = o.oid and d.deptype = 'i')
  union all
  select ${CLASS.relation}, c.oid, 'foreign table', c.oid::regclass::text
    from pg_class c where c.relkind = 'f'
  union all
  select ${CLASS.relation}, c.oid, 'column of a foreign table', c.oid::regclass::text || '.' || quote_ident(attname)
      || ' ' || format_type(atttypid, atttypmod) || case when attnotnull then ' not null' else '' end
      || coalesce(' ' || attfdwoptions::text, '') || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relkind = 'f'
  union all
  select ${CLASS.relation}, c.oid, 'options of a foreign table', c.oid::regclass::text || ' ' || ftoptions::text
    from pg_class c join pg_foreign_table f on f.ftrelid = c.oid where ftoptions is not null
  union all
  select ${CLASS.relation}, c.oid, 'trigger of a foreign table', pg_get_triggerdef(g.oid)
    from pg_class c join pg_trigger g on g.tgrelid = c.oid and not g.tgisinternal where c.relkind = 'f'
  union all
  select d.classid::int8::int, d.objid, 'dependency on an extension', i.type || ' ' || i.identity || ' on ' || quote_ident(extname)
    from pg_depend d join pg_extension e on d.refclassid = ${CLASS.extension} and e.oid = d.refobjid,
      pg_identify_object(d.classid, d.objid, d.objsubid) i
    where d.deptype = 'x'
  union all
  select ${CLASS.type}, t.oid, case t.typtype when 'r' then 'range with a canonical function'
      else 'base type' end, t.oid::regtype::text
    from pg_type t left join pg_range r on r.rngtypid = t.oid
    where t.oid >= ${FIRST_USER_OID} and (t.typtype in ('b', 'p') and t.typcategory <> 'A' and t.typrelid = 0
      or t.typtype = 'r' and r.rngcanonical::oid <> 0)
  union all
  select ${CLASS.routine}, p.oid, 'routine with arguments that have no name', p.oid::regprocedure::text
    from pg_proc p where p.prokind <> 'a' and p.oid >= ${FIRST_USER_OID} and ${CANNOT_BE_WRITTEN}
  union all
  select ${CLASS.relation}, c.oid, 'tablespace', quote_ident(s.spcname) || ' of ' || c.oid::regclass::text
    from pg_class c join pg_tablespace s on s.oid = c.reltablespace
    where c.oid >= ${FIRST_USER_OID} and c.relkind in ('r', 'p', 'i', 'I', 'm')
  union all
  select classoid::int8::int, objoid, 'security label', provider || ' on ' || i.identity
    from pg_seclabel l, pg_identify_object(l.classoid, l.objoid, l.objsubid) i
    where objoid >= ${FIRST_USER_OID}
  union all
  select 0, 0, 'database setting', split_part(setting, '=', 1)
      || coalesce(' for ' || quote_ident(pg_get_userbyid(nullif(setrole, 0))), '')
    from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase, unnest(setconfig) setting
    where d.datname = current_database()
  union all
  select 0, 0, 'subscription', quote_ident(subname)
    from pg_subscription s join pg_database d on d.oid = s.subdbid where d.datname = current_database()
  union all
  select 0, 0, 'user mapping', quote_ident(coalesce(usename, 'PUBLIC')) || ' on ' || quote_ident(srvname)
    from pg_user_mappings`;
