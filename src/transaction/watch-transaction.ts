import { type EventEmitter } from 'node:events';
import { type RawConnection } from '../database/raw-connection.js';
import { Confirmation } from './confirmation.js';

/** How a migration ended its transaction itself. */
export type OwnEnd = 'committed' | 'rolled back';

/** Watches whether a transaction is ended from the inside. */
export interface TransactionWatch {
  /** How the migration ended the transaction; `null` if it did not, as far as the protocol shows. */
  ownEnd(): OwnEnd | null;
  /** Whether part of the migration's work may be committed. */
  leftovers(): boolean;
  /** How many statements the server has answered; `null` if the protocol cannot be watched. */
  answers(): number | null;
  /** Whether the session's `client_encoding` has been changed. */
  hasOtherEncoding(): boolean;
  stop(): void;
}

/** The encoding of what pg sends, whatever the session's is. */
const SENT_IN = 'UTF8';
/** Has the server read what follows as it is sent. */
export const READ_AS_SENT = `set client_encoding to '${SENT_IN}'`;

/** The server's word that a setting has another value. */
interface ParameterStatus {
  parameterName: string;
  parameterValue: string;
}

/**
 * Watches the server's answers: a `COMMIT` anywhere in a change's SQL is answered with
 * `CommandComplete`, whatever follows it; the state at the end alone would miss a change that
 * commits and then begins anew. `ROLLBACK` also answers a rollback to a savepoint, so there the
 * state counts that comes with `ReadyForQuery`.
 */
export function watchTransaction(connection: RawConnection): TransactionWatch {
  const protocol = protocolOf(connection);
  let last: 'COMMIT' | 'ROLLBACK' | null = null;
  let committed = false;
  let outside = false;
  let now = 'T';
  let answers = 0;
  let afterRollback = false;
  let encoding = SENT_IN;
  const onCommandComplete = ({ text }: { text: string }): void => {
    answers++;
    if (text === 'COMMIT' || text === 'PREPARE TRANSACTION') {
      last = 'COMMIT';
      committed = true;
    } else if (text === 'ROLLBACK') {
      last = 'ROLLBACK';
    } else if (last === 'ROLLBACK' || outside) {
      afterRollback = true;
    }
  };
  const onReadyForQuery = ({ status }: { status: string }): void => {
    now = status;
    if (status === 'I') outside = true;
  };
  const onParameterStatus = ({ parameterName, parameterValue }: ParameterStatus): void => {
    if (parameterName === 'client_encoding') encoding = parameterValue;
  };
  protocol
    ?.on('commandComplete', onCommandComplete)
    .on('readyForQuery', onReadyForQuery)
    .on('parameterStatus', onParameterStatus);
  return {
    ownEnd: () => {
      if (!outside && !committed) return null;
      // In a transaction that it has begun anew, a rollback was one to a savepoint.
      return committed && (last === 'COMMIT' || now !== 'I') ? 'committed' : 'rolled back';
    },
    leftovers: () => committed || (outside && afterRollback),
    answers: () => (protocol ? answers : null),
    hasOtherEncoding: () => encoding !== SENT_IN,
    stop: () => {
      protocol
        ?.off('commandComplete', onCommandComplete)
        .off('readyForQuery', onReadyForQuery)
        .off('parameterStatus', onParameterStatus);
    },
  };
}

/** Watches whether the server says that it has committed. */
export function watchCommit(connection: RawConnection): {
  committed(): Confirmation | null;
  stop(): void;
} {
  const protocol = protocolOf(connection);
  let confirmation: Confirmation | null = null;
  const onCommandComplete = ({ text }: { text: string }): void => {
    if (text === 'COMMIT') confirmation = Confirmation.ofAnswer([{ command: text }]);
  };
  protocol?.on('commandComplete', onCommandComplete);
  return {
    committed: () => confirmation,
    stop: () => void protocol?.off('commandComplete', onCommandComplete),
  };
}

/** Watches for the first statement that the server refuses. */
export interface RefusalWatch {
  /** How many statements of the same message it had carried out by then; `null` where it has refused none. */
  behind(): number | null;
  stop(): void;
}

export function watchRefusal(connection: RawConnection): RefusalWatch {
  const protocol = protocolOf(connection);
  let answered = 0;
  let behind: number | null = null;
  const onCommandComplete = (): void => void answered++;
  const onReadyForQuery = (): void => void (answered = 0);
  const onErrorMessage = (): void => void (behind ??= answered);
  protocol
    ?.on('commandComplete', onCommandComplete)
    .on('readyForQuery', onReadyForQuery)
    .on('errorMessage', onErrorMessage);
  return {
    behind: () => behind,
    stop: () => {
      protocol
        ?.off('commandComplete', onCommandComplete)
        .off('readyForQuery', onReadyForQuery)
        .off('errorMessage', onErrorMessage);
    },
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
