import { createHash } from 'node:crypto';
import { escapeIdentifier } from 'pg';
import { KnexwardError } from '../errors.js';

/** The tables that hold a project's history, all in one schema. */
export interface HistoryTables {
  schema: string;
  /** Knex's history: `knex_migrations` unless the knexfile names another. */
  history: string;
  /** Knex's lock: the history's name with `_lock`. */
  lock: string;
  /** knexward's journal, which belongs to this history alone. */
  journal: string;
  /** db-migrate's history. */
  dbMigrate: { schema: string; table: string };
}

/** How many bytes of a name PostgreSQL keeps. */
export const NAME_LENGTH = 63;

/**
 * The names of a history's own tables. Two histories in one schema have nothing in common: a shared
 * journal would tell of one what happened to the other.
 *
 * @throws KnexwardError `KNEXFILE_BROKEN` for a name that leaves none for Knex's lock.
 */
export function namesBeside(history: string): Pick<HistoryTables, 'history' | 'lock' | 'journal'> {
  // The server cuts the name that Knex gives its lock.
  const lock = cut(`${history}_lock`, NAME_LENGTH);
  if (Buffer.byteLength(history) >= NAME_LENGTH) throw tooLong(history);
  return { history, lock, journal: journalOf(history) };
}

/** The name of the journal, which lies beside the history. */
export function journalOf(history: string): string {
  return history === 'knex_migrations' ? 'knexward_journal' : fitting(history, '_knexward_journal');
}

/** The name of the journal of fleet runs, which lies beside the history of the coordinator's database. */
export function fleetJournalOf(history: string): string {
  return history === 'knex_migrations' ? 'knexward_fleet' : fitting(history, '_knexward_fleet');
}

/** A name with this end. What is cut off is hashed, so that no two long names become the same. */
function fitting(name: string, end: string): string {
  if (Buffer.byteLength(name + end) <= NAME_LENGTH) return name + end;
  const hash = `_${createHash('sha256').update(name).digest('hex').slice(0, 8)}${end}`;
  return `${cut(name, NAME_LENGTH - hash.length)}${hash}`;
}

/** The beginning of a text that fits into so many bytes. No letter is cut in two. */
export function cut(text: string, bytes: number): string {
  const letters = [...text];
  while (Buffer.byteLength(letters.join('')) > bytes) letters.pop();
  return letters.join('');
}

function tooLong(history: string): KnexwardError {
  return new KnexwardError('KNEXFILE_BROKEN', {
    message: `migrations.tableName is too long: "${history}". PostgreSQL keeps ${NAME_LENGTH} bytes of a name, so Knex's lock would have the name of the history.`,
    fix: `Give the table a name of at most ${NAME_LENGTH - '_lock'.length} bytes, with which plain Knex works too.`,
  });
}

/** The least number in Knex's lock row that is a run of knexward's: see knex-lock.ts. */
export const LEAST_RUN_NUMBER = 2;

/** A table's name with its schema, quoted by PostgreSQL's own rules. */
export function qualified(schema: string, table: string): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`;
}

/**
 * The statements that create the tables where they are missing. The first two are what Knex 3
 * creates, column for column (knex/lib/migrations/migrate/table-creator.js), so that its own
 * command line works on them.
 */
export function createTablesSql(tables: HistoryTables): string {
  const history = qualified(tables.schema, tables.history);
  const lock = qualified(tables.schema, tables.lock);
  const journal = qualified(tables.schema, tables.journal);
  const dated = escapeIdentifier(fitting(tables.journal, '_migration_index'));
  return `
    create table if not exists ${history} (
      id serial primary key,
      name varchar(255),
      batch integer,
      migration_time timestamptz
    );
    create table if not exists ${lock} (
      index serial primary key,
      is_locked integer
    );
    insert into ${lock} (is_locked) select 0 where not exists (select from ${lock});
    create table if not exists ${journal} (
      id bigint generated always as identity primary key,
      run_id uuid not null,
      at timestamptz not null default clock_timestamp(),
      event text not null check (event in ('adopted', 'started', 'applied', 'failed',
        'reverted', 'resolved', 'unlocked', 'undone', 'finished')),
      migration text,
      batch integer,
      checksum text,
      duration_ms double precision,
      actor text not null,
      details jsonb not null default '{}'
    );
    create index if not exists ${dated} on ${journal} (migration, id);
  `;
}
