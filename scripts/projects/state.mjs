import { createJiti } from 'jiti';
import pg from 'pg';

const { readCatalog, compareCatalogs } = await createJiti(import.meta.url).import(
  '../../tests/support/catalog.ts',
);
const { escapeIdentifier } = pg;

/** The tables in which a tool keeps history; they differ by design. */
const BOOKKEEPING = `
  SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND (c.relname IN ('knexward_journal') OR c.relname LIKE 'knex\\_migrations%'
    OR c.relname = ANY ($1::text[]))`;

/** A second look at the schema, which shares nothing with the first. */
const COLUMNS = `
  SELECT concat_ws(' ', 'column', table_schema, table_name, ordinal_position, column_name, udt_schema, udt_name,
    character_maximum_length, numeric_precision, numeric_scale, is_nullable, column_default, is_identity, generation_expression) AS line,
    table_schema || '.' || table_name AS owner
  FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
  UNION ALL
  SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid)),
    (SELECT nspname || '.' || relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = conrelid)
  FROM pg_constraint WHERE connamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') AND contype <> 'n'
  UNION ALL
  SELECT concat_ws(' ', 'index', indexdef), schemaname || '.' || tablename FROM pg_indexes
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
  UNION ALL
  SELECT concat_ws(' ', 'view', schemaname, viewname, definition), schemaname || '.' || viewname FROM pg_views
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
  UNION ALL
  SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid)),
    (SELECT nspname || '.' || relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = tgrelid)
  FROM pg_trigger t WHERE NOT tgisinternal
  UNION ALL
  SELECT concat_ws(' ', 'function', md5(pg_get_functiondef(p.oid)), p.oid::regprocedure), ''
  FROM pg_proc p WHERE prokind IN ('f', 'p') AND pronamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')`;

/** What a database holds: its schema, seen twice, and its rows. */
export function stateOf(login, history) {
  return login.query(async (query) => {
    const { rows } = await query(BOOKKEEPING, [history]);
    const exclude = rows.map(({ name }) => name);
    const catalog = await readCatalog(query, { exclude });
    const second = (await query(COLUMNS)).rows
      .filter(({ owner }) => !exclude.includes(owner))
      .map(({ line }) => line)
      .sort();
    return { catalog, second, rows: await rowsOf(query, exclude) };
  });
}

const UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';

/** Each table's rows, without what is another at every run: moments and generated identities. */
async function rowsOf(query, exclude) {
  const { rows: tables } = await query(`
    SELECT n.nspname AS schema, c.relname AS name, array_agg(quote_ident(a.attname) ORDER BY a.attnum) FILTER (
      WHERE a.atttypid NOT IN ('timestamp'::regtype, 'timestamptz'::regtype, 'date'::regtype, 'uuid'::regtype)) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') GROUP BY 1, 2 ORDER BY 1, 2`);
  const state = {};
  for (const { schema, name, columns } of tables) {
    if (exclude.includes(`${schema}.${name}`)) continue;
    const table = `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
    const text = columns === null ? `''` : `row(${columns.join(', ')})::text`;
    const row = `regexp_replace(${text}, '${UUID}', 'uuid', 'gi')`;
    const { rows } = await query(
      `SELECT count(*)::int AS count, md5(string_agg(${row}, ';' ORDER BY ${row} COLLATE "C")) AS content FROM ${table}`,
    );
    state[`${schema}.${name}`] = `${rows[0].count} rows ${rows[0].content ?? ''}`;
  }
  return state;
}

/** How many rows a history has, in whatever schemas it is. */
export function historyLength(login, table) {
  return login.query(async (query) => {
    const { rows } = await query(
      'SELECT schemaname AS schema FROM pg_tables WHERE tablename = $1',
      [table],
    );
    let length = 0;
    for (const { schema } of rows) {
      const name = `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`;
      length += (await query(`SELECT count(*)::int AS rows FROM ${name}`)).rows[0].rows;
    }
    return length;
  });
}

/** What differs between two states; nothing where they are the same. */
export function differencesOf(expected, actual, random) {
  const lines = compareCatalogs(expected.catalog, actual.catalog);
  const onlyIn = (a, b, sign) =>
    a.filter((line) => !b.includes(line)).map((line) => `${sign} ${line}`);
  lines.push(
    ...onlyIn(expected.second, actual.second, '-'),
    ...onlyIn(actual.second, expected.second, '+'),
  );
  for (const table of new Set([...Object.keys(expected.rows), ...Object.keys(actual.rows)])) {
    if (random.includes(table)) continue;
    const [one, other] = [expected.rows[table], actual.rows[table]];
    if (one !== other) lines.push(`rows of ${table}: ${one} | ${other}`);
  }
  return lines;
}
