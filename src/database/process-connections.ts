import { PerformanceObserver } from 'node:perf_hooks';
import { type ClientBase } from 'pg';

/*
 * Which connections of this process are not knexward's: those that Node.js reports for its performance
 * tools, less our own. Several runs may go on at once, so both are counted for the whole process from
 * the same moment, that a connection is made, and what a run asks for is how the difference has grown.
 */

/** How many more connections were made than knexward has made itself, by the server's port. */
const others = new Map<number, number>();
const counted = new WeakSet<object>();
let observing = 0;

const observer = new PerformanceObserver((list) => addAll(list.getEntries()));

/** Counts connections until the function that it returns is called. A session does, for as long as it is open. */
export function observeConnections(): () => void {
  if (observing++ === 0) observer.observe({ entryTypes: ['net'] });
  return () => {
    if (--observing === 0) observer.disconnect();
  };
}

/** Has a connection counted as knexward's own. Call it before it is opened: at once where it is open already. */
export function countConnection(connection: ClientBase): void {
  if (counted.has(connection)) return;
  counted.add(connection);
  const add = (): void => addTo(portOf(connection), -1);
  const { stream } = (connection as ClientBase & { connection: Wire }).connection;
  if (stream.pending === false) add();
  else stream.once('connect', add);
}

/** Tells whether this process opens connections to a server that are not knexward's. */
export interface ConnectionWatch {
  /** Whether there was one since the watch began. */
  foundOther(): boolean;
}

/**
 * Watches the TCP connections of this process: those of a migration that has a client of its own are
 * among them. A connection by a Unix socket, from before the watch, or of another process is not seen.
 *
 * @param connection a connection to the server, of a session that is open for as long as the watch
 */
export function watchProcessConnections(connection: ClientBase): ConnectionWatch {
  const port = portOf(connection);
  const before = othersAt(port);
  return { foundOther: () => othersAt(port) > before };
}

/** What Node.js has reported and not yet handed over counts, too. */
function othersAt(port: number): number {
  addAll((observer as PerformanceObserver & Records).takeRecords());
  return others.get(port) ?? 0;
}

function addAll(entries: readonly { detail?: unknown }[]): void {
  for (const { detail } of entries) {
    const port = (detail as { port?: unknown } | undefined)?.port;
    if (typeof port === 'number') addTo(port, 1);
  }
}

function addTo(port: number, count: number): void {
  others.set(port, (others.get(port) ?? 0) + count);
}

/** Node.js's types leave it out. */
interface Records {
  takeRecords(): { detail?: unknown }[];
}

/** pg's types leave it out, as they do the port. */
interface Wire {
  stream: { pending?: boolean; once(event: 'connect', listener: () => void): void };
}

function portOf(connection: ClientBase): number {
  return Number((connection as ClientBase & { port?: unknown }).port);
}
