import { type ClientBase, escapeLiteral, type QueryResult } from 'pg';
import { OF_FILE } from './journal.js';
import { hasOpenChanges } from './outcomes.js';
import { DB_MIGRATE_COLUMNS, KNEX_COLUMNS, knexLockState } from './read.js';
import { type HistoryTables, namesBeside, qualified } from './tables.js';

/*
 * The histories of many schemas of one database, compared without reading them: two that have the same
 * fingerprint hold the same migrations in the same order, and the same records of their files.
 */

/** How many schemas one query asks for: each of their tables is locked until it ends. */
const AT_ONCE = 50;

/** Where the histories are, by the names that they have in each schema. */
export interface HistoryNames {
  history: string;
  dbMigrate: string;
}

/**
 * The fingerprints of histories, by schema. A schema has none where a look at it may tell more: where
 * a change is unfinished or has failed, a lock is taken, db-migrate has a table there, or tables are
 * missing, of another shape, or closed to this role. One that has no table at all has an empty one.
 *
 * @param clients connections to the database that share the work
 */
export async function fingerprints(
  clients: readonly ClientBase[],
  schemas: readonly string[],
  names: HistoryNames,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const whole: string[] = [];
  const [first] = clients;
  if (!first) return found;
  for (const { schema, tables } of await tablesOf(first, schemas, names)) {
    if (tables === 'all') whole.push(schema);
    if (tables === 'none') found.set(schema, '');
  }
  const open: string[] = [];
  await inChunks(clients, whole, async (client, some) => {
    for (const { schema, print } of await readSome(client, some, names)) {
      found.set(schema, print.replace('!', ''));
      if (print.includes('!')) open.push(schema);
    }
  });
  // Only where something was ever begun outside a transaction, or has failed, its end is looked for.
  await inChunks(clients, open, async (client, some) => {
    for (const schema of some) found.delete(schema);
    for (const schema of await allEnded(client, some, names)) {
      const print = (await readSome(client, [schema], names))[0]?.print;
      if (print !== undefined) found.set(schema, print.replace('!', ''));
    }
  });
  return found;
}

/** A chunk that fails, as where a table is locked or has just been dropped, tells nothing of its schemas. */
async function inChunks(
  clients: readonly ClientBase[],
  schemas: readonly string[],
  read: (client: ClientBase, some: readonly string[]) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async (client: ClientBase): Promise<void> => {
    while (next < schemas.length) {
      const some = schemas.slice(next, (next += AT_ONCE));
      await read(client, some).catch(() => undefined);
    }
  };
  await Promise.all(clients.map(work));
}

interface SchemaTables {
  schema: string;
  tables: 'all' | 'none' | 'some';
}

async function tablesOf(
  client: ClientBase,
  schemas: readonly string[],
  { history, dbMigrate }: HistoryNames,
): Promise<SchemaTables[]> {
  const own = namesBeside(history);
  const columns = (table: string, names: readonly string[]): string =>
    `(select count(*) = ${names.length} from pg_attribute a where a.attrelid = ${table}
       and a.attnum > 0 and not a.attisdropped and a.attname = any(${texts(names)}))`;
  const { rows } = await client.query<SchemaTables>(
    `select schema, case
        when bool_or(label = 'old' and ${columns('oid', DB_MIGRATE_COLUMNS)}) then 'some'
        when count(*) filter (where label <> 'old' and relkind in ('r', 'p') and usable) = 3
         and bool_or(label = 'history' and ${columns('oid', KNEX_COLUMNS)}) then 'all'
        when count(*) filter (where label <> 'old') = 0 then 'none'
        else 'some' end as tables
       from (
         select w.schema, n.label, c.oid, c.relkind,
                has_schema_privilege(s.oid, 'usage') and has_table_privilege(c.oid, 'select') as usable
           from unnest($1::text[]) w (schema)
           join pg_namespace s on s.nspname = w.schema
           left join (pg_class c join unnest($2::text[], $3::text[]) n (label, name)
             on c.relname = n.name and c.relkind in ('r', 'p', 'v', 'f', 'm')) on c.relnamespace = s.oid
       ) found group by schema`,
    [
      schemas,
      ['history', 'lock', 'journal', 'old'],
      [own.history, own.lock, own.journal, dbMigrate],
    ],
  );
  return rows;
}

interface Print {
  schema: string;
  /** With a mark where something was begun outside a transaction, or has failed, at any time. */
  print: string;
}

async function readSome(
  client: ClientBase,
  schemas: readonly string[],
  names: HistoryNames,
): Promise<Print[]> {
  const parts = schemas.map((schema) => {
    const tables = tablesIn(schema, names);
    const history = qualified(schema, tables.history);
    const journal = qualified(schema, tables.journal);
    return `select ${escapeLiteral(schema)} as schema,
      (select ${hashOf(`length(name) || ':' || name`, 'true')} || case when bool_or(name is null) then '?' else '' end
         from ${history}) || ' ' ||
      (select ${hashOf(`length(migration) || ':' || migration || checksum`, OF_FILE)}
           || case when bool_or(event in ('started', 'failed')) then '!' else '' end from ${journal}) as print,
      ${knexLockState(tables)} as lock`;
  });
  const rows = await ask<Print & { lock: string }>(client, parts);
  return rows.filter(({ lock, print }) => lock === 'free' && !print.includes('?'));
}

/** Settings for this message alone: a table that somebody has locked holds nothing up for long. */
const LIMITS = "select set_config('lock_timeout', '2s', true), set_config('jit', 'off', true)";

async function ask<Row extends object>(
  client: ClientBase,
  parts: readonly string[],
): Promise<Row[]> {
  const query = `${LIMITS}; ${parts.join(' union all ')}`;
  const results = (await client.query(query)) as unknown as QueryResult<Row>[];
  return results.at(-1)?.rows ?? [];
}

/** A digest of what the rows hold, in the order in which they were written. */
function hashOf(text: string, where: string): string {
  return `coalesce(encode(sha256(convert_to(string_agg(${text}, ',' order by id) filter (where ${where}), 'UTF8')), 'hex'), '-')`;
}

async function allEnded(
  client: ClientBase,
  schemas: readonly string[],
  names: HistoryNames,
): Promise<string[]> {
  const parts = schemas.map(
    (schema) =>
      `select ${escapeLiteral(schema)} as schema where not ${hasOpenChanges(tablesIn(schema, names))}`,
  );
  const rows = await ask<{ schema: string }>(client, parts);
  return rows.map(({ schema }) => schema);
}

/** What the journal of one schema keeps of the files of its migrations: each file's checksums, at any time. */
export async function recordedChecksums(
  client: ClientBase,
  schema: string,
  names: HistoryNames,
): Promise<{ name: string; checksum: string }[]> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    `select distinct migration as name, checksum
       from ${qualified(schema, tablesIn(schema, names).journal)} where ${OF_FILE}`,
  );
  return rows;
}

function tablesIn(schema: string, { history, dbMigrate }: HistoryNames): HistoryTables {
  return { schema, ...namesBeside(history), dbMigrate: { schema, table: dbMigrate } };
}

function texts(names: readonly string[]): string {
  return `array[${names.map((name) => escapeLiteral(name)).join(', ')}]::text[]`;
}
