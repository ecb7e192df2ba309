import { type Knex } from 'knex';
import { type ClientBase } from 'pg';

/** A connection as `pg` makes it; its types leave these out, and its native client lacks them. */
type Connection = ClientBase & {
  ref?(): void;
  unref?(): void;
  readyForQuery?: boolean;
};

/** Connections that knexward keeps open while a migration is at work on another one. */
const bystanders = new Set<Connection>();
/** For each migration that is watched: its connection, and what to do at the dead end. */
const watched = new Map<() => void, Connection>();

/**
 * Says of a connection that it is kept open beside others, so that it alone is no reason for the
 * process to live on.
 */
export function keptOpen(connection: ClientBase): void {
  bystanders.add(connection);
  connection.once('end', () => bystanders.delete(connection));
  if (watched.size > 0) rest(connection);
}

/** Says of a connection that it is never a reason for the process to live on, whatever runs beside it. */
export function restForGood(connection: ClientBase): void {
  bystanders.delete(connection);
  rest(connection);
}

/** The same for the timer with which Knex's pool looks for connections that were idle too long. */
export function keepsPool(knex: Knex): void {
  const { pool } = knex.client as {
    pool: {
      on(event: 'startReaping', listener: () => void): void;
      interval: NodeJS.Timeout | null;
    };
  };
  // The event comes just before the timer is set.
  pool.on('startReaping', () => queueMicrotask(() => pool.interval?.unref()));
}

/**
 * Calls `onDeadEnd` when the process has nothing left that could ever make something happen: no
 * statement under way, no timer, no file, no connection but those that wait for us. Whoever is
 * waited for then, a migration's callback say, never comes.
 *
 * It is Node.js itself that notices, by its event loop running empty, so a slow migration is never
 * taken for a dead one. In a program that has other business, such as a server, it never does.
 *
 * @returns a function that ends the watch
 */
export function watchForDeadEnd(connection: ClientBase, onDeadEnd: () => void): () => void {
  if (watched.size === 0) {
    bystanders.forEach(rest);
    process.on('beforeExit', look);
  }
  watched.set(onDeadEnd, connection);
  rest(connection);
  return () => {
    if (!watched.delete(onDeadEnd)) return;
    wake(connection);
    if (watched.size > 0) return;
    bystanders.forEach(wake);
    process.off('beforeExit', look);
  };
}

/** A connection at rest that has a statement under way is what the process has to wait for. */
function look(): void {
  const busy = resting().filter(({ readyForQuery }) => readyForQuery === false);
  if (busy.length === 0) return [...watched.keys()].forEach((onDeadEnd) => onDeadEnd());
  for (const connection of busy) {
    wake(connection);
    connection.once('drain', () => {
      if (watched.size > 0 && resting().includes(connection)) rest(connection);
    });
  }
}

/** The connections that are no reason for the process to live on, unless one is busy. */
function resting(): Connection[] {
  return [...watched.values(), ...bystanders];
}

function rest(connection: Connection): void {
  connection.unref?.();
}

function wake(connection: Connection): void {
  connection.ref?.();
}
