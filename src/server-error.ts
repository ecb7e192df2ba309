import { inspect } from 'node:util';

/** An error that the server sent, as far as it is used here. See PostgreSQL's error fields. */
export interface ServerError extends Error {
  code: string;
  severity: string;
  detail?: string;
  hint?: string;
  /** The place in the statement, in characters from 1. */
  position?: string;
}

/** The server's error, looked for along the chain of causes: a migration may have wrapped it. */
export function serverErrorIn(error: unknown): ServerError | undefined {
  return causesOf(error).find(isServerError);
}

/** Not `instanceof`: Knex may have loaded the project's own copy of `pg`. */
function isServerError(error: object): error is ServerError {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && typeof severity === 'string';
}

const LOST_CODES = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);
const LOST_MESSAGE =
  /(?:^| - )(?:Connection terminated|Connection ended unexpectedly|Client has encountered a connection error|timeout expired$)/;

/**
 * Whether the connection broke without a word of the server's, or with its word that it goes away
 * (08: connection exception, 57P01 to 57P03: shut down, crashed, not ready).
 */
export function isLostConnection(error: unknown): boolean {
  const server = serverErrorIn(error);
  if (server) return /^(08|57P0[123])/.test(server.code);
  return causesOf(error).some((cause) => {
    const { code, message } = cause as { code?: unknown; message?: unknown };
    return LOST_CODES.has(String(code)) || LOST_MESSAGE.test(String(message));
  });
}

function causesOf(error: unknown): object[] {
  const chain: object[] = [];
  for (let current = error; typeof current === 'object' && current !== null;) {
    if (chain.includes(current)) break;
    chain.push(current);
    current = (current as { cause?: unknown }).cause;
  }
  return chain;
}

/** The message of whatever was thrown: a migration may throw anything. */
export function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : '';
}

/** What was thrown, as a person reads it: anything may be, also what is no error. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  if (typeof error === 'string') return error;
  return messageOf(error) || inspect(error, { depth: 1, breakLength: Infinity });
}
