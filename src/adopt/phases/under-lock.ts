import { type Client, escapeLiteral } from 'pg';
import { type ResolvedConfig } from '../../config/resolve.js';
import { SESSIONS } from '../../database/sessions.js';
import { type Session } from '../../database/session.js';
import { KnexwardError } from '../../errors.js';
import { type History, readHistory } from '../../history/read.js';
import { type HistoryTables, qualified } from '../../history/tables.js';
import { findEvidence } from '../../history/evidence.js';
import { unfinishedError } from '../../plan/unfinished.js';
import { inOneTransaction, underLock } from '../../maintain/under-lock.js';
import { type TakeoverRequest } from '../takeover.js';

/**
 * Does something to the tables of one history, in one transaction, under the runners' lock; what
 * throws leaves everything as it was.
 *
 * @throws KnexwardError `LOCKED`, `UNFINISHED`, and what the work throws.
 */
export async function changeUnderLock<T>(
  session: Session,
  config: ResolvedConfig,
  { onWaiting }: TakeoverRequest,
  work: (history: History) => Promise<T>,
): Promise<T> {
  const { client } = session;
  const { tables } = await readHistory(client, config);
  const { lockTimeout, waitForLock } = config.settings;
  return underLock(session, tables, { waitMs: waitForLock, onWaiting }, (lock) =>
    inOneTransaction({ client, tables, lock, lockTimeout }, async () => {
      const history = await readHistory(client, config);
      const [unfinished] = history.unfinished;
      if (unfinished) throw unfinishedError(unfinished, await findEvidence(client));
      return work(history);
    }),
  );
}

/**
 * Takes db-migrate's table, or Knex's, for this transaction alone.
 *
 * @throws KnexwardError `LOCKED` where another session keeps it.
 */
export async function takeTable(client: Client, schema: string, table: string): Promise<void> {
  const name = qualified(schema, table);
  try {
    await client.query(`lock table ${name} in access exclusive mode`);
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error;
    throw new KnexwardError('LOCKED', {
      message: `Another session uses ${name}, and did not finish in time: db-migrate, it may be. Nothing was changed.`,
      fix: 'Wait until it has finished, or end it, then run the command again.',
    });
  }
}

/**
 * db-migrate takes no lock and gives its connection no name. Its sessions are known by their last
 * statement, where the role may see it: one that is in the middle of a migration shows another. Behind a
 * pooler it may go by the name of a run that has ended, so that a name of ours shows nothing. No
 * statement of a run's is worded like db-migrate's.
 *
 * @throws KnexwardError `LOCKED` where one is there.
 */
export async function refuseWhileDbMigrateRuns(
  client: Client,
  { dbMigrate }: HistoryTables,
): Promise<void> {
  const table = dbMigrate.table.replace(/[\\%_]/g, '\\$&');
  const asks = escapeLiteral(`SELECT * FROM %${table}% ORDER BY run_on DESC%`);
  const records = escapeLiteral(`INSERT INTO %${table}% (%name%, %run_on%)%`);
  const { rows } = await client.query<{ pid: number; client: string }>(
    `select pid, coalesce(host(client_addr), 'the same machine') as client
       from ${SESSIONS} s
      where pid <> pg_backend_pid()
        and (query like ${asks} or query like ${records}) order by pid`,
  );
  const [found] = rows;
  if (!found) return;
  throw new KnexwardError('LOCKED', {
    message: `db-migrate seems to be running: the session ${found.pid} from ${found.client} has just used its table. Nothing was changed.`,
    fix: 'Wait until it has ended (a session that is only kept open is to be closed), then run the command again.',
  });
}
