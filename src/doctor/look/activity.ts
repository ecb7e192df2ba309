import { type Client } from 'pg';
import { RUNS_AT_WORK } from '../../transaction/runners-lock.js';
import { findInvalidIndexes, type InvalidIndex } from '../../database/invalid-indexes.js';

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

/** Looks at sessions, indexes and constraints. */
export async function lookAtActivity(client: Client): Promise<ActivityFacts> {
  return {
    transactions: await openTransactions(client),
    prepared: await preparedTransactions(client),
    invalidIndexes: await findInvalidIndexes(client),
    notValidated: await notValidated(client),
  };
}

/** Shorter ones come and go. */
const OPEN_FOR_S = 5;

/**
 * Those of a run at work are told as that run. Where the role may not see other roles' sessions, their
 * times are null, and they are not found.
 */
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
        and a.application_name not in (${RUNS_AT_WORK})
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
