import { type ClientBase, escapeLiteral } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { schemasOf } from '../database/search-path.js';
import { KnexwardError } from '../errors.js';
import {
  type FailedChange,
  failedChanges,
  type UnfinishedChange,
  unfinishedChanges,
} from './outcomes.js';
import { rememberName } from '../printable.js';
import { findTables, tell } from './find-tables.js';
import { type RecordedFile, recentFiles } from './journal.js';
import { isoMoment } from './moment.js';
import { hasExactly } from './settled.js';
import { type HistoryTables, LEAST_RUN_NUMBER, namesBeside, qualified } from './tables.js';

/** One row of `knex_migrations`. */
export interface HistoryRow {
  id: number;
  name: string;
  /** 0 where the row has none. */
  batch: number;
  /** The moment, in ISO 8601 with microseconds where there are any; `null` where none is kept. */
  appliedAt: string | null;
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
  /** How many rows have no name, which Knex's table allows: they are no migrations, and left alone. */
  nameless: number;
  unfinished: UnfinishedChange[];
  failed: FailedChange[];
  /** What the files of the migrations that were applied last were then. */
  recent: RecordedFile[];
  /** Who has taken Knex's own lock row. */
  knexLock: KnexLockState;
  /**
   * db-migrate's history, where there is one: how many of its rows were not copied, whether
   * its times have a zone, and what it has reverted since, by the names that Knex's history has.
   */
  dbMigrate: { rows: number; unadopted: number; zoned: boolean; reverted: string[] } | null;
}

/** The columns that make a table a history of Knex's, and one of db-migrate's. */
export const KNEX_COLUMNS = ['id', 'name', 'batch', 'migration_time'];
export const DB_MIGRATE_COLUMNS = ['id', 'name', 'run_on'];

/**
 * Reads the history: what exists, then what it holds. Reads only.
 *
 * @throws KnexwardError `SCHEMA_MISSING`, or `HISTORY_TABLE_SHAPE` where a table of Knex's name is
 * not Knex's.
 */
export async function readHistory(client: ClientBase, config: ResolvedConfig): Promise<History> {
  return (await readBeside(client, config, [])).history;
}

/**
 * The history; it is settled where there is nothing to do: exactly these migrations are applied, and
 * nothing is unfinished, locked or not copied. The server compares; of a settled history of
 * thousands not one row is sent. Without names it is never settled.
 *
 * @throws KnexwardError what `readHistory` throws
 */
export async function readOrSettled(
  client: ClientBase,
  config: ResolvedConfig,
  names: readonly string[],
): Promise<{ settled: boolean; history: History }> {
  const { settled, history } = await readBeside(client, config, names);
  if (!settled) return { settled, history };
  const { complete, unfinished, knexLock, dbMigrate } = history;
  const inStep = !dbMigrate || dbMigrate.unadopted + dbMigrate.reverted.length === 0;
  if (complete && inStep && unfinished.length === 0 && knexLock === 'free')
    return { settled, history };
  return { settled: false, history: await readHistory(client, config) };
}

/** The history; without its rows where they are of exactly these names, and there are any. */
async function readBeside(
  client: ClientBase,
  config: ResolvedConfig,
  expected: readonly string[],
): Promise<{ settled: boolean; history: History }> {
  const { tableName, schemaName } = config.migrations;
  const { dbMigrate } = config.settings;
  const own = namesBeside(tableName);
  const names = Object.values(own);
  const catalog = await findTables(client, schemaName, names, dbMigrate, schemasOf(config.knex));
  if (catalog.schema === null) throw schemaMissing(schemaName);
  tell(client, config, catalog);
  const tables: HistoryTables = {
    schema: catalog.schema,
    ...own,
    dbMigrate: { schema: catalog.old_schema ?? catalog.schema, table: dbMigrate.table },
  };
  const { columns } = catalog;
  const shape = (columns[tables.history] ?? []).sort();
  const hasHistory = shape.length > 0;
  if (hasHistory && !KNEX_COLUMNS.every((column) => shape.includes(column))) {
    throw wrongShape(tables, shape);
  }
  const hasJournal = tables.journal in columns;
  const hasLock = tables.lock in columns;
  const old = columns['db-migrate'] ?? [];
  const hasOld = DB_MIGRATE_COLUMNS.every((column) => old.includes(column));
  const present = { hasHistory, hasJournal, hasLock, hasOld };
  const { settled, ...content } = await readContent(client, tables, present, expected);
  const complete = hasHistory && hasLock && hasJournal;
  const history = { tables, complete, serverVersion: catalog.server_version, ...content };
  return { settled, history };
}

interface Present {
  hasHistory: boolean;
  hasJournal: boolean;
  hasLock: boolean;
  hasOld: boolean;
}

type Content = Pick<
  History,
  'rows' | 'nameless' | 'unfinished' | 'failed' | 'recent' | 'knexLock' | 'dbMigrate'
> & {
  settled: boolean;
};

async function readContent(
  client: ClientBase,
  tables: HistoryTables,
  present: Present,
  names: readonly string[],
): Promise<Content> {
  const { rows } = await client.query<{
    settled: boolean;
    rows: HistoryRow[] | null;
    nameless: number | null;
    unfinished: UnfinishedChange[] | null;
    failed: FailedChange[] | null;
    recent: RecordedFile[] | null;
    knex_lock: KnexLockState | null;
    old: History['dbMigrate'];
  }>(`select settled,
    ${present.hasHistory ? `case when not settled then ${historyRows(tables)} end` : 'null'} as rows,
    ${present.hasHistory ? `case when not settled then ${namelessRows(tables)} end` : 'null'} as nameless,
    ${present.hasJournal ? unfinishedChanges(tables) : 'null'} as unfinished,
    ${present.hasJournal ? failedChanges(tables) : 'null'} as failed,
    ${present.hasJournal && present.hasHistory ? recentFiles(tables) : 'null'} as recent,
    ${present.hasLock ? knexLockState(tables) : 'null'} as knex_lock,
    ${present.hasOld ? oldState(tables, present) : 'null'} as old
    from (select ${present.hasHistory ? hasExactly(tables, names) : 'false'} as settled offset 0) compared`);
  const content = rows[0];
  const { rows: applied, unfinished, failed } = content ?? {};
  for (const found of [applied, unfinished, failed])
    found?.forEach(({ name }) => rememberName(name));
  return {
    settled: content?.settled ?? false,
    rows: content?.rows ?? [],
    nameless: content?.nameless ?? 0,
    unfinished: content?.unfinished ?? [],
    failed: content?.failed ?? [],
    recent: content?.recent ?? [],
    knexLock: content?.knex_lock ?? 'free',
    dbMigrate: content?.old ?? null,
  };
}

function historyRows(tables: HistoryTables): string {
  return `(select json_agg(json_build_object('id', id, 'name', name, 'batch', coalesce(batch, 0),
      'appliedAt', ${isoMoment('migration_time')}) order by id)
    from ${qualified(tables.schema, tables.history)} where name is not null)`;
}

function namelessRows(tables: HistoryTables): string {
  return `(select count(*)::int from ${qualified(tables.schema, tables.history)} where name is null)`;
}

/** An expression for who has taken Knex's own lock row. */
export function knexLockState(tables: HistoryTables): string {
  // Knex can take it where one row is 0, whatever else is in the table; a null keeps it out for good.
  return `(select case when count(*) = 0 or bool_or(is_locked = 0) then 'free'
      when max(is_locked) >= ${LEAST_RUN_NUMBER} then 'knexward' else 'knex' end
    from ${qualified(tables.schema, tables.lock)})`;
}

/**
 * An expression for db-migrate's history against the journal's records of it. A row without a record
 * came from db-migrate; a record whose row is gone, from its `down`. By grouping and not by joining:
 * right after a takeover the server has no statistics, and would look at each row for each record.
 */
function oldState(tables: HistoryTables, { hasJournal, hasHistory }: Present): string {
  const old = oldTableName(tables);
  const journal = qualified(tables.schema, tables.journal);
  const records = `union all select j.details ->> 'id', j.details ->> 'name', j.migration, 0
      from ${journal} j where ${isRecordOfOldRow(tables)}`;
  return `(with both_sides as (
      select id::text as id, name, null::text as migration, 1 as rows from ${old}
      ${hasJournal ? records : ''}
    ), known as (
      select max(migration) as migration, sum(rows) as rows from both_sides group by id, name
    ), gone as (
      select migration as name from known where migration is not null
       group by migration having sum(rows) = 0
      intersect select ${hasHistory ? `name from ${qualified(tables.schema, tables.history)}` : 'null where false'}
    )
    select json_build_object('rows', (select coalesce(sum(rows), 0) from known),
      'unadopted', (select coalesce(sum(rows), 0) from known where migration is null),
      'zoned', (select atttypid = 'timestamptz'::regtype from pg_attribute
        where attrelid = ${escapeLiteral(old)}::regclass and attname = 'run_on'),
      'reverted', (select coalesce(json_agg(name order by name), '[]') from gone)))`;
}

/**
 * A query for the journal's record of one row of db-migrate's table having been copied, or
 * having been written by knexward itself, unless a later `undone` gave it back.
 */
export function adoptedOriginal(tables: HistoryTables, row: string): string {
  return `select from ${qualified(tables.schema, tables.journal)} j
     where j.details ->> 'id' = ${row}.id::text and j.details ->> 'name' = ${row}.name
       and ${isRecordOfOldRow(tables)}`;
}

/** A condition for a row `j` of the journal being about a row of db-migrate's table, as it is now. */
function isRecordOfOldRow(tables: HistoryTables): string {
  return `j.event in ('adopted', 'applied', 'resolved')
    and j.details ->> 'table' = ${escapeLiteral(oldTableName(tables))}
    and j.id > coalesce((select max(id) from ${qualified(tables.schema, tables.journal)}
      where event = 'undone'), 0)`;
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
