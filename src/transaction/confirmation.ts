import { setTimeout as sleep } from 'node:timers/promises';
import { escapeLiteral, type QueryResult } from 'pg';
import { type HistoryTables, qualified } from '../history/tables.js';
import { isLostConnection } from '../server-error.js';
import { type ControlConnection } from './control-connection.js';
import { type Seen } from './opening.js';

/** The server's word that a change is committed. There is no other way to make one. */
export class Confirmation {
  private constructor() {}

  /** @throws Error where the server did not commit, as where the transaction had failed before. */
  static ofAnswer(answer: readonly Pick<QueryResult, 'command'>[]): Confirmation {
    if (answer.some(({ command }) => command === 'COMMIT')) return new Confirmation();
    throw new Error('The server rolled the transaction back instead of committing it.');
  }

  /** Of the journal's row, which is in the same transaction as the change. */
  static ofRow(row: { recorded: boolean } | undefined): Confirmation | null {
    if (!row) throw new Error('The server gave no answer.');
    return row.recorded ? new Confirmation() : null;
  }
}

/** Which attempt at which change is meant: one run does each migration once. */
export interface Question {
  tables: HistoryTables;
  runId: string;
  name: string;
  direction: 'up' | 'down';
  /** The server's process and the transaction that the attempt began. */
  seen: Pick<Seen, 'pid' | 'xid'>;
}

/** What became of an attempt: `left behind` where the migration had committed something itself. */
export type Found = Confirmation | 'rolled back' | 'left behind';

/** For how long to wait until the transaction has ended, whichever way. */
const WAIT_MS = 30_000;
const POLL_MS = 50;
/** A server that restarts is waited for. */
const TRIES = 10;
const PAUSE_MS = 1000;

/**
 * Finds out the outcome of an attempt whose connection has ended: its server process is ended too, and
 * the server says whether the transaction was committed.
 *
 * @throws what made it impossible to find out
 */
export async function findOutcome(control: ControlConnection, question: Question): Promise<Found> {
  const deadline = Date.now() + WAIT_MS;
  for (let failures = 0; ;) {
    try {
      const found = await ask(control, question);
      if (found) return found;
      if (Date.now() >= deadline) throw new Error('The transaction is still in progress.');
      await control.wait(sleep(POLL_MS));
    } catch (error) {
      if (!isUnreachable(error) || ++failures === TRIES) throw error;
      await control.wait(sleep(PAUSE_MS));
    }
  }
}

/** @returns `null` as long as the transaction is in progress */
async function ask(
  control: ControlConnection,
  { tables, runId, name, direction, seen }: Question,
): Promise<Found | null> {
  // Where the role may not end it, it ends by itself: nobody is connected to it any more.
  await control.terminate(seen).catch((error: unknown) => {
    if (isUnreachable(error)) throw error;
  });
  const event = direction === 'up' ? 'applied' : 'reverted';
  // Of the two, the status first: what is recorded by then is seen.
  const results = await control.use((client) =>
    client.query(
      `select txid_status(${Number(seen.xid)}) as status;
       select exists (select from ${qualified(tables.schema, tables.journal)}
         where run_id = ${escapeLiteral(runId)} and migration = ${escapeLiteral(name)}
           and event = '${event}') as recorded`,
    ),
  );
  const [first, second] = results as unknown as QueryResult<Record<string, unknown>>[];
  if (first?.rows[0]?.['status'] === 'in progress') return null;
  const confirmation = Confirmation.ofRow(second?.rows[0] as { recorded: boolean } | undefined);
  if (confirmation) return confirmation;
  return first?.rows[0]?.['status'] === 'aborted' ? 'rolled back' : 'left behind';
}

/** No connection, or none any more; or a server that is starting. */
function isUnreachable(error: unknown): boolean {
  const { code } = error as { code?: string };
  return (
    ['CONNECTION_FAILED', 'TOO_MANY_CONNECTIONS'].includes(code ?? '') || isLostConnection(error)
  );
}
