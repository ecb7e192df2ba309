import { setTimeout as sleep } from 'node:timers/promises';
import { escapeLiteral, type QueryResult } from 'pg';
import { SESSIONS } from '../database/sessions.js';
import { type HistoryTables, qualified } from '../history/tables.js';
import { isLostConnection } from '../server-error.js';
import { type ControlConnection } from './control-connection.js';
import { type Seen } from './opening.js';

/** Proof that the server committed a change. Only an answer of the server can create one. */
export class Confirmation {
  private constructor() {}

  /** @throws Error if the server did not commit, for example because the transaction had failed before */
  static ofAnswer(answer: readonly Pick<QueryResult, 'command'>[]): Confirmation {
    if (answer.some(({ command }) => command === 'COMMIT')) return new Confirmation();
    throw new Error('The server rolled the transaction back instead of committing it.');
  }

  /** From the journal's row, which commits together with the change. */
  static ofRow(row: { recorded: boolean } | undefined): Confirmation | null {
    if (!row) throw new Error('The server gave no answer.');
    return row.recorded ? new Confirmation() : null;
  }
}

/** An attempt at a change whose outcome is unknown. A run goes on to a further attempt only where the one before left nothing. */
export interface Question {
  tables: HistoryTables;
  runId: string;
  name: string;
  direction: 'up' | 'down';
  seen: Process;
}

/** A server's process, and the transaction that an attempt began in it; `null` where that is not known. */
export interface Process extends Pick<Seen, 'pid' | 'xid'> {
  /** When the process began, as the server writes it: its number alone may be another's by now. */
  since?: string | undefined;
}

/** The outcome of an attempt: `left behind` if the migration may have committed something itself. */
export type Found = Confirmation | 'rolled back' | 'left behind';

/** How long to wait for the transaction to end. */
const WAIT_MS = 30_000;
const POLL_MS = 50;
/** How often to try again while the server cannot be reached, for example because it restarts. */
const TRIES = 10;
const PAUSE_MS = 1000;

/**
 * Finds the outcome of an attempt whose connection was lost. It ends the attempt's server process, then asks the
 * server whether the transaction was committed.
 *
 * @throws the error that made it impossible to find out
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
async function ask(control: ControlConnection, question: Question): Promise<Found | null> {
  const { seen } = question;
  // If the role may not end the process, it ends by itself: its client is gone.
  await control.terminate(seen).catch((error: unknown) => {
    if (isUnreachable(error)) throw error;
  });
  // The status comes first, so that the second query sees everything that was recorded by then.
  const results = await control.use((client) =>
    client
      .query(`select ${statusOf(seen)} as status; ${recordQuery(question)}`)
      .catch((error: unknown) => {
        // After a crash, the server may not know of a transaction that had written nothing to disk.
        if ((error as { code?: string }).code !== IN_THE_FUTURE) throw error;
        return client.query(`select 'aborted' as status; ${recordQuery(question)}`);
      }),
  );
  const [first, second] = results as unknown as QueryResult<Record<string, unknown>>[];
  if (first?.rows[0]?.['status'] === 'in progress') return null;
  const confirmation = Confirmation.ofRow(second?.rows[0] as { recorded: boolean } | undefined);
  if (confirmation) return confirmation;
  return first?.rows[0]?.['status'] === 'aborted' ? 'rolled back' : 'left behind';
}

function recordQuery({ tables, runId, name, direction }: Question): string {
  const event = direction === 'up' ? 'applied' : 'reverted';
  return `select exists (select from ${qualified(tables.schema, tables.journal)}
         where run_id = ${escapeLiteral(runId)} and migration = ${escapeLiteral(name)}
           and event = '${event}') as recorded`;
}

/** As a number: of a date's text, `DateStyle` decides the form, and a time zone's short name may be that of two. */
const SINCE = 'extract(epoch from backend_start)::text';

/** When a process of the server's began; nothing where that cannot be seen. */
export async function sinceWhen(
  control: ControlConnection,
  pid: number,
): Promise<string | undefined> {
  try {
    const { rows } = await control.use((client) =>
      client.query<{ since: string | null }>(
        `select ${SINCE} as since from ${SESSIONS} s where pid = ${Number(pid)}`,
      ),
    );
    return rows[0]?.since ?? undefined;
  } catch {
    return undefined;
  }
}

/** `txid_status` of a transaction that is not known (`invalid_parameter_value`). */
const IN_THE_FUTURE = '22023';

/** Without the transaction's id: nothing is in progress once the process is gone. */
function statusOf({ pid, xid, since }: Process): string {
  if (xid !== null) return `txid_status(${Number(xid)})`;
  const isSame =
    since === undefined ? 'true' : `coalesce(${SINCE} = ${escapeLiteral(since)}, true)`;
  return `case when exists (select from ${SESSIONS} s where pid = ${Number(pid)} and ${isSame})
    then 'in progress' else 'aborted' end`;
}

/** Whether there is no connection, or it was lost, or the server is starting. */
function isUnreachable(error: unknown): boolean {
  const { code } = error as { code?: string };
  return (
    ['CONNECTION_FAILED', 'TOO_MANY_CONNECTIONS'].includes(code ?? '') || isLostConnection(error)
  );
}
