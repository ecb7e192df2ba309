import { type ClientBase } from 'pg';

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

/**
 * Finds the indexes that are not valid: a concurrent build that was cut off leaves one, and one that
 * is being built is not valid yet. Without parameters, so that the connection may be the one that
 * holds the runners' lock.
 *
 * The progress of a build tells its index only to those who may see the session; but its process
 * is told to everybody, and so is that it has locked the table.
 */
export async function findInvalidIndexes(client: ClientBase): Promise<InvalidIndex[]> {
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
