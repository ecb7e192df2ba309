import { PerformanceObserver } from 'node:perf_hooks';
import { type ClientBase } from 'pg';

/** How many connections knexward has opened in this process, by the server's port. */
const opened = new Map<number, number>();

/** Counts a connection that knexward has opened. */
export function countConnection(connection: ClientBase): void {
  const port = portOf(connection);
  opened.set(port, (opened.get(port) ?? 0) + 1);
}

/** Tells whether this process opens connections to a server that are not knexward's. */
export interface ConnectionWatch {
  /** Whether there was one since the watch began. */
  foundOther(): boolean;
  stop(): void;
}

/**
 * Watches the TCP connections that Node.js reports for its performance tools: those of a migration that has
 * a client of its own are among them. A connection by a Unix socket, from before the watch, or of another
 * process is not seen.
 *
 * @param connection a connection to the server
 */
export function watchProcessConnections(connection: ClientBase): ConnectionWatch {
  const port = portOf(connection);
  const before = opened.get(port) ?? 0;
  let seen = 0;
  const observer = new PerformanceObserver((list) => {
    seen += list.getEntries().filter(({ detail }) => isTo(port, detail)).length;
  });
  observer.observe({ entryTypes: ['net'] });
  return {
    foundOther: () => seen > (opened.get(port) ?? 0) - before,
    stop: () => observer.disconnect(),
  };
}

function isTo(port: number, detail: unknown): boolean {
  return (detail as { port?: unknown } | undefined)?.port === port;
}

/** pg's types leave it out. */
function portOf(connection: ClientBase): number {
  return Number((connection as ClientBase & { port?: unknown }).port);
}
