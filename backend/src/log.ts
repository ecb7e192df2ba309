import { AsyncLocalStorage } from 'node:async_hooks';
import pino, { type DestinationStream, type Logger } from 'pino';

/** What every line has that is logged on behalf of a request or a socket. */
export interface LogContext {
  requestId: string;
}

const context = new AsyncLocalStorage<LogContext>();

/** Runs an action whose log lines carry the context, however deep they are written. */
export function withLogContext<T>(given: LogContext, action: () => T): T {
  return context.run(given, action);
}

/** The correlation id of the request that is being answered. */
export function currentRequestId(): string | undefined {
  return context.getStore()?.requestId;
}

/** Opens the log: Pino's JSON on stdout, a line an event. */
export function openLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { name: 'polls', pid: process.pid },
    mixin: () => ({ ...context.getStore() }),
    redact: ['req.headers', 'token', '*.token', '*.password', '*.connectionString'],
  };
  return destination ? pino(options, destination) : pino(options);
}
