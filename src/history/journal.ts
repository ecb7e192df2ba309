import { hostname, userInfo } from 'node:os';
import { type ClientBase, escapeLiteral } from 'pg';
import { KnexwardError } from '../errors.js';
import { type HistoryTables, qualified } from './tables.js';

/** What the journal can tell of. */
export type JournalEventName =
  | 'adopted'
  | 'started'
  | 'applied'
  | 'failed'
  | 'reverted'
  | 'resolved'
  | 'unlocked'
  | 'undone'
  | 'finished';

/** A time in milliseconds, or the time for which the transaction has been open, as the server has it. */
export type JournalDuration = number | 'of the transaction' | null;

/** One row of the journal, as it is written. */
export interface JournalEvent {
  runId: string;
  event: JournalEventName;
  migration: string | null;
  batch?: number | null;
  checksum?: string | null;
  durationMs?: JournalDuration;
  details?: Record<string, unknown>;
  /** An expression for further details that only the server can tell. */
  detailsSql?: string | undefined;
  /** Who does it, where that is not this process. */
  actor?: string;
}

/**
 * Adds a row to the journal, on the connection (and in the transaction) that is given.
 *
 * @throws KnexwardError `SERVER_REFUSED` where the server did not write it
 */
export async function writeJournal(
  client: ClientBase,
  tables: HistoryTables,
  event: JournalEvent,
): Promise<void> {
  const { rowCount } = await client.query(journalInsert(tables, event));
  if (rowCount !== 1) throw notWritten(qualified(tables.schema, tables.journal));
}

/** The error for a statement that went through and left a table as it was. */
export function notWritten(table: string): KnexwardError {
  return new KnexwardError('SERVER_REFUSED', {
    message: `The server did not write what it was sent for ${table}. Nothing was changed.`,
    fix: 'A trigger, a rule or a row-level policy on the table drops it. Remove that, then run the command again.',
  });
}

/** The statement that adds the row, for sending together with others. */
export function journalInsert(tables: HistoryTables, event: JournalEvent): string {
  const { runId, migration, batch = null, checksum = null, durationMs = null, details } = event;
  const values = [runId, event.event, migration, batch, checksum].map(literal);
  const duration = durationMs === 'of the transaction' ? OF_TRANSACTION : literal(durationMs);
  return `insert into ${qualified(tables.schema, tables.journal)}
      (run_id, event, migration, batch, checksum, duration_ms, actor, details)
    values (${values.join(', ')}, ${duration}, ${literal(event.actor ?? actor())} || ', ' || current_user,
      ${literal(jsonOf(details ?? {}))}::jsonb${event.detailsSql ? ` || ${event.detailsSql}` : ''})`;
}

const OF_TRANSACTION = 'extract(epoch from clock_timestamp() - transaction_timestamp()) * 1000';

/** What PostgreSQL has no character for: NUL, and half a pair of UTF-16. */
const NO_CHARACTER = /[\0\p{Surrogate}]/gu;

/** Details as JSON that the server takes, whatever is in an error's message. */
export function jsonOf(details: Record<string, unknown>): string {
  return JSON.stringify(details, (_key, value: unknown) =>
    typeof value === 'string' ? value.replace(NO_CHARACTER, '\uFFFD') : value,
  );
}

function literal(value: string | number | null): string {
  return value === null ? 'null' : escapeLiteral(String(value));
}

/** What the journal keeps of an applied migration's file. */
export interface RecordedFile {
  name: string;
  /** The checksum that the file had when it was applied, or that was accepted since. */
  checksum: string;
  /** Whether it sent no statement when it was applied: then there is nothing of it to revert. */
  empty: boolean;
  /** Whether it is in the batch that was applied last. */
  inLastBatch: boolean;
}

/** The events that say what an applied migration's file was. */
export const OF_FILE = `event in ('applied', 'adopted', 'resolved') and checksum is not null`;

/**
 * Whether an entry `j` is about the row `h` as it stands: plain Knex may have reverted and applied the
 * migration since, and of its file then the journal knows nothing. Of one statement, which of the two
 * is written first is not told.
 */
export const SINCE_APPLIED = `(h.migration_time is null or j.at >= h.migration_time - interval '1 s')`;

/** What the journal keeps of each applied migration's file, by name. */
export async function readRecordedFiles(
  client: ClientBase,
  tables: HistoryTables,
): Promise<Map<string, RecordedFile>> {
  const history = qualified(tables.schema, tables.history);
  const { rows } = await client.query<RecordedFile>(
    `select distinct on (h.name) h.name, j.checksum, j.details @> '{"empty": true}' as empty,
            h.batch is not distinct from (select max(batch) from ${history}) as "inLastBatch"
       from (select * from ${qualified(tables.schema, tables.journal)} where ${OF_FILE}) j
       join ${history} h on h.name = j.migration and ${SINCE_APPLIED}
      order by h.name, j.id desc`,
  );
  return new Map(rows.map((row) => [row.name, row]));
}

/** So many of the newest are looked at where there is nothing else to do. */
const RECENT = 100;

/** An expression for the same of the migrations that were applied last, as a JSON array. */
export function recentFiles(tables: HistoryTables): string {
  const history = qualified(tables.schema, tables.history);
  return `(select json_agg(json_build_object('name', h.name, 'checksum', j.checksum,
      'empty', j.empty, 'inLastBatch', h.batch is not distinct from (select max(batch) from ${history})))
    from (select name, batch, migration_time from ${history} order by id desc limit ${RECENT}) h
    cross join lateral (
      select at, checksum, details @> '{"empty": true}' as empty
        from ${qualified(tables.schema, tables.journal)}
       where migration = h.name and ${OF_FILE} order by id desc limit 1) j
    where ${SINCE_APPLIED})`;
}

/** The renames that were recorded, oldest first. */
export async function readRenames(
  client: ClientBase,
  tables: HistoryTables,
): Promise<{ from: string; to: string }[]> {
  const { rows } = await client.query<{ from: string; to: string }>(
    `select details ->> 'from' as "from", migration as "to"
       from ${qualified(tables.schema, tables.journal)}
      where event = 'resolved' and details ->> 'verdict' = 'renamed' order by id`,
  );
  return rows;
}

/** The person and the machine: `user@host`. The database role is added by the server. */
export function actor(): string {
  return (thisActor ??= `${userName()}@${hostname()}`);
}

/** Asked for once: the journal gets a row for each change. */
let thisActor: string | undefined;

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a uid that has no name.
    return String(process.getuid?.() ?? 'unknown');
  }
}
