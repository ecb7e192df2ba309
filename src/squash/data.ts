import { type Client, type QueryResult } from 'pg';
import { type Catalog } from '../schema/catalog/model.js';
import { USER_SCHEMA } from '../schema/catalog/queries/row.js';
import { RENDERING_SETTINGS } from '../schema/catalog/settings.js';

/** A column that holds values of its own: it is not generated. */
export interface DataColumn {
  name: string;
  type: string;
  identity: boolean;
  default: string | null;
}

/** The rows of one table, without those of tables that inherit from it. */
export interface TableData {
  name: string;
  columns: DataColumn[];
  /** Each value as a constant in SQL, in the order in which the rows lie in the table. */
  rows: string[][];
}

/** A foreign key, by the columns of both tables. */
export interface ForeignKey {
  from: string;
  fromColumns: string[];
  to: string;
  toColumns: string[];
}

/** What a database holds besides its schema. */
export interface Data {
  /** Tables that hold rows themselves, by name. */
  tables: TableData[];
  /** Where each sequence is, as the arguments of `setval`; at its start where it was never used. */
  sequences: { name: string; value: string; called: boolean }[];
  foreignKeys: ForeignKey[];
}

/** The tables that hold rows of their own: not those that are made of partitions. */
const TABLES = `
  select c.oid::regclass::text as name, c.relforcerowsecurity as forced,
    (select coalesce(json_agg(json_build_object('name', quote_ident(a.attname),
        'type', format_type(a.atttypid, a.atttypmod), 'identity', a.attidentity <> '',
        'default', pg_get_expr(d.adbin, d.adrelid)) order by a.attnum), '[]')
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and ${USER_SCHEMA}
  order by c.oid::regclass::text collate "C"`;

const columnsOf = (table: string, numbers: string): string =>
  `(select json_agg(quote_ident(attname) order by k.place) from unnest(${numbers}) with ordinality k (number, place)
    join pg_attribute on attrelid = ${table} and attnum = k.number)`;

const FOREIGN_KEYS = `
  select conrelid::regclass::text as "from", confrelid::regclass::text as "to",
    ${columnsOf('conrelid', 'conkey')} as "fromColumns", ${columnsOf('confrelid', 'confkey')} as "toColumns"
  from pg_constraint where contype = 'f'`;

interface TableRow {
  name: string;
  forced: boolean;
  columns: DataColumn[];
}

/**
 * Reads all rows and all sequences of the objects that a catalog describes, in one transaction that
 * is rolled back. The server writes every value down, in the settings that catalogs are read with.
 */
export async function readData(client: Client, catalog: Catalog): Promise<Data> {
  const known = (kind: string): Set<string> =>
    new Set(catalog.objects.filter((object) => object.kind === kind).map(({ name }) => name));
  const [tables, sequences] = [known('table'), [...known('sequence')].sort()];
  const settings = Object.entries({ ...RENDERING_SETTINGS, jit: 'off' }).map(
    ([name, value]) => `set local ${name} = '${value}'`,
  );
  const { rows: before } = await client.query<{ path: string }>(
    "select current_setting('search_path') as path",
  );
  await client.query(['begin isolation level repeatable read', ...settings].join('; '));
  try {
    const described = ({ name }: { name: string }): boolean => tables.has(name);
    const all = (await client.query<TableRow>(TABLES)).rows.filter(described);
    const { rows: foreignKeys } = await client.query<ForeignKey>(FOREIGN_KEYS);
    // Else the owner, too, would see only what the policies let it see.
    const unforce = all
      .filter(({ forced }) => forced)
      .map(({ name }) => `alter table only ${name} no force row level security`);
    if (unforce.length > 0) await client.query(unforce.join('; '));
    // Reading a table plans its indexes too, and what their functions call is looked for in this path.
    await client.query("select set_config('search_path', $1, true)", [before[0]?.path ?? '']);
    return {
      tables: await readRows(client, all),
      sequences: await readSequences(client, sequences),
      foreignKeys,
    };
  } finally {
    await client.query('rollback');
  }
}

async function readRows(client: Client, tables: readonly TableRow[]): Promise<TableData[]> {
  if (tables.length === 0) return [];
  const text = tables
    .map(({ name, columns }) => {
      const values = columns.map((column) => `format('%L', ${column.name})`);
      return `select ${values.length === 0 ? "''" : values.join(', ')} from only ${name}`;
    })
    .join(';\n');
  const results = [await client.query({ text, rowMode: 'array' })].flat() as QueryResult[];
  return tables.map(({ name, columns }, index) => ({
    ...{ name, columns },
    rows: (results[index]?.rows ?? []) as string[][],
  }));
}

async function readSequences(client: Client, names: readonly string[]): Promise<Data['sequences']> {
  if (names.length === 0) return [];
  const text = names.map(
    (name) => `select last_value::text as value, is_called as called from ${name}`,
  );
  type Row = { value: string; called: boolean };
  const results = [await client.query(text.join(';\n'))].flat() as QueryResult<Row>[];
  return names.map((name, index) => {
    const { value = '', called = false } = results[index]?.rows[0] ?? {};
    return { name, value, called };
  });
}
