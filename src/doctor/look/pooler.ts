import { setTimeout as sleep } from 'node:timers/promises';
import { type Client } from 'pg';
import { type Session } from '../../database/session.js';

/** When a pooler takes a server's connection away from its client again. */
export type PoolerMode = 'session' | 'transaction' | 'statement';

/** Who answers: the server itself, or a pooler before it. And whether it answers twice. */
export interface PoolerFacts {
  pooled: boolean;
  /** `null` where there is no pooler, or where a second connection would be needed to tell. */
  mode: PoolerMode | null;
  /** Why there is no second connection, where there is none. */
  secondConnection: { error: string } | null;
}

const ANSWER_WITHIN_MS = 5000;

/**
 * Finds out whether a pooler such as PgBouncer stands in between, and in which mode.
 *
 * A server tells each client the number of its process when it connects, so that the client can
 * cancel a statement. A pooler cannot pass that on: it tells a number of its own, and the one that
 * the server then knows about itself is another.
 *
 * The mode shows in what two clients see. In session mode each keeps its server process. In
 * transaction mode they have one process by turns, and get what is free when they begin. In
 * statement mode a transaction is refused, and the connection closed with that.
 */
export async function lookForPooler(session: Session): Promise<PoolerFacts> {
  const { client } = session;
  const told = (client as Client & { processID?: number | null }).processID;
  const first = await processOf(client);
  const pooled = typeof told === 'number' && told !== first;
  const connecting = session.connect();
  try {
    const second = await withinReason(connecting);
    await withinReason(processOf(second));
    const mode = pooled ? await modeOf(client, second, first) : null;
    return { pooled, mode, secondConnection: null };
  } catch (error) {
    return { pooled, mode: null, secondConnection: { error: (error as Error).message } };
  } finally {
    // Not waited for: where it got no answer, it would get none to its farewell either.
    connecting.then((second) => second.end()).catch(() => undefined);
  }
}

async function modeOf(one: Client, other: Client, firstOfOne: number): Promise<PoolerMode> {
  try {
    // Whoever begins first gets the process that `one` had last, if nobody keeps it for `one`.
    await other.query('begin read only');
  } catch {
    return 'statement';
  }
  const seenByOne = new Set([firstOfOne]);
  const seenByOther = new Set([await processOf(other)]);
  seenByOne.add(await processOf(one));
  await other.query('rollback');
  for (const [client, seen] of [
    [one, seenByOne],
    [other, seenByOther],
    [one, seenByOne],
  ] as const) {
    seen.add(await processOf(client));
  }
  const shared = [...seenByOne].some((pid) => seenByOther.has(pid));
  return shared || seenByOne.size > 1 || seenByOther.size > 1 ? 'transaction' : 'session';
}

async function processOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? NaN;
}

/** A pooler that has no connection left lets its client wait, for minutes as a rule. */
async function withinReason<T>(answer: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timeout = sleep(ANSWER_WITHIN_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error(`no answer within ${ANSWER_WITHIN_MS / 1000} s`);
  });
  timeout.catch(() => undefined);
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    late.abort();
  }
}
