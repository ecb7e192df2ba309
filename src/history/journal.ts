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

/** One row of the journal, as it is written. */
export interface JournalEvent {
  runId: string;
  event: JournalEventName;
  migration: string | null;
  batch?: number | null;
  checksum?: string | null;
  durationMs?: number | null;
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
  const values = [runId, event.event, migration, batch, checksum, durationMs].map(literal);
  return `insert into ${qualified(tables.schema, tables.journal)}
      (run_id, event, migration, batch, checksum, duration_ms, actor, details)
    values (${values.join(', ')}, ${literal(event.actor ?? actor())} || ', ' || current_user,
      ${literal(JSON.stringify(details ?? {}))}::jsonb${event.detailsSql ? ` || ${event.detailsSql}` : ''})`;
}

function literal(value: string | number | null): string {
  return value === null ? 'null' : escapeLiteral(String(value));
}

/** The checksum that each applied migration's file had, by name, as far as the journal has it. */
export async function readChecksums(
  client: ClientBase,
  tables: HistoryTables,
): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    `select distinct on (j.migration) j.migration as name, j.checksum
       from ${qualified(tables.schema, tables.journal)} j
      where j.event in ('applied', 'adopted', 'resolved') and j.checksum is not null
        and exists (select from ${qualified(tables.schema, tables.history)} h
                     where h.name = j.migration)
      order by j.migration, j.id desc`,
  );
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
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
