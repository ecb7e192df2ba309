import { type ClientBase } from 'pg';
import { SESSIONS } from '../database/sessions.js';
import { findInvalidIndexes } from '../database/invalid-indexes.js';

/** A session of a run that the server is still busy with, whether or not its client lives. */
export interface SessionAtWork {
  pid: number;
  runId: string;
}

/** What the server tells about changes whose end is not recorded. */
export interface UnfinishedEvidence {
  /** Indexes that are not valid: a concurrent build that was cut off leaves one. */
  invalidIndexes: readonly string[];
  atWork: readonly SessionAtWork[];
}

/**
 * Looks at what the server can tell about changes whose end is not recorded: indexes that are not
 * valid (one that is being built is not valid yet, and is left out), and sessions that are still at
 * work, which may outlive a killed client by far.
 */
export async function findEvidence(client: ClientBase): Promise<UnfinishedEvidence> {
  const indexes = await findInvalidIndexes(client);
  const { processID } = client as ClientBase & { processID?: number | null };
  // Behind a pooler, a session of the server's may serve others by now under the name of a run.
  const { rows: atWork } = await client.query<SessionAtWork>(
    `select pid, substr(application_name, 10) as "runId" from ${SESSIONS} s
      where application_name like 'knexward %' and pg_backend_pid() = ${processID ?? 0}
        and pid <> pg_backend_pid() and state is distinct from 'idle' order by pid`,
  );
  const left = indexes.filter(({ building, partitioned }) => !building && !partitioned);
  return { invalidIndexes: left.map(({ name }) => name), atWork };
}
