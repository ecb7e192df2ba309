import { type EventEmitter } from 'node:events';
import { type RawConnection } from '../database/raw-connection.js';

/** Watches whether a transaction is ended from the inside. */
export interface TransactionWatch {
  /** Whether the server has ended the transaction since the watch began. */
  ended(): boolean;
  stop(): void;
}

/**
 * Watches the server's own words: a `COMMIT` anywhere in a change's SQL is answered with
 * `CommandComplete`, whatever follows it; the state at the end alone would miss a change that
 * commits and then begins anew. `ROLLBACK` also answers a rollback to a savepoint, so there the
 * state counts that comes with `ReadyForQuery`.
 */
export function watchTransaction(connection: RawConnection): TransactionWatch {
  // pg's protocol layer. The native bindings have none, and then nothing can be told.
  const protocol = (connection as unknown as { connection?: EventEmitter }).connection;
  let ended = false;
  const onCommandComplete = ({ text }: { text: string }): void => {
    if (text === 'COMMIT' || text === 'PREPARE TRANSACTION') ended = true;
  };
  const onReadyForQuery = ({ status }: { status: string }): void => {
    if (status === 'I') ended = true;
  };
  protocol?.on('commandComplete', onCommandComplete).on('readyForQuery', onReadyForQuery);
  return {
    ended: () => ended,
    stop: () => {
      protocol?.off('commandComplete', onCommandComplete).off('readyForQuery', onReadyForQuery);
    },
  };
}

/** A change failed after it had ended its transaction itself: what it did before that stays. */
export class PartlyCommitted extends Error {
  constructor(cause: unknown) {
    super(
      'It ended its transaction itself and then failed: what it did before that is committed and stays.',
      { cause },
    );
    this.name = 'PartlyCommitted';
  }
}
