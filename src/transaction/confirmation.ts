import { setTimeout as sleep } from 'node:timers/promises';
import { escapeLiteral, type QueryResult } from 'pg';
import { fence } from '../history/fence.js';
import { type HistoryTables, qualified } from '../history/tables.js';
import { isLostConnection } from '../server-error.js';
import { type ControlConnection } from './control-connection.js';
import { BEGIN } from './opening.js';

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

/** Which change is meant: one run does each migration once. */
export interface Question {
  tables: HistoryTables;
  runId: string;
  name: string;
  direction: 'up' | 'down';
  /** The server's process that the change ran in. */
  pid: number;
}

/** For how long to wait until the change's own transaction has ended, whichever way. */
const WAIT_MS = 30_000;
/** A server that restarts is waited for. */
const TRIES = 10;
const PAUSE_MS = 1000;

/**
 * Finds out what became of a change whose connection has ended: its server process is ended, and
 * once nobody is inside the fence any more, the journal tells.
 *
 * @returns the confirmation; `null` where it is rolled back
 * @throws what made it impossible to find out
 */
export async function findOutcome(
  control: ControlConnection,
  question: Question,
): Promise<Confirmation | null> {
  for (let tried = 1; ; tried++) {
    try {
      return await ask(control, question);
    } catch (error) {
      if (!isUnreachable(error) || tried === TRIES) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

async function ask(
  control: ControlConnection,
  { tables, runId, name, direction, pid }: Question,
): Promise<Confirmation | null> {
  // Where the role may not look for the process, the fence is waited for all the same.
  await control.terminate(pid).catch((error: unknown) => {
    if (isUnreachable(error)) throw error;
  });
  const event = direction === 'up' ? 'applied' : 'reverted';
  return control.use(async (client) => {
    const results = (await client
      .query(
        `${BEGIN}; select set_config('lock_timeout', '${WAIT_MS}ms', true),
         set_config('statement_timeout', '0', true); ${fence(tables)};
       select exists (select from ${qualified(tables.schema, tables.journal)}
         where run_id = ${escapeLiteral(runId)} and migration = ${escapeLiteral(name)}
           and event = '${event}') as recorded; commit`,
      )
      .catch(async (error: unknown) => {
        if (!isLostConnection(error)) await client.query('rollback');
        throw error;
      })) as unknown as QueryResult<{ recorded: boolean }>[];
    return Confirmation.ofRow(results[3]?.rows[0]);
  });
}

/** No connection, or none any more; or a server that is starting. */
function isUnreachable(error: unknown): boolean {
  const { code } = error as { code?: string };
  return (
    ['CONNECTION_FAILED', 'TOO_MANY_CONNECTIONS'].includes(code ?? '') || isLostConnection(error)
  );
}
