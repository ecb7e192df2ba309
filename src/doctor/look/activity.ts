import { type Client } from 'pg';

/** What goes on in the database, and what was left behind in it. */
export interface ActivityFacts {
  transactions: OpenTransaction[];
  prepared: PreparedTransaction[];
  invalidIndexes: InvalidIndex[];
  /** Constraints that hold for new rows only, qualified with their tables. */
  notValidated: string[];
}

/** A transaction of somebody else's that has been open for some seconds. */
export interface OpenTransaction {
  pid: number;
  role: string;
  application: string;
  state: string;
  /** For how long it has been open. */
  seconds: number;
  /** Its last statement, as far as its first value: that may be a secret. */
  query: string;
  /** The tables that it has locked in any way, quoted. */
  tables: string[];
}

/** A transaction that was prepared for a two-phase commit, and that no session belongs to. */
export interface PreparedTransaction {
  gid: string;
  owner: string;
  seconds: number;
}

/** An index that is not used. */
export interface InvalidIndex {
  /** Both qualified and quoted. */
  name: string;
  table: string;
  /** The index of a partitioned table: it becomes valid with the last of its parts. */
  partitioned: boolean;
  /** Being built at this moment. */
  building: boolean;
}

/** Looks at sessions, indexes and constraints. */
export async function lookAtActivity(client: Client): Promise<ActivityFacts> {
  return {
    transactions: await openTransactions(client),
    prepared: await preparedTransactions(client),
    invalidIndexes: await invalidIndexes(client),
    notValidated: await notValidated(client),
  };
}

/** Shorter ones come and go. */
const OPEN_FOR_S = 5;

/** Where the role may not see other roles' sessions, their times are null, and they are not found. */
async function openTransactions(client: Client): Promise<OpenTransaction[]> {
  const { rows } = await client.query<OpenTransaction>(
    `select a.pid, coalesce(a.usename, '?') as role,
            coalesce(a.application_name, '') as application, coalesce(a.state, '?') as state,
            extract(epoch from clock_timestamp() - a.xact_start)::int as seconds,
            left(regexp_replace(regexp_replace(coalesce(a.query, ''), '[''$].*', '…'),
                   '[[:cntrl:][:space:]]+', ' ', 'g'), 80) as query,
            array(select distinct format('%I.%I', n.nspname, c.relname)
                    from pg_locks l
                    join pg_class c on c.oid = l.relation and c.relkind in ('r', 'p', 'm', 'v')
                    join pg_namespace n on n.oid = c.relnamespace
                   where l.pid = a.pid and l.locktype = 'relation' and l.granted
                     and l.database = a.datid
                     and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
                   order by 1) as tables
       from pg_stat_activity a
      where a.datname = current_database() and a.pid <> pg_backend_pid()
        and a.backend_type = 'client backend'
        and a.application_name not like 'knexward%'
        and a.xact_start < clock_timestamp() - make_interval(secs => $1)
      order by a.xact_start`,
    [OPEN_FOR_S],
  );
  return rows;
}

async function preparedTransactions(client: Client): Promise<PreparedTransaction[]> {
  const { rows } = await client.query<PreparedTransaction>(
    `select gid, owner, extract(epoch from clock_timestamp() - prepared)::int as seconds
       from pg_prepared_xacts where database = current_database() order by prepared`,
  );
  return rows;
}

/**
 * The progress of a build tells its index only to those who may see the session; but its process
 * is told to everybody, and so is that it has locked the table.
 */
async function invalidIndexes(client: Client): Promise<InvalidIndex[]> {
  const { rows } = await client.query<InvalidIndex>(
    `select format('%I.%I', n.nspname, c.relname) as name,
            format('%I.%I', tn.nspname, t.relname) as table,
            c.relkind = 'I' as partitioned,
            exists (
              select from pg_stat_progress_create_index p
                left join pg_locks l on l.pid = p.pid and l.locktype = 'relation' and l.granted
                 and l.relation = i.indrelid and l.mode = 'ShareUpdateExclusiveLock'
               where p.datname = current_database()
                 and (p.index_relid = i.indexrelid
                      or l.pid is not null and (p.command is null or p.command like 'REINDEX%'))
            ) as building
       from pg_index i
       join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
       join pg_class t on t.oid = i.indrelid join pg_namespace tn on tn.oid = t.relnamespace
      where not i.indisvalid and n.nspname !~ '^pg_'
      order by 1`,
  );
  return rows;
}

async function notValidated(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I on %I.%I', o.conname, n.nspname, c.relname) as name
       from pg_constraint o join pg_class c on c.oid = o.conrelid
       join pg_namespace n on n.oid = c.relnamespace
      where not o.convalidated and n.nspname !~ '^pg_'
        -- From 18 on a constraint may be not enforced on purpose.
        and to_jsonb(o) ->> 'conenforced' is distinct from 'false'
      order by 1`,
  );
  return rows.map(({ name }) => name);
}
