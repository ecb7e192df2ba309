/*
 * The judge of the tests: what a PostgreSQL database holds besides its data, as lines of text.
 * It is longer than other files because it is one list: one entry for each kind of object.
 * It shares no code with src/ on purpose, so that a fault there cannot hide itself here.
 */

/** Sends one statement, always to the same session; a `pg` client's own `query` fits behind it. */
export type Query = (
  sql: string,
  params?: unknown[],
) => Promise<{ rows: Record<string, unknown>[] }>;

/** What `readCatalog` leaves out. */
export interface CatalogOptions {
  /** Tables as `schema.table`, unquoted; with them goes all that belongs to them. */
  exclude?: string[];
}

/*
 * What every fact stands on. An object is hidden when it belongs to an excluded table (dependency
 * types a and i) or to an extension (e), or comes with a type: its array, a range's constructors.
 */
const BASE = `
  RECURSIVE hidden AS (
    SELECT 'pg_class'::regclass::oid AS classid, c.oid AS objid
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname || '.' || c.relname = ANY ($1::text[])
    UNION
    SELECT classid, objid FROM pg_depend
    WHERE deptype = 'e' OR deptype = 'i' AND refclassid = 'pg_type'::regclass
      AND classid IN ('pg_type'::regclass, 'pg_proc'::regclass)
    UNION
    SELECT d.classid, d.objid
    FROM hidden h JOIN pg_depend d ON d.refclassid = h.classid AND d.refobjid = h.objid
    WHERE d.deptype IN ('a', 'i')
  ),
  namespace AS (
    SELECT oid, nspname, quote_ident(nspname) AS name, nspowner, nspacl
    FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
      AND ('pg_namespace'::regclass, oid) NOT IN (SELECT classid, objid FROM hidden)
  ),
  relation AS (
    SELECT c.*, n.name || '.' || quote_ident(c.relname) AS name
    FROM pg_class c JOIN namespace n ON n.oid = c.relnamespace
    WHERE ('pg_class'::regclass, c.oid) NOT IN (SELECT classid, objid FROM hidden)
  ),
  routine AS (
    SELECT p.*, p.oid::regprocedure::text AS name,
      CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END AS kind
    FROM pg_proc p JOIN namespace n ON n.oid = p.pronamespace
    WHERE ('pg_proc'::regclass, p.oid) NOT IN (SELECT classid, objid FROM hidden)
  ),
  type AS (
    SELECT t.*, format_type(t.oid, NULL) AS name
    FROM pg_type t JOIN namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE (c.oid IS NULL OR c.relkind = 'c')
      AND ('pg_type'::regclass, t.oid) NOT IN (SELECT classid, objid FROM hidden)
  ),
  acl AS (
    SELECT 'schema ' || name AS object, nspowner AS owner, nspacl AS given, acldefault('n', nspowner) AS usual
    FROM namespace
    UNION ALL
    SELECT CASE relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || name, relowner, relacl,
      acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)
    FROM relation
    UNION ALL
    SELECT 'column ' || r.name || '.' || quote_ident(a.attname), r.relowner, a.attacl, acldefault('c', r.relowner)
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND NOT a.attisdropped
    UNION ALL
    SELECT kind || ' ' || name, proowner, proacl, acldefault('f', proowner) FROM routine
    UNION ALL
    SELECT 'type ' || name, typowner, typacl, acldefault('T', typowner) FROM type
  )`;

/*
 * One query a kind of object; every row is one line, "<kind> <name>: <what is true of it>".
 * What has its usual value is left unsaid (concat_ws passes over a null).
 */
const FACTS = {
  schemas: `
    SELECT concat_ws(' ', 'schema ' || name || ':', 'owner ' || nullif(pg_get_userbyid(nspowner), current_user))
    FROM namespace`,

  relations: `
    SELECT concat_ws(' ',
      CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
        WHEN 'p' THEN 'partitioned table' ELSE 'table' END || ' ' || r.name || ':',
      CASE r.relpersistence WHEN 'u' THEN 'unlogged' END,
      'owner ' || nullif(pg_get_userbyid(r.relowner), current_user),
      'using ' || nullif(m.amname, 'heap'),
      'tablespace ' || s.spcname,
      'of ' || nullif(r.reloftype, 0)::regtype,
      'inherits ' || (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno)
        FROM pg_inherits WHERE inhrelid = r.oid),
      'partition by ' || pg_get_partkeydef(r.oid),
      'bound ' || pg_get_expr(r.relpartbound, r.oid),
      'with ' || (SELECT array_agg(o ORDER BY o) FROM unnest(r.reloptions) o)::text,
      'toast with ' || (SELECT array_agg(o ORDER BY o) FROM unnest(t.reloptions) o)::text,
      'server ' || f.srvname,
      'options ' || e.ftoptions::text,
      CASE WHEN r.relrowsecurity THEN 'row security' END,
      CASE WHEN r.relforcerowsecurity THEN 'forced row security' END,
      'replica identity ' || nullif(r.relreplident, CASE WHEN r.relkind IN ('v', 'f') THEN 'n' ELSE 'd' END)::text,
      CASE WHEN NOT r.relispopulated THEN 'not populated' END)
    FROM relation r
      LEFT JOIN pg_am m ON m.oid = r.relam
      LEFT JOIN pg_tablespace s ON s.oid = r.reltablespace
      LEFT JOIN pg_class t ON t.oid = r.reltoastrelid
      LEFT JOIN pg_foreign_table e ON e.ftrelid = r.oid
      LEFT JOIN pg_foreign_server f ON f.oid = e.ftserver
    WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f')`,

  columnOrder: `
    SELECT 'column order of ' || r.name || ': ' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
    GROUP BY r.oid, r.name`,

  // The statistics target was -1 for "the usual one" before PostgreSQL 17 and is null since.
  columns: `
    SELECT concat_ws(' ',
      'column ' || r.name || '.' || quote_ident(a.attname) || ':',
      format_type(a.atttypid, a.atttypmod),
      'collate ' || nullif(a.attcollation, t.typcollation)::regcollation,
      CASE WHEN a.attnotnull THEN 'not null' END,
      CASE a.attgenerated WHEN '' THEN 'default ' WHEN 's' THEN 'stored ' ELSE 'virtual ' END
        || pg_get_expr(d.adbin, d.adrelid),
      CASE a.attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END,
      'storage ' || nullif(a.attstorage, t.typstorage)::text,
      'compression ' || nullif(a.attcompression, '')::text,
      'statistics ' || nullif(a.attstattarget, -1),
      'with ' || (SELECT array_agg(o ORDER BY o) FROM unnest(a.attoptions) o)::text,
      'options ' || a.attfdwoptions::text,
      CASE WHEN a.attinhcount > 0 THEN 'inherited' END,
      CASE WHEN a.attinhcount > 0 AND a.attislocal THEN 'local too' END)
    FROM relation r
      JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')`,

  // A partitioned foreign key has a copy for each partition under a name that is made up.
  constraints: `
    SELECT concat_ws(' ',
      'constraint ' || quote_ident(k.conname) || ' on ' || coalesce(r.name, t.name) || ':',
      pg_get_constraintdef(k.oid),
      CASE WHEN k.coninhcount > 0 THEN 'inherited' END,
      CASE WHEN k.coninhcount > 0 AND k.conislocal THEN 'local too' END,
      (SELECT 'triggers ' || string_agg(tgenabled::text, ' ' ORDER BY tgfoid::regproc::text)
        FROM pg_trigger WHERE tgconstraint = k.oid AND tgisinternal HAVING bool_or(tgenabled <> 'O')))
    FROM pg_constraint k
      LEFT JOIN relation r ON r.oid = k.conrelid
      LEFT JOIN type t ON t.oid = k.contypid
    WHERE coalesce(r.name, t.name) IS NOT NULL AND NOT (k.contype = 'f' AND k.conparentid <> 0)`,

  indexes: `
    SELECT concat_ws(' ',
      'index ' || r.name || ': ' || pg_get_indexdef(r.oid),
      CASE WHEN NOT i.indisvalid THEN 'invalid' END,
      CASE WHEN NOT i.indisready THEN 'not ready' END,
      CASE WHEN i.indisclustered THEN 'clustered' END,
      CASE WHEN i.indisreplident THEN 'replica identity' END,
      'tablespace ' || s.spcname,
      'part of ' || (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = r.oid),
      'statistics ' || (SELECT string_agg(attnum || '=' || attstattarget, ' ' ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = r.oid AND attstattarget <> -1))
    FROM relation r JOIN pg_index i ON i.indexrelid = r.oid
      LEFT JOIN pg_tablespace s ON s.oid = r.reltablespace`,

  sequences: `
    SELECT concat_ws(' ',
      'sequence ' || r.name || ':', format_type(q.seqtypid, NULL),
      'start', q.seqstart, 'increment', q.seqincrement, 'min', q.seqmin, 'max', q.seqmax, 'cache', q.seqcache,
      CASE WHEN q.seqcycle THEN 'cycle' END,
      CASE r.relpersistence WHEN 'u' THEN 'unlogged' END,
      'owner ' || nullif(pg_get_userbyid(r.relowner), current_user),
      'owned by ' || (pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid)).identity)
    FROM relation r JOIN pg_sequence q ON q.seqrelid = r.oid
      LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')`,

  viewDefinitions: `
    SELECT 'definition of ' || name || ': ' || pg_get_viewdef(oid) FROM relation WHERE relkind IN ('v', 'm')`,

  routines: `
    SELECT concat_ws(' ', p.kind || ' ' || p.name || ':',
      'owner ' || nullif(pg_get_userbyid(p.proowner), current_user),
      CASE WHEN p.kind <> 'aggregate' THEN pg_get_functiondef(p.oid) ELSE concat_ws(' ',
        pg_get_function_arguments(p.oid), 'returns', pg_get_function_result(p.oid), p.proparallel,
        (SELECT concat_ws(' ', g.aggtranstype::regtype, g.aggmtranstype::regtype, g.aggsortop::regoperator,
            to_jsonb(g) - 'aggfnoid' - 'aggtranstype' - 'aggmtranstype' - 'aggsortop')
          FROM pg_aggregate g WHERE g.aggfnoid = p.oid)) END)
    FROM routine p`,

  triggers: `
    SELECT 'trigger ' || quote_ident(g.tgname) || ' on ' || r.name || ': ' || pg_get_triggerdef(g.oid)
      || CASE g.tgenabled WHEN 'O' THEN '' ELSE ' enabled ' || g.tgenabled::text END
    FROM pg_trigger g JOIN relation r ON r.oid = g.tgrelid WHERE NOT g.tgisinternal`,

  rules: `
    SELECT 'rule ' || quote_ident(w.rulename) || ' on ' || r.name || ': ' || pg_get_ruledef(w.oid)
      || CASE w.ev_enabled WHEN 'O' THEN '' ELSE ' enabled ' || w.ev_enabled::text END
    FROM pg_rewrite w JOIN relation r ON r.oid = w.ev_class WHERE w.rulename <> '_RETURN'`,

  policies: `
    SELECT concat_ws(' ', 'policy ' || quote_ident(p.polname) || ' on ' || r.name || ':',
      CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, 'for', p.polcmd,
      'to', (SELECT string_agg(CASE o WHEN 0 THEN 'public' ELSE o::regrole::text END, ', '
        ORDER BY o::regrole::text) FROM unnest(p.polroles) o),
      'using ' || pg_get_expr(p.polqual, p.polrelid),
      'with check ' || pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_policy p JOIN relation r ON r.oid = p.polrelid`,

  types: `
    SELECT concat_ws(' ',
      CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite' WHEN 'r' THEN 'range'
        WHEN 'm' THEN 'multirange' WHEN 'b' THEN 'base' ELSE 'shell' END || ' type ' || t.name || ':',
      'owner ' || nullif(pg_get_userbyid(t.typowner), current_user),
      (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)
        FROM pg_enum WHERE enumtypid = t.oid),
      format_type(nullif(t.typbasetype, 0), t.typtypmod),
      'collate ' || nullif(nullif(t.typcollation, b.typcollation), 0)::regcollation,
      CASE WHEN t.typnotnull THEN 'not null' END,
      'default ' || coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault),
      (SELECT concat_ws(' ', 'of', rngsubtype::regtype, 'collation', rngcollation::regcollation,
        'class', (pg_identify_object('pg_opclass'::regclass, rngsubopc, 0)).identity,
        'canonical', rngcanonical, 'difference', rngsubdiff, 'multirange', rngmultitypid::regtype)
        FROM pg_range WHERE rngtypid = t.oid))
    FROM type t LEFT JOIN pg_type b ON b.oid = t.typbasetype`,

  extensions: `
    SELECT 'extension ' || quote_ident(extname) || ': ' || extversion || ' in ' || extnamespace::regnamespace
    FROM pg_extension`,

  statistics: `
    SELECT concat_ws(' ', 'statistics ' || n.name || '.' || quote_ident(x.stxname) || ':',
      pg_get_statisticsobjdef(x.oid), 'target ' || nullif(x.stxstattarget, -1))
    FROM pg_statistic_ext x JOIN namespace n ON n.oid = x.stxnamespace JOIN relation r ON r.oid = x.stxrelid`,

  eventTriggers: `
    SELECT concat_ws(' ', 'event trigger ' || quote_ident(evtname) || ':', evtevent, evtfoid::regprocedure,
      'enabled', evtenabled, 'tags ' || evttags::text)
    FROM pg_event_trigger`,

  // The columns of these tables differ between versions, so the rows name them themselves.
  publications: `
    SELECT 'publication ' || quote_ident(p.pubname) || ': ' || (to_jsonb(p) - 'oid' - 'pubname' - 'pubowner')
    FROM pg_publication p
    UNION ALL
    SELECT 'publication ' || quote_ident(v.pubname) || ' of ' || r.name || ': '
      || (to_jsonb(v) - 'pubname' - 'schemaname' - 'tablename'
        - CASE WHEN to_jsonb(m) ->> 'prattrs' IS NULL THEN 'attnames' ELSE '' END)
    FROM pg_publication_tables v
      JOIN pg_publication p ON p.pubname = v.pubname
      JOIN relation r ON r.name = quote_ident(v.schemaname) || '.' || quote_ident(v.tablename)
      LEFT JOIN pg_publication_rel m ON m.prpubid = p.oid AND m.prrelid = r.oid`,

  // As pg_dump does it: what was granted beyond the usual, and what was taken away from it.
  privileges: `
    SELECT e.word || ' on ' || a.object || ': ' || e.privilege_type
      || CASE WHEN e.is_grantable THEN ' with grant option' ELSE '' END
      || CASE e.grantee WHEN 0 THEN ' public' WHEN a.owner THEN ' owner' ELSE ' ' || e.grantee::regrole END
      || CASE e.grantor WHEN a.owner THEN '' ELSE ' by ' || e.grantor::regrole END
    FROM acl a, LATERAL (
      (SELECT 'grant' AS word, * FROM aclexplode(a.given) EXCEPT SELECT 'grant', * FROM aclexplode(a.usual))
      UNION ALL
      (SELECT 'revoke', * FROM aclexplode(a.usual) EXCEPT SELECT 'revoke', * FROM aclexplode(a.given))
    ) e
    WHERE a.given IS NOT NULL`,

  defaultPrivileges: `
    SELECT concat_ws(' ', 'default privileges', 'of ' || nullif(pg_get_userbyid(d.defaclrole), current_user),
      'in ' || n.name, 'on', d.defaclobjtype::text || ':',
      (SELECT array_agg(i::text ORDER BY i::text) FROM unnest(d.defaclacl) i)::text)
    FROM pg_default_acl d LEFT JOIN namespace n ON n.oid = d.defaclnamespace
    WHERE d.defaclnamespace = 0 OR n.oid IS NOT NULL`,

  // Below 16384 are the server's own objects; of those, the schema public is the user's.
  comments: `
    SELECT 'comment on ' || i.type || ' ' || i.identity || ': ' || d.description
    FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    WHERE (d.objoid >= 16384 OR d.classoid = 'pg_extension'::regclass OR d.objoid IN (SELECT oid FROM namespace))
      AND d.classoid <> 'pg_largeobject'::regclass
      AND (d.classoid, d.objoid) NOT IN (SELECT classid, objid FROM hidden)`,

  // Kinds that are rare in migrations: that they are there, not how they are made.
  others: `
    SELECT i.type || ' ' || i.identity || ':'
    FROM (
      SELECT tableoid, oid FROM pg_cast UNION ALL SELECT tableoid, oid FROM pg_collation
      UNION ALL SELECT tableoid, oid FROM pg_conversion UNION ALL SELECT tableoid, oid FROM pg_language
      UNION ALL SELECT tableoid, oid FROM pg_operator UNION ALL SELECT tableoid, oid FROM pg_opclass
      UNION ALL SELECT tableoid, oid FROM pg_opfamily UNION ALL SELECT tableoid, oid FROM pg_ts_config
      UNION ALL SELECT tableoid, oid FROM pg_ts_dict UNION ALL SELECT tableoid, oid FROM pg_am
      UNION ALL SELECT tableoid, oid FROM pg_foreign_data_wrapper
      UNION ALL SELECT tableoid, oid FROM pg_foreign_server
    ) o, pg_identify_object(o.tableoid, o.oid, 0) i
    WHERE o.oid >= 16384 AND (o.tableoid, o.oid) NOT IN (SELECT classid, objid FROM hidden)`,
};

/*
 * The server writes a name without its schema where the search path finds it, so the search path
 * must be empty, whatever the session made of it. A condition without a column in it is decided
 * before the first row is read. The setting lasts to the end of the transaction.
 */
const CATALOG_SQL = `
  WITH ${BASE},
  fact (line) AS MATERIALIZED (${Object.values(FACTS).join('\n    UNION ALL')})
  SELECT line FROM fact WHERE (SELECT set_config('search_path', '', true)) = ''`;

/**
 * Reads everything that the connected database holds besides its data, as one sorted line a fact,
 * such as `column app.polls.title: text not null`. Two databases that were built the same way give
 * the same lines, whatever their OIDs, their dropped columns and the session's search path.
 *
 * The session has `jit` turned off afterwards, and inside an open transaction its search path is
 * empty until that ends.
 */
export async function readCatalog(query: Query, options: CatalogOptions = {}): Promise<string[]> {
  // Where the server can compile a query, it needs half a second for this one, which runs in 10 ms.
  await query('SET jit = off');
  const { rows } = await query(CATALOG_SQL, [options.exclude ?? []]);
  return rows.map((row) => onOneLine(row['line'] as string)).sort();
}

/**
 * Compares two results of `readCatalog`.
 *
 * @returns what is only in `expected` as `- line` and only in `actual` as `+ line`, sorted so that
 * the two states of one object stand together; empty when both are equal
 */
export function compareCatalogs(expected: string[], actual: string[]): string[] {
  const lines = [...new Set([...expected, ...actual])].sort();
  const expectedCounts = countLines(expected);
  const actualCounts = countLines(actual);
  return lines.flatMap((line) => {
    const surplus = (actualCounts.get(line) ?? 0) - (expectedCounts.get(line) ?? 0);
    return Array.from({ length: Math.abs(surplus) }, () => `${surplus < 0 ? '-' : '+'} ${line}`);
  });
}

function countLines(lines: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

/** The backslash is doubled first, so that two different texts never become the same line. */
function onOneLine(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}
