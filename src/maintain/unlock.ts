import { randomUUID } from 'node:crypto';
import { type Client } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { SESSIONS } from '../database/sessions.js';
import { openSession } from '../database/session.js';
import { notWritten, writeJournal } from '../history/journal.js';
import { freeKnexLock } from '../history/knex-lock.js';
import { locateHistory } from '../history/locate.js';
import { type KnexLockState, readHistory } from '../history/read.js';
import { qualified } from '../history/tables.js';
import { redact } from '../secrets.js';
import { inOneTransaction, underLock } from './under-lock.js';

/** Another session on the same database: it may be the one that took the lock. */
export interface OtherSession {
  pid: number;
  role: string;
  application: string;
  state: string;
  since: string;
  query: string;
}

/** What is known about Knex's lock. */
export interface LockEvidence {
  lock: KnexLockState;
  /** The lock's table, qualified. */
  table: string;
  /** Who else is connected to the database at this moment. */
  sessions: OtherSession[];
}

/**
 * Frees Knex's lock row after showing what is known about it. The runners' lock is held meanwhile,
 * so no knexward is at work then; that no `knex migrate` is, a person has to judge.
 *
 * @param confirm is shown the evidence, and throws to leave the lock alone
 * @returns the evidence; where the lock was free, nothing was asked or changed
 * @throws KnexwardError `LOCKED` where a knexward is at work, `SERVER_REFUSED` where the server did
 * not free it
 */
export async function unlock(
  given: ResolvedConfig,
  confirm: (evidence: LockEvidence) => Promise<void>,
  runId: string = randomUUID(),
): Promise<LockEvidence> {
  const session = await openSession(given, { applicationName: `knexward ${runId}` });
  const { client } = session;
  try {
    const config = await locateHistory(client, given);
    const { tables } = await readHistory(client, config);
    return await underLock(session, tables, { waitMs: 0 }, async (lock) => {
      const { knexLock } = await readHistory(client, config);
      const table = qualified(tables.schema, tables.lock);
      const evidence = { lock: knexLock, table, sessions: await otherSessions(client) };
      if (knexLock === 'free') return evidence;
      await confirm(evidence);
      const { lockTimeout } = config.settings;
      await inOneTransaction({ client, tables, lock, lockTimeout }, async () => {
        await freeKnexLock(client, tables);
        const after = await readHistory(client, config);
        if (after.knexLock !== 'free') throw notWritten(table);
        if (!after.complete) return;
        const details = { lock: knexLock, sessions: evidence.sessions };
        await writeJournal(client, tables, { runId, event: 'unlocked', migration: null, details });
      });
      return evidence;
    });
  } finally {
    await session.close();
  }
}

/** Whoever else is connected; our own connections have the name that nobody else's has. */
async function otherSessions(client: Client): Promise<OtherSession[]> {
  const { rows } = await client.query<OtherSession>(
    `select pid, coalesce(usename, '?') as role, coalesce(application_name, '') as application,
            coalesce(state, '?') as state, backend_start::text as since,
            left(regexp_replace(coalesce(query, ''), '\\s+', ' ', 'g'), 80) as query
       from ${SESSIONS} s
      where pid <> pg_backend_pid()
        and application_name is distinct from current_setting('application_name')
        and backend_type = 'client backend'
      order by backend_start`,
  );
  return rows.map((row) => ({ ...row, query: redact(row.query) }));
}
