import { escapeLiteral } from 'pg';
import { ADOPTED_SUFFIX, NOTICE_COLUMN, UNDONE_SUFFIX } from '../../../history/phase.js';
import { CLASS } from './row.js';

/** The tables that keep a history, which are no part of the schema that the migrations make. */
export interface HistoryTableNames {
  /** Names that stand for a history table in any schema. */
  names: readonly string[];
  /** db-migrate's name for its table; counts only where the columns are db-migrate's too. */
  dbMigrate: string;
}

const MIGRATOR = `coalesce((select c.relowner from pg_class c
    join roots on roots.class = ${CLASS.relation} and roots.oid = c.oid order by c.oid limit 1),
  current_user::regrole::oid)`;

/**
 * What is not described: the history tables, what a takeover set aside or put in their place, and
 * what belongs to an extension, with all that goes away with it (dependency types a and i). Rows of
 * addresses.
 */
function roots(tables: HistoryTableNames): string {
  const names = tables.names.map((name) => escapeLiteral(name)).join(', ');
  const columns = `(select array_agg(attname::text order by attnum) from pg_attribute
        where attrelid = c.oid and attnum > 0 and not attisdropped)`;
  return `
    select ${CLASS.relation} as class, c.oid
    from pg_class c
    where c.relkind in ('r', 'p') and (c.relname in (${names})
      or c.relname ~ '(${ADOPTED_SUFFIX}|${UNDONE_SUFFIX})(_[0-9]+)?$'
      or c.relname = ${escapeLiteral(tables.dbMigrate)} and ${columns} = '{id,name,run_on}')
      or c.relkind = 'v' and c.relname = ${escapeLiteral(tables.dbMigrate)}
        and ${columns} = '{${NOTICE_COLUMN}}'`;
}

/** The addresses of what is not described. */
export function hidden(tables: HistoryTableNames): string {
  return `
  with recursive roots as (${roots(tables)}),
  hidden as (
    select class, oid from roots
    union
    select classid, objid from pg_depend where deptype = 'e'
    union
    select d.classid, d.objid
    from hidden h join pg_depend d on d.refclassid = h.class and d.refobjid = h.oid
    where d.deptype in ('a', 'i')
  )
  select class, oid, (class, oid) in (select class, oid from roots) as "isHistory" from hidden`;
}

/** Puts before a query what it has to know of that: the hidden relations, and who migrates. */
export function knowingHidden(tables: HistoryTableNames, query: string): string {
  return `with roots as (${roots(tables)}),
  hidden as (
    select array(select oid from roots) as relations, ${MIGRATOR} as migrator
  ) ${query}`;
}
