import { type Client } from 'pg';
import { type Effect } from './model.js';
import { type DiskFull } from './schedule.js';

/*
 * The witness: what migrations have done, told by rows that their own statements write, and so
 * committed or rolled back with them. It lies in a schema of its own, out of every search path.
 */

/** A row that a migration wrote, with what it found around it. */
export interface EffectRow extends Effect {
  id: number;
  /** In seconds. */
  at: number;
  /** Which of the schedule's runners; `null` where the route does not let that through. */
  runner: number | null;
  /** The application's name, in which knexward puts the id of its run. */
  application: string;
  /** What Knex's lock row held at that moment. */
  locked: number | null;
  path: string;
  zone: string;
}

/** Made once in a template, of which each schedule gets a copy. */
export const WITNESS_SQL = `
  create schema explorer;
  create table explorer.effects (
    id bigserial primary key, at timestamptz not null default clock_timestamp(),
    name text not null, direction text not null, part text not null,
    runner int, application text not null, locked int, path text not null, zone text not null
  );
  create function explorer.effect(name text, direction text, part text) returns void
  language plpgsql security definer as $$
  declare
    place text := coalesce(to_regclass('app.knex_migrations_lock')::text,
                           to_regclass('public.knex_migrations_lock')::text);
    locked int;
  begin
    if place is not null then execute 'select max(is_locked) from ' || place into locked; end if;
    insert into explorer.effects (name, direction, part, runner, application, locked, path, zone)
    values (name, direction, part, nullif(current_setting('explorer.runner', true), '')::int,
      current_setting('application_name'), locked, current_setting('search_path'),
      current_setting('timezone'));
  end $$;
  create sequence explorer.written;
  create function explorer.disk_full() returns trigger language plpgsql security definer as $$
  begin
    -- A sequence counts on even where the transaction is rolled back: it happens once.
    if nextval('explorer.written') = tg_argv[0]::int then
      raise exception 'could not extend file: No space left on device' using errcode = '53100';
    end if;
    return new;
  end $$;
  grant usage on schema explorer to public;
`;

/** What makes the disk full for a moment. */
export function diskFullSql({ table, row }: DiskFull, schema: string): string {
  return `create trigger disk_full before insert on ${schema}.${TABLES[table]}
    for each row execute function explorer.disk_full(${row})`;
}

/** The names of the tables that a schedule speaks of. */
export const TABLES = {
  history: 'knex_migrations',
  lock: 'knex_migrations_lock',
  journal: 'knexward_journal',
};

/** A row of the journal, as far as it is looked at. */
export interface JournalRow {
  id: number;
  at: number;
  runId: string;
  event: string;
  name: string | null;
  verdict: string | null;
  direction: string | null;
  endUnknown: boolean;
  /** A failure that the run told as one whose outcome it does not know. */
  saidUnknown: boolean;
}

/** Whatever a migration did, with when. */
export interface TrailRow extends Pick<EffectRow, 'at' | 'name' | 'application'> {
  part: 'begin' | 'batch' | 'end' | 'late';
}

/** Everything that a database tells after the runners have ended. */
export interface Snapshot {
  effects: EffectRow[];
  /** These, and what else the code of changes did: its batches, and what it sent after it had failed. */
  trail: TrailRow[];
  /** The names in the history, in its order; `null` where there is no table. */
  history: string[] | null;
  journal: JournalRow[];
  isLocked: number | null;
}

/** Reads it past everybody, as the superuser. */
export async function takeSnapshot(client: Client, schema: string): Promise<Snapshot> {
  const { rows: effects } = await client.query<EffectRow>(
    `select id::int, extract(epoch from at)::float8 as at, name, direction, part, runner, application, locked, path, zone
       from explorer.effects where part in ('begin', 'end') order by id`,
  );
  const { rows: trail } = await client.query<TrailRow>(
    `select extract(epoch from at)::float8 as at, name, part, application
       from explorer.effects where direction <> 'hand' order by id`,
  );
  const there = async (table: string): Promise<boolean> => {
    const { rows } = await client.query<{ there: boolean }>(
      'select to_regclass($1) is not null as there',
      [`${schema}.${table}`],
    );
    return rows[0]?.there ?? false;
  };
  const history = (await there(TABLES.history))
    ? (
        await client.query<{ name: string }>(
          `select name from ${schema}.knex_migrations order by id`,
        )
      ).rows
    : null;
  const journal = (await there(TABLES.journal))
    ? (
        await client.query<JournalRow>(
          `select id::int, extract(epoch from at)::float8 as at, run_id::text as "runId", event, migration as name,
                  details ->> 'verdict' as verdict, details ->> 'direction' as direction,
                  coalesce((details ->> 'endUnknown')::boolean, false) as "endUnknown",
                  coalesce(details ->> 'message' like '%It is not known whether%', false) as "saidUnknown"
             from ${schema}.knexward_journal order by id`,
        )
      ).rows
    : [];
  const locked = (await there(TABLES.lock))
    ? (
        await client.query<{ locked: number | null }>(
          `select max(is_locked) as locked from ${schema}.knex_migrations_lock`,
        )
      ).rows
    : [];
  return {
    ...{ effects, trail },
    history: history?.map(({ name }) => name) ?? null,
    journal,
    isLocked: locked[0]?.locked ?? null,
  };
}
