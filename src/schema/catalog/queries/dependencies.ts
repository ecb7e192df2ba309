import { CLASS, FIRST_USER_OID } from './row.js';

/** The object at one address is a piece of, or another face of, the one at the other. */
export interface AliasRow {
  class: number;
  oid: number;
  to_class: number;
  to_oid: number;
  to_sub: number;
}

/** One object cannot be there without the other. */
export interface DependencyRow {
  class: number;
  oid: number;
  sub: number;
  on_class: number;
  on_oid: number;
  on_sub: number;
}

const arrayOf = `t.typcategory = 'A' and t.typelem <> 0`;

/**
 * Which object a catalog entry belongs to that is described with it: a row type, an array type, a
 * column's default, a view's query, the index behind a constraint,
 * what belongs to an extension, …
 */
export const ALIASES = `
  select ${CLASS.type} as class, t.oid, ${CLASS.relation} as to_class, t.typrelid as to_oid, 0 as to_sub
    from pg_type t join pg_class c on c.oid = t.typrelid
    where c.relkind <> 'c' and t.oid >= ${FIRST_USER_OID}
  union all
  select ${CLASS.relation}, t.typrelid, ${CLASS.type}, t.oid, 0
    from pg_type t join pg_class c on c.oid = t.typrelid
    where c.relkind = 'c' and t.oid >= ${FIRST_USER_OID}
  union all
  select ${CLASS.type}, t.oid, ${CLASS.type}, t.typelem, 0
    from pg_type t where ${arrayOf} and t.oid >= ${FIRST_USER_OID}
  union all
  select ${CLASS.type}, rngmultitypid, ${CLASS.type}, rngtypid, 0
    from pg_range where rngtypid >= ${FIRST_USER_OID}
  union all
  select ${CLASS.default}, oid, ${CLASS.relation}, adrelid, adnum
    from pg_attrdef where oid >= ${FIRST_USER_OID}
  union all
  select ${CLASS.rule}, oid, ${CLASS.relation}, ev_class, 0
    from pg_rewrite where rulename = '_RETURN' and oid >= ${FIRST_USER_OID}
  union all
  select ${CLASS.relation}, conindid, ${CLASS.constraint}, oid, 0
    from pg_constraint where contype in ('p', 'u', 'x') and oid >= ${FIRST_USER_OID}
  union all
  select ${CLASS.constraint}, k.oid, ${CLASS.trigger}, g.oid, 0
    from pg_constraint k join pg_trigger g on g.tgconstraint = k.oid where k.contype = 't'
  union all
  select ${CLASS.constraint}, oid, case conrelid when 0 then ${CLASS.type} else ${CLASS.relation} end,
      case conrelid when 0 then contypid else conrelid end,
      case when contype = 'n' and conrelid <> 0 then conkey[1] else 0 end
    from pg_constraint where oid >= ${FIRST_USER_OID} and (contype = 'n'
      or contype = 'f' and conparentid <> 0 or contype = 'c' and not conislocal and conrelid <> 0)
  union all
  select classid, objid, refclassid, refobjid, 0
    from pg_depend where classid = ${CLASS.routine} and refclassid = ${CLASS.type} and deptype = 'i'
      and objid >= ${FIRST_USER_OID}
  union all
  select classid, objid, refclassid, refobjid, 0 from pg_depend where deptype = 'e'`;

/** Every dependency between things that somebody made, and of one column of a table on another. */
export const DEPENDENCIES = `
  select classid as class, objid as oid, objsubid as sub,
    refclassid as on_class, refobjid as on_oid, refobjsubid as on_sub
  from pg_depend
  where deptype in ('n', 'a', 'i', 'P', 'S') and objid >= ${FIRST_USER_OID}
    and refobjid >= ${FIRST_USER_OID}
    and ((classid, objid) is distinct from (refclassid, refobjid) or objsubid > 0 and refobjsubid > 0)`;
