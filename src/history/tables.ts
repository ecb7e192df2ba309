import { escapeIdentifier } from 'pg';

/** The tables that hold a project's history, all in one schema. */
export interface HistoryTables {
  schema: string;
  /** Knex's history: `knex_migrations` unless the knexfile names another. */
  history: string;
  /** Knex's lock: the history's name with `_lock`. */
  lock: string;
  /** knexward's journal. */
  journal: string;
  /** db-migrate's history. */
  dbMigrate: { schema: string; table: string };
}

/** The name of the journal, which lies beside the history. */
export const JOURNAL_TABLE = 'knexward_journal';

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
  const dated = escapeIdentifier(`${tables.journal}_migration_index`);
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
