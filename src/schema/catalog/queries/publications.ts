import { CLASS, FIRST_USER_OID, partsOf, qualified } from './row.js';

/** Publications. Rows, columns and whole schemas can be chosen since 15, generated columns since 18. */
export function publications(postgres: number): string {
  return `
  select 'publication' as kind, ${CLASS.publication} as class, p.oid, quote_ident(p.pubname) as own,
    ${partsOf({
      allTables: `nullif(p.puballtables, false)`,
      publish: `array_to_json(array_remove(array[case when p.pubinsert then 'insert' end,
        case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end,
        case when p.pubtruncate then 'truncate' end], null))`,
      viaRoot: `nullif(p.pubviaroot, false)`,
      generatedColumns: postgres < 18 ? 'null' : `case p.pubgencols when 's' then 'stored' end`,
      tables: `(select json_object_agg(t.name, t.said order by t.name collate "C") from (
        select ${qualified('c.relname')} as name, ${postgres < 15 ? `'{}'::json` : CHOSEN} as said
        from pg_publication_rel r join pg_class c on c.oid = r.prrelid
          join pg_namespace n on n.oid = c.relnamespace
        where r.prpubid = p.oid and not c.oid = any (hidden.relations)) t)`,
      schemas:
        postgres < 15
          ? 'null'
          : `(select json_agg(quote_ident(n.nspname) order by n.nspname collate "C")
        from pg_publication_namespace s join pg_namespace n on n.oid = s.pnnspid where s.pnpubid = p.oid)`,
    })} as parts
  from pg_publication p, hidden where p.oid >= ${FIRST_USER_OID}`;
}

const CHOSEN = partsOf({
  columns: `(select json_agg(quote_ident(attname) order by attnum) from pg_attribute
    where attrelid = r.prrelid and attnum = any (r.prattrs::int2[]))`,
  where: `pg_get_expr(r.prqual, r.prrelid)`,
});
