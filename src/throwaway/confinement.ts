import { type ClientBase, type QueryResult } from 'pg';
import { type Beside, type Confinement } from '../config/confinement.js';
import { reachOf } from '../sql/reach.js';
import {
  changedWithin,
  isRefusedSuspicious,
  readServerState,
  REFUSE_SUSPICIOUS,
  SUSPICION,
  type Suspicion,
} from './server-state.js';

/** A change was stopped that would have changed the whole server. */
export class ServerWideChange extends Error {
  override name = 'ServerWideChange';

  /** @param changes what it would have changed, or the statements that it was about to send */
  constructor(readonly changes: readonly string[]) {
    super(`It would change the whole server, not only its database: ${changes.join(', ')}.`);
  }
}

/** What is known where a migration ends its transaction itself. */
const UNNAMED = 'roles, databases or their settings';

/** The same, along the chain of causes: a migration may have wrapped it. */
export function serverWideChangeIn(error: unknown): ServerWideChange | null {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof ServerWideChange) return current;
  }
  return null;
}

/**
 * Confines changes to a temporary database. What a transaction can take back, the server is asked
 * about before it commits: it sees also what functions did. What none can take back, and what is
 * sent outside of a change's own transaction, is refused by its first words, before it is sent.
 */
export class ConfinedToDatabase implements Confinement {
  /** The connection on which a change's transaction is open that `check` will be asked about. */
  private checked: ClientBase | null = null;
  private refusal: ServerWideChange | null = null;
  private isChanging = false;
  private asked: Promise<void>[] = [];

  watch(connection: ClientBase): void {
    const send = connection.query.bind(connection) as (...given: unknown[]) => unknown;
    const look = (...given: unknown[]): unknown => {
      const refusal = this.lookAt(connection, textOf(given[0]), send);
      if (!refusal) return send(...given);
      const callback = given.at(-1);
      if (typeof callback === 'function') return process.nextTick(callback, refusal);
      // What sends by itself has no promise to be told with.
      if (typeof (given[0] as { submit?: unknown }).submit === 'function') throw refusal;
      return Promise.reject(refusal);
    };
    connection.query = look as ClientBase['query'];
  }

  async during<T>(transaction: ClientBase | null, work: () => Promise<T>): Promise<T> {
    [this.checked, this.refusal, this.isChanging, this.asked] = [transaction, null, true, []];
    try {
      const done = await work();
      await Promise.all(this.asked);
      if (this.refusal) throw this.refusal as ServerWideChange;
      return done;
    } catch (error) {
      await Promise.all(this.asked);
      throw this.refusal ?? error;
    } finally {
      [this.checked, this.isChanging] = [null, false];
    }
  }

  async check(transaction: ClientBase, beside: Beside): Promise<void> {
    const { suspicious, roles, readsPasswords } = await suspicionOf(transaction, AT_THE_END);
    if (!suspicious) return;
    const outside = await beside.use((client) => suspicionOf(client));
    const options = { passwords: readsPasswords && outside.readsPasswords };
    const look = () => beside.use((client) => readServerState(client, options));
    const before = await look();
    const within = await readServerState(transaction, options);
    const changes = changedWithin(within, [before, await look()]);
    if (changes.length === 0 && roles && !options.passwords) changes.push('the password of a role');
    if (changes.length > 0) throw new ServerWideChange(changes);
  }

  /** @returns why the text must not be sent */
  private lookAt(
    connection: ClientBase,
    text: string,
    send: (...given: unknown[]) => unknown,
  ): ServerWideChange | null {
    const { wide, endsTransaction } = reachOf(text);
    const isChecked = this.checked === connection && !endsTransaction;
    const refused = wide.filter(({ transactional }) => !transactional || !isChecked);
    if (refused.length > 0) {
      this.refusal ??= new ServerWideChange(refused.map(({ words }) => `"${words}"`));
      return this.refusal;
    }
    if (endsTransaction && this.isChanging) {
      if (this.checked === connection) this.checked = null;
      this.asked.push(this.askBeforeEnd(send(REFUSE_SUSPICIOUS) as Promise<unknown>));
    }
    return null;
  }

  /** It leaves before what ends the transaction, which then can only roll it back. */
  private async askBeforeEnd(answer: Promise<unknown>): Promise<void> {
    await answer.catch((error: unknown) => {
      if (isRefusedSuspicious(error)) this.refusal ??= new ServerWideChange([UNNAMED]);
    });
  }
}

/** Deferred triggers would run at the commit, after the look. */
const AT_THE_END = 'set constraints all immediate;';

/** In one round trip: a replay asks it of each migration. */
async function suspicionOf(client: ClientBase, first = ''): Promise<Suspicion> {
  const answer: unknown = await client.query(`${first}${SUSPICION}`);
  const { rows } = [answer].flat().at(-1) as QueryResult<Suspicion>;
  return rows[0] as Suspicion;
}

/** `pg` takes a text, an object with one, or an object that sends by itself: a cursor, a stream. */
function textOf(given: unknown): string {
  const { text, cursor } = (given ?? {}) as { text?: unknown; cursor?: { text?: unknown } };
  const found = typeof given === 'string' ? given : (text ?? cursor?.text);
  return typeof found === 'string' ? found : '';
}
