import { type ChangeConnections } from '../database/change-connections.js';
import { type RawConnection } from '../database/raw-connection.js';
import { type ConnectionWatch } from '../database/process-connections.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { type ChangedFile } from '../files/changed.js';
import { type LoadedMigration } from '../files/load.js';
import { type ControlConnection } from '../transaction/control-connection.js';
import { type RunListener } from './events.js';
import { type Opening, type OpeningContext, openingOf } from '../transaction/opening.js';
import { type Recording } from './record.js';
import { type ChangeObserver } from './request.js';
import { type Transactions } from '../transaction/transactions.js';

/** What the changes of one run have in common. */
export interface RunContext {
  config: ResolvedConfig;
  /** Where and how changes are recorded. */
  recording: Recording;
  opening: OpeningContext;
  /** The number in Knex's lock row as long as this run holds it. */
  lockNumber: number;
  connections: ChangeConnections;
  transactions: Transactions;
  control: ControlConnection;
  /** Whether the process has opened connections to the server that are not this run's. */
  processConnections: ConnectionWatch;
  /** The files that were edited since they were applied: the database has what they were. */
  changed: readonly ChangedFile[];
  reporting: {
    listener: RunListener;
    signal: AbortSignal | undefined;
    observer: ChangeObserver | undefined;
  };
}

/** Runs a change's own work, within its confinement where the run has one. */
export function confined<T>(
  { config: { confinement } }: RunContext,
  transaction: RawConnection | null,
  work: () => Promise<T>,
): Promise<T> {
  return confinement ? confinement.during(transaction, work) : work();
}

/** What the transaction of a change begins with; nothing where it runs outside of one. */
export function openingFor(
  { opening }: RunContext,
  migration: LoadedMigration | undefined,
): Opening | null {
  return migration?.transaction ? openingOf(opening, migration.name) : null;
}
