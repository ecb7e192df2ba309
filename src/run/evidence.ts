import { type ClientBase, type QueryResult } from 'pg';
import { KnexwardError } from '../errors.js';
import { type UnfinishedChange } from '../history/last-words.js';
import {
  describeUnfinished,
  resolveCommand,
  type SessionAtWork,
  type UnfinishedEvidence,
} from '../plan/unfinished.js';

/**
 * Looks at what the server can tell about changes whose end is not recorded: indexes that are not
 * valid (one that is being built is not valid yet, and is left out), and sessions that are still at
 * work, which may outlive a killed client by far.
 */
export async function findEvidence(client: ClientBase): Promise<UnfinishedEvidence> {
  // The simple query protocol: the connection may be the one that holds the runners' lock.
  const results = (await client.query(
    `select i.indexrelid::regclass::text as name from pg_index i
      where not i.indisvalid and not exists (
        select from pg_stat_progress_create_index p where p.index_relid = i.indexrelid)
        and not exists (select from pg_class c where c.oid = i.indexrelid and c.relkind = 'I')
      order by 1;
     select pid, substr(application_name, 10) as "runId" from pg_stat_activity
      where datname = current_database() and application_name like 'knexward %'
        and pid <> pg_backend_pid() and state is distinct from 'idle' order by pid`,
  )) as unknown as [QueryResult<{ name: string }>, QueryResult<SessionAtWork>];
  return { invalidIndexes: results[0].rows.map(({ name }) => name), atWork: results[1].rows };
}

/** The error that a run stops with where the end of an earlier change is not recorded. */
export async function unfinishedError(
  client: ClientBase,
  change: UnfinishedChange,
): Promise<KnexwardError> {
  const evidence = await findEvidence(client);
  return new KnexwardError('UNFINISHED', {
    message: `${change.name} was ${describeUnfinished(change, evidence)}.`,
    fix: resolveCommand(change, evidence),
  });
}
