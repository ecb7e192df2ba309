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
  const protocol = protocolOf(connection);
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

/** Watches whether the server says, in its own words, that it has committed. */
export function watchCommit(connection: RawConnection): { committed(): boolean; stop(): void } {
  const protocol = protocolOf(connection);
  let committed = false;
  const onCommandComplete = ({ text }: { text: string }): void => {
    if (text === 'COMMIT') committed = true;
  };
  protocol?.on('commandComplete', onCommandComplete);
  return {
    committed: () => committed,
    stop: () => void protocol?.off('commandComplete', onCommandComplete),
  };
}

/** pg's protocol layer. The native bindings have none, and then nothing can be told. */
function protocolOf(connection: RawConnection): EventEmitter | undefined {
  return (connection as unknown as { connection?: EventEmitter }).connection;
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
