import Bluebird from 'bluebird';
import { type ClientBase } from 'pg';
import { type Callback, callbackIn, deliver } from './callback.js';
import { type Internals } from './internals.js';
import { type Answer, type Operations } from './operations.js';

type Rest = readonly (Callback | null | undefined)[];

/** A connection that the driver may close. */
export type OwnConnection = ClientBase & { end(): Promise<void> };

/** `startMigration`, `endMigration` and `close` where connection and transaction are another's. */
export function heldTransactionMethods(operations: Operations) {
  const nothing = (...trailing: Rest): Bluebird<void> =>
    operations.perform(callbackIn(trailing), () => Bluebird.resolve());
  return { startMigration: nothing, endMigration: nothing, close: nothing };
}

/** `startMigration`, `endMigration` and `close` on a connection of the driver's own. */
export function ownTransactionMethods(
  operations: Operations,
  connection: OwnConnection,
  internals: Internals,
) {
  const send =
    (sql: string) =>
    (...trailing: Rest): Bluebird<Answer | undefined> =>
      operations.perform<Answer | undefined>(callbackIn(trailing), (send) =>
        internals.notransactions ? Bluebird.resolve(undefined) : send(sql),
      );
  return {
    startMigration: send('BEGIN'),
    endMigration: send('COMMIT'),

    /** Closes the connection, once nothing is under way on it any more. */
    close: (callback?: Callback): Bluebird<void> => {
      const closed = Bluebird.resolve(operations.settled().then(() => connection.end()));
      if (callback) deliver(closed, callback, (error) => operations.fail(error));
      return closed;
    },
  };
}
