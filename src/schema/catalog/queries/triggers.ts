import { CLASS, enabledUnlessOrigin, FIRST_USER_OID, partsOf, USER_SCHEMA } from './row.js';

/**
 * Triggers. Of the copies that a partitioned table's trigger has in the partitions, those that
 * fire otherwise than it does, and only that of them.
 */
export const TRIGGERS = `
  select 'trigger' as kind, ${CLASS.trigger} as class, g.oid, quote_ident(g.tgname) as own,
    ${CLASS.relation} as parent_class, c.oid as parent_oid,
    ${partsOf({
      definition: `case g.tgparentid when 0 then pg_get_triggerdef(g.oid) end`,
      enabled: `coalesce(${enabledUnlessOrigin('g.tgenabled')}, case when g.tgparentid <> 0 then 'origin' end)`,
    })} as parts
  from pg_trigger g
    join pg_class c on c.oid = g.tgrelid
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_constraint k on k.oid = g.tgconstraint
    left join pg_trigger p on p.oid = g.tgparentid
  where ${USER_SCHEMA} and coalesce(k.contype, 't') = 't'
    and case g.tgparentid when 0 then not g.tgisinternal else g.tgenabled <> p.tgenabled end`;

export const RULES = `
  select 'rule' as kind, ${CLASS.rule} as class, r.oid, quote_ident(r.rulename) as own,
    ${CLASS.relation} as parent_class, c.oid as parent_oid,
    ${partsOf({
      definition: `regexp_replace(pg_get_ruledef(r.oid), ';$', '')`,
      enabled: enabledUnlessOrigin('r.ev_enabled'),
    })} as parts
  from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
  where ${USER_SCHEMA} and r.rulename <> '_RETURN'`;

export const POLICIES = `
  select 'policy' as kind, ${CLASS.policy} as class, p.oid, quote_ident(p.polname) as own,
    ${CLASS.relation} as parent_class, c.oid as parent_oid,
    ${partsOf({
      restrictive: `nullif(not p.polpermissive, false)`,
      command: `case p.polcmd when '*' then 'ALL' when 'r' then 'SELECT' when 'a' then 'INSERT'
        when 'w' then 'UPDATE' else 'DELETE' end`,
      roles: `(select json_agg(role order by role collate "C") from (
        select case o when 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(o)) end as role
        from unnest(p.polroles) o) named)`,
      using: `pg_get_expr(p.polqual, p.polrelid)`,
      check: `pg_get_expr(p.polwithcheck, p.polrelid)`,
    })} as parts
  from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
  where ${USER_SCHEMA}`;

export const EVENT_TRIGGERS = `
  select 'event trigger' as kind, ${CLASS.eventTrigger} as class, e.oid, quote_ident(e.evtname) as own,
    ${partsOf({
      event: 'e.evtevent',
      tags: `(select json_agg(t order by t collate "C") from unnest(e.evttags) t)`,
      function: 'e.evtfoid::regproc::text',
      enabled: enabledUnlessOrigin('e.evtenabled'),
    })} as parts
  from pg_event_trigger e where e.oid >= ${FIRST_USER_OID}`;
