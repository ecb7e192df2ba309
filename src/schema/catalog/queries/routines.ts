import { CLASS, FIRST_USER_OID, partsOf, USER_SCHEMA } from './row.js';

/** The constructors of a range belong to it (dependency type i). */
const OF_NO_TYPE = `not exists (select from pg_depend d
  where d.classid = ${CLASS.routine} and d.objid = p.oid and d.deptype = 'i')`;

/** What a body in SQL may call its arguments; '' is one that has no name beside others that have. */
const INPUTS = `(select json_agg(quote_ident(p.proargnames[i]) order by i)
  from generate_subscripts(p.proargnames, 1) i
  where p.prosqlbody is not null and coalesce(p.proargmodes[i], 'i') in ('i', 'b', 'v'))`;

/** The server writes each of several arguments without a name as "": nobody can tell which it is. */
export const CANNOT_BE_WRITTEN = `(p.prosqlbody is not null
  and pg_get_functiondef(p.oid) ~ '[ (.]""[^"]'
  and ${INPUTS}::text ~ '"\\\\"\\\\"".*"\\\\"\\\\""')`;

export const ROUTINES = `
  select case p.prokind when 'p' then 'procedure' else 'function' end as kind,
    ${CLASS.routine} as class, p.oid, p.oid::regprocedure::text as own,
    ${partsOf({ definition: `regexp_replace(pg_get_functiondef(p.oid), '\\n$', '')`, inputs: INPUTS })} as parts
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where p.prokind <> 'a' and p.oid >= ${FIRST_USER_OID} and ${USER_SCHEMA} and ${OF_NO_TYPE}
    and ${CANNOT_BE_WRITTEN} is not true`;

const modify = (column: string): string =>
  `case when ${column} <> case when g.aggkind = 'n' then 'r' else 'w' end
    then case ${column} when 'r' then 'read_only' when 's' then 'shareable' else 'read_write' end end`;
const routine = (column: string): string => `nullif(${column}::oid, 0)::regproc::text`;
const type = (column: string): string => `nullif(${column}, 0)::regtype::text`;

/** Aggregates; the names of the options are those of CREATE AGGREGATE. */
export const AGGREGATES = `
  select 'aggregate' as kind, ${CLASS.routine} as class, p.oid, p.oid::regprocedure::text as own,
    ${partsOf({
      arguments: `pg_get_function_arguments(p.oid)`,
      options: `json_build_object('sfunc', ${routine('g.aggtransfn')}, 'stype', ${type('g.aggtranstype')},
        'sspace', nullif(g.aggtransspace, 0)::text,
        'finalfunc', ${routine('g.aggfinalfn')},
        'finalfunc_extra', case when g.aggfinalextra then '' end,
        'finalfunc_modify', ${modify('g.aggfinalmodify')},
        'combinefunc', ${routine('g.aggcombinefn')}, 'serialfunc', ${routine('g.aggserialfn')},
        'deserialfunc', ${routine('g.aggdeserialfn')}, 'initcond', quote_literal(g.agginitval),
        'msfunc', ${routine('g.aggmtransfn')}, 'minvfunc', ${routine('g.aggminvtransfn')},
        'mstype', ${type('g.aggmtranstype')}, 'msspace', nullif(g.aggmtransspace, 0)::text,
        'mfinalfunc', ${routine('g.aggmfinalfn')},
        'mfinalfunc_extra', case when g.aggmfinalextra then '' end,
        'mfinalfunc_modify', ${modify('g.aggmfinalmodify')},
        'minitcond', quote_literal(g.aggminitval),
        'sortop', (select 'operator(' || quote_ident(m.nspname) || '.' || o.oprname || ')'
          from pg_operator o join pg_namespace m on m.oid = o.oprnamespace where o.oid = g.aggsortop),
        'parallel', case p.proparallel when 's' then 'safe' when 'r' then 'restricted' end,
        'hypothetical', case g.aggkind when 'h' then '' end)`,
    })} as parts
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_aggregate g on g.aggfnoid = p.oid
  where p.oid >= ${FIRST_USER_OID} and ${USER_SCHEMA}`;
