import { type ClientBase } from 'pg';

/** Lends a connection beside the one that a change runs on. */
export interface Beside {
  use<T>(work: (client: ClientBase) => Promise<T>): Promise<T>;
}

/**
 * Keeps the changes of a run in their database: what would change more than that is refused. A run
 * in a temporary database on the project's own server has one.
 */
export interface Confinement {
  /** Has each statement looked at before it is sent on a connection that changes run on. */
  watch(connection: ClientBase): void;
  /**
   * Runs a change, and fails where it has sent what is refused, whatever the change made of that.
   *
   * @param transaction the connection that its transaction is open on, `null` where it has none
   */
  during<T>(transaction: ClientBase | null, work: () => Promise<T>): Promise<T>;
  /** Asks the server, before a change's transaction commits, what the transaction has changed. */
  check(transaction: ClientBase, beside: Beside): Promise<void>;
}
