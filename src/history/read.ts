import { type ClientBase, escapeLiteral } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { type HistoryTables, JOURNAL_TABLE, LOCKED_BY_KNEXWARD, qualified } from './tables.js';

/** One row of `knex_migrations`. */
export interface HistoryRow {
  id: number;
  name: string;
  batch: number;
  /** The moment, in ISO 8601 with microseconds where there are any; `null` where none is kept. */
  appliedAt: string | null;
}

/** A change outside a transaction that was started and of which no end is recorded. */
export interface UnfinishedChange {
  name: string;
  startedAt: string;
  actor: string;
}

/** A migration whose last attempt failed. */
export interface FailedChange {
  name: string;
  at: string;
  direction: 'up' | 'down';
  message: string;
}

/** Knex's lock row: free, or taken by Knex, or by a run of knexward. */
export type KnexLockState = 'free' | 'knex' | 'knexward';

/** All that a database tells about its migrations. */
export interface History {
  tables: HistoryTables;
  /** Whether the history, lock and journal tables are all there. */
  complete: boolean;
  serverVersion: number;
  /** In the order in which they were applied. */
  rows: HistoryRow[];
  unfinished: UnfinishedChange[];
  failed: FailedChange[];
  /** Who has taken Knex's own lock row. */
  knexLock: KnexLockState;
  /** db-migrate's history, where there is one: how many of its rows were not carried over. */
  dbMigrate: { rows: number; unadopted: number } | null;
}

const KNEX_COLUMNS = ['id', 'name', 'batch', 'migration_time'];
const DB_MIGRATE_COLUMNS = ['id', 'name', 'run_on'];

/** A moment in ISO 8601 and UTC, without trailing zeros beyond milliseconds. */
export function isoMoment(column: string): string {
  return `regexp_replace(to_char(${column} at time zone 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS.US'), '000$', '') || 'Z'`;
}

interface Catalog {
  schema: string | null;
  /** The schema of db-migrate's table, as far as it is there. */
  old_schema: string | null;
  server_version: number;
  columns: Record<string, string[]>;
}

/**
 * Reads the history: what exists, then what it holds. Reads only.
 *
 * @throws KnexwardError `SCHEMA_MISSING`, or `HISTORY_TABLE_SHAPE` where a table of Knex's name is
 * not Knex's.
 */
export async function readHistory(client: ClientBase, config: ResolvedConfig): Promise<History> {
  const { tableName, schemaName } = config.migrations;
  const { dbMigrate } = config.settings;
  const names = [tableName, `${tableName}_lock`, JOURNAL_TABLE];
  const catalog = await readCatalog(client, schemaName, names, dbMigrate);
  if (catalog.schema === null) throw schemaMissing(schemaName);
  const tables: HistoryTables = {
    schema: catalog.schema,
    history: tableName,
    lock: `${tableName}_lock`,
    journal: JOURNAL_TABLE,
    dbMigrate: { schema: catalog.old_schema ?? catalog.schema, table: dbMigrate.table },
  };
  const { columns } = catalog;
  const shape = (columns[tables.history] ?? []).sort();
  const hasHistory = shape.length > 0;
  if (hasHistory && !KNEX_COLUMNS.every((column) => shape.includes(column))) {
    throw wrongShape(tables, shape);
  }
  const hasJournal = JOURNAL_TABLE in columns;
  const hasLock = tables.lock in columns;
  const old = columns['db-migrate'] ?? [];
  const hasOld = DB_MIGRATE_COLUMNS.every((column) => old.includes(column));
  const content = await readContent(client, tables, { hasHistory, hasJournal, hasLock, hasOld });
  return {
    tables,
    complete: hasHistory && hasLock && hasJournal,
    serverVersion: catalog.server_version,
    ...content,
  };
}

/**
 * One round trip for everything that depends on what exists. db-migrate does not qualify the name
 * of its table, so where no schema is given it is looked for along the search path, as it does.
 */
async function readCatalog(
  client: ClientBase,
  schema: string | null,
  names: string[],
  old: { schema: string | null; table: string },
): Promise<Catalog> {
  const { rows } = await client.query<Catalog>(
    `with home as (
       select nspname as name from pg_namespace where nspname = coalesce($1, current_schema())
     ), old as (
       select coalesce($3, (select relnamespace::regnamespace::name from pg_class
         where oid = to_regclass(quote_ident($4)))) as name
     ), wanted as (
       select (select name from home) as schema, t as name, t as label from unnest($2::text[]) t
       union all
       select (select name from old), $4, 'db-migrate'
     )
     select (select name from home) as schema, (select name from old) as old_schema,
            current_setting('server_version_num')::int as server_version,
            (select coalesce(json_object_agg(label, columns), '{}') from (
               select w.label, json_agg(a.attname) as columns
                 from wanted w
                 join pg_namespace n on n.nspname = w.schema
                 join pg_class c on c.relnamespace = n.oid and c.relname = w.name
                  and c.relkind in ('r', 'p', 'v', 'f', 'm')
                 join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                group by w.label) found) as columns`,
    [schema, names, old.schema, old.table],
  );
  return rows[0] as Catalog;
}

interface Present {
  hasHistory: boolean;
  hasJournal: boolean;
  hasLock: boolean;
  hasOld: boolean;
}

type Content = Pick<History, 'rows' | 'unfinished' | 'failed' | 'knexLock' | 'dbMigrate'>;

async function readContent(
  client: ClientBase,
  tables: HistoryTables,
  present: Present,
): Promise<Content> {
  const { rows } = await client.query<{
    rows: HistoryRow[] | null;
    unfinished: UnfinishedChange[] | null;
    failed: FailedChange[] | null;
    knex_lock: KnexLockState | null;
    old: { rows: number; unadopted: number } | null;
  }>(`select
    ${present.hasHistory ? historyRows(tables) : 'null'} as rows,
    ${present.hasJournal ? unfinishedChanges(tables) : 'null'} as unfinished,
    ${present.hasJournal ? failedChanges(tables) : 'null'} as failed,
    ${present.hasLock ? knexLockState(tables) : 'null'} as knex_lock,
    ${present.hasOld ? unadoptedRows(tables, present.hasJournal) : 'null'} as old`);
  const content = rows[0];
  return {
    rows: content?.rows ?? [],
    unfinished: content?.unfinished ?? [],
    failed: content?.failed ?? [],
    knexLock: content?.knex_lock ?? 'free',
    dbMigrate: content?.old ?? null,
  };
}

function historyRows(tables: HistoryTables): string {
  return `(select json_agg(json_build_object('id', id, 'name', name, 'batch', batch,
      'appliedAt', ${isoMoment('migration_time')}) order by id)
    from ${qualified(tables.schema, tables.history)})`;
}

function unfinishedChanges(tables: HistoryTables): string {
  return `(select json_agg(json_build_object('name', migration, 'actor', actor,
      'startedAt', ${isoMoment('at')}) order by id)
    from (${lastWords(tables)}) latest
   where event = 'started' or details ->> 'endUnknown' = 'true')`;
}

function failedChanges(tables: HistoryTables): string {
  return `(select json_agg(json_build_object('name', migration, 'at', ${isoMoment('at')},
      'direction', details ->> 'direction', 'message', details ->> 'message') order by id)
    from (${lastWords(tables)}) latest
   where event = 'failed' and details ->> 'endUnknown' is distinct from 'true')`;
}

/**
 * The last word on each change decides. Where that is `started`, or a failure that leaves open
 * what the server did, its end is unknown.
 */
function lastWords(tables: HistoryTables): string {
  return `select distinct on (migration) id, migration, event, actor, at, details
      from ${qualified(tables.schema, tables.journal)}
     where event in ('started', 'applied', 'failed', 'reverted', 'resolved')
     order by migration, id desc`;
}

function knexLockState(tables: HistoryTables): string {
  return `(select case coalesce(max(is_locked), 0) when 0 then 'free' when ${LOCKED_BY_KNEXWARD} then 'knexward'
      else 'knex' end
    from ${qualified(tables.schema, tables.lock)})`;
}

function unadoptedRows(tables: HistoryTables, hasJournal: boolean): string {
  const old = qualified(tables.dbMigrate.schema, tables.dbMigrate.table);
  const unadopted = hasJournal ? `not exists (${adoptedOriginal(tables, 'm')})` : 'true';
  return `(select json_build_object('rows', count(*), 'unadopted',
    count(*) filter (where ${unadopted})) from ${old} m)`;
}

/**
 * A query for the journal's record of one row of db-migrate's table having been carried over,
 * unless a later `undone` gave it back.
 */
export function adoptedOriginal(tables: HistoryTables, row: string): string {
  const journal = qualified(tables.schema, tables.journal);
  return `select from ${journal} j
     where j.event = 'adopted'
       and j.details ->> 'table' = ${escapeLiteral(oldTableName(tables))}
       and j.details ->> 'id' = ${row}.id::text and j.details ->> 'name' = ${row}.name
       and j.id > coalesce((select max(id) from ${journal} where event = 'undone'), 0)`;
}

/** What the journal calls the table that an adopted row came from. */
export function oldTableName({ dbMigrate }: HistoryTables): string {
  return qualified(dbMigrate.schema, dbMigrate.table);
}

function schemaMissing(schemaName: string | null): KnexwardError {
  return new KnexwardError('SCHEMA_MISSING', {
    message:
      schemaName === null
        ? 'The connection has no schema to work in: nothing in its search path exists.'
        : `The schema "${schemaName}" of the history tables does not exist.`,
    fix:
      schemaName === null
        ? 'Correct searchPath in the knexfile, or create the schema.'
        : `Create it (create schema "${schemaName}"), or correct migrations.schemaName.`,
  });
}

function wrongShape(tables: HistoryTables, shape: string[]): KnexwardError {
  return new KnexwardError('HISTORY_TABLE_SHAPE', {
    message:
      `The table ${qualified(tables.schema, tables.history)} is not Knex's history: ` +
      `it has the columns ${shape.join(', ')}; Knex's has ${KNEX_COLUMNS.join(', ')}.`,
    fix: 'Name another table with migrations.tableName in the knexfile, or move this one away.',
  });
}
