import { type ClientBase } from 'pg';
import { findInvalidIndexes } from '../database/invalid-indexes.js';
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
  const indexes = await findInvalidIndexes(client);
  // The simple query protocol: the connection may be the one that holds the runners' lock.
  const { rows: atWork } = await client.query<SessionAtWork>(
    `select pid, substr(application_name, 10) as "runId" from pg_stat_activity
      where datname = current_database() and application_name like 'knexward %'
        and pid <> pg_backend_pid() and state is distinct from 'idle' order by pid`,
  );
  const left = indexes.filter(({ building, partitioned }) => !building && !partitioned);
  return { invalidIndexes: left.map(({ name }) => name), atWork };
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
