import { CLASS, partsOf, qualified, sortedOptions, USER_SCHEMA } from './row.js';

/** The partitioned index that an index is a part of. */
const PART_OF = `(select inhparent::regclass::text from pg_inherits where inhrelid = i.indexrelid)`;

/**
 * Constraints of tables and domains. Left out is what is there because of a parent only, and what
 * is told with a column: not null.
 */
export const CONSTRAINTS = `
  select 'constraint' as kind, ${CLASS.constraint} as class, k.oid, quote_ident(k.conname) as own,
    case when k.conrelid <> 0 then ${CLASS.relation} else ${CLASS.type} end as parent_class,
    case when k.conrelid <> 0 then k.conrelid else k.contypid end as parent_oid,
    ${partsOf({
      type: `case k.contype when 'c' then 'check' when 'f' then 'foreign key' when 'p' then 'primary key'
        when 'u' then 'unique' else 'exclude' end`,
      definition: `pg_get_constraintdef(k.oid)`,
      options: sortedOptions('x.reloptions'),
      clustered: `nullif(i.indisclustered, false)`,
      partOf: PART_OF,
      triggers: `(select case when min(g.tgenabled) <> max(g.tgenabled) then 'mixed'
          else case min(g.tgenabled) when 'A' then 'always' when 'R' then 'replica' when 'D' then 'disabled' end end
        from pg_trigger g where k.contype = 'f' and g.tgconstraint = k.oid)`,
    })} as parts
  from pg_constraint k
    join pg_namespace n on n.oid = k.connamespace
    left join pg_index i on i.indexrelid = k.conindid and k.contype in ('p', 'u', 'x')
    left join pg_class x on x.oid = i.indexrelid
  where ${USER_SCHEMA} and k.contype in ('c', 'f', 'p', 'u', 'x')
    and (k.contype <> 'f' or k.conparentid = 0)
    and (k.contype <> 'c' or k.conislocal or k.conrelid = 0)`;

/** Indexes that no constraint stands for. */
export const INDEXES = `
  select 'index' as kind, ${CLASS.relation} as class, c.oid, ${qualified('c.relname')} as own,
    ${CLASS.relation} as parent_class, i.indrelid as parent_oid,
    ${partsOf({
      definition: `pg_get_indexdef(c.oid)`,
      clustered: `nullif(i.indisclustered, false)`,
      invalid: `nullif(not (i.indisvalid and i.indisready), false)`,
      partOf: PART_OF,
      statistics: `(select json_object_agg(attnum::text, attstattarget order by attnum)
        from pg_attribute where attrelid = c.oid and attstattarget <> -1)`,
    })} as parts
  from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace
  where ${USER_SCHEMA} and not exists (
    select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))`;

/** Extended statistics. */
export const STATISTICS = `
  select 'statistics' as kind, ${CLASS.statistics} as class, s.oid, ${qualified('s.stxname')} as own,
    ${CLASS.relation} as parent_class, s.stxrelid as parent_oid,
    ${partsOf({
      definition: `pg_get_statisticsobjdef(s.oid)`,
      target: `nullif(s.stxstattarget, -1)`,
    })} as parts
  from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
  where ${USER_SCHEMA}`;
