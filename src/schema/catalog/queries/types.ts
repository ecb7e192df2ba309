import { CLASS, collationUnless, FIRST_USER_OID, partsOf, qualified, USER_SCHEMA } from './row.js';

export const SCHEMAS = `
  select 'schema' as kind, ${CLASS.schema} as class, n.oid, quote_ident(n.nspname) as own,
    '{}'::json as parts
  from pg_namespace n where ${USER_SCHEMA}`;

/** The server's own, plpgsql, is in every database. */
export const EXTENSIONS = `
  select 'extension' as kind, ${CLASS.extension} as class, e.oid, quote_ident(e.extname) as own,
    ${partsOf({ schema: 'quote_ident(n.nspname)', version: 'e.extversion' })} as parts
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
  where e.oid >= ${FIRST_USER_OID}`;

export const ENUMS = `
  select 'enum' as kind, ${CLASS.type} as class, t.oid, ${qualified('t.typname')} as own,
    ${partsOf({
      labels: `(select coalesce(json_agg(enumlabel order by enumsortorder), '[]')
        from pg_enum where enumtypid = t.oid)`,
    })} as parts
  from pg_type t join pg_namespace n on n.oid = t.typnamespace
  where t.typtype = 'e' and ${USER_SCHEMA}`;

export const COMPOSITE_TYPES = `
  select 'composite type' as kind, ${CLASS.type} as class, t.oid, ${qualified('t.typname')} as own,
    ${partsOf({
      attributes: `(select coalesce(json_agg(json_build_object('name', quote_ident(a.attname),
          'type', format_type(a.atttypid, a.atttypmod),
          'collation', ${collationUnless('a.attcollation', 'u.typcollation')}) order by a.attnum), '[]')
        from pg_attribute a join pg_type u on u.oid = a.atttypid
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)`,
    })} as parts
  from pg_type t join pg_namespace n on n.oid = t.typnamespace join pg_class c on c.oid = t.typrelid
  where c.relkind = 'c' and ${USER_SCHEMA}`;

/** Not null is a constraint with a name since PostgreSQL 17. */
export const DOMAINS = `
  select 'domain' as kind, ${CLASS.type} as class, t.oid, ${qualified('t.typname')} as own,
    ${partsOf({
      type: `format_type(t.typbasetype, t.typtypmod)`,
      collation: collationUnless('t.typcollation', 'b.typcollation'),
      default: `pg_get_expr(t.typdefaultbin, 0)`,
      notNull: `nullif(t.typnotnull, false)`,
      notNullConstraint: `(select quote_ident(nullif(k.conname, t.typname || '_not_null'))
        from pg_constraint k where k.contypid = t.oid and k.contype = 'n')`,
    })} as parts
  from pg_type t join pg_namespace n on n.oid = t.typnamespace join pg_type b on b.oid = t.typbasetype
  where t.typtype = 'd' and ${USER_SCHEMA}`;

/** A range whose values are made canonical by a function of its own is told of elsewhere. */
export const RANGES = `
  select 'range' as kind, ${CLASS.type} as class, t.oid, ${qualified('t.typname')} as own,
    ${partsOf({
      subtype: `format_type(r.rngsubtype, null)`,
      operatorClass: `case when not o.opcdefault
        then quote_ident(m.nspname) || '.' || quote_ident(o.opcname) end`,
      collation: collationUnless('r.rngcollation', 's.typcollation'),
      difference: `nullif(r.rngsubdiff::oid, 0)::regproc::text`,
      multirange: `r.rngmultitypid::regtype::text`,
    })} as parts
  from pg_range r
    join pg_type t on t.oid = r.rngtypid
    join pg_namespace n on n.oid = t.typnamespace
    join pg_type s on s.oid = r.rngsubtype
    join pg_opclass o on o.oid = r.rngsubopc
    join pg_namespace m on m.oid = o.opcnamespace
  where ${USER_SCHEMA} and r.rngcanonical::oid = 0`;
