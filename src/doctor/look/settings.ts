import { type Client } from 'pg';

/** The server's settings for this session, and what else may get in a change's way. */
export interface SettingsFacts {
  /** By name; those that this server's version does not have are left out. */
  settings: Record<string, Setting>;
  /** How many more connections the server would take from this role. */
  connections: { free: number; limit: number };
  /** Event triggers that are on, by name. */
  eventTriggers: string[];
}

/** One setting as it is in force, in the server's own unit: milliseconds for a time. */
export interface Setting {
  value: string;
  /** Where it was set, as `pg_settings` says: `user`, `database`, `client`, … */
  source: string;
}

const NAMES = [
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'transaction_timeout',
  'client_min_messages',
];

/** Looks at the settings. Not to be called where some of them were set for the looking itself. */
export async function lookAtSettings(client: Client): Promise<SettingsFacts> {
  const settings = await client.query<Setting & { name: string }>(
    'select name, setting as value, source from pg_settings where name = any ($1)',
    [NAMES],
  );
  const triggers = await client.query<{ name: string }>(
    "select evtname as name from pg_event_trigger where evtenabled in ('O', 'A') order by evtname",
  );
  return {
    settings: Object.fromEntries(
      settings.rows.map(({ name, value, source }) => [name, { value, source }]),
    ),
    connections: await connectionsLeft(client),
    eventTriggers: triggers.rows.map(({ name }) => name),
  };
}

/** The tightest of three limits: the server's, the database's, the role's. -1 stands for none. */
async function connectionsLeft(client: Client): Promise<SettingsFacts['connections']> {
  const { rows } = await client.query<SettingsFacts['connections']>(
    `with used as (
       select count(*) as of_server,
              count(*) filter (where datname = current_database()) as of_database,
              count(*) filter (where usename = current_user) as of_role
         from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()
     ), limits as (
       select current_setting('max_connections')::int
                - case when r.rolsuper then 0 else
                    current_setting('superuser_reserved_connections')::int
                    + coalesce(current_setting('reserved_connections', true)::int, 0) end
                as "limit", u.of_server as used
         from used u, pg_roles r where r.rolname = current_user
       union all
       select d.datconnlimit, u.of_database from used u, pg_database d, pg_roles r
        where d.datname = current_database() and d.datconnlimit >= 0
          and r.rolname = current_user and not r.rolsuper
       union all
       select r.rolconnlimit, u.of_role from used u, pg_roles r
        where r.rolname = current_user and r.rolconnlimit >= 0 and not r.rolsuper
     )
     select ("limit" - used)::int as free, "limit" from limits order by 1 limit 1`,
  );
  return rows[0] ?? { free: Infinity, limit: Infinity };
}
