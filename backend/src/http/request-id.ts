import { randomUUID } from 'node:crypto';
import { type RequestHandler } from 'express';
import { withLogContext } from '../log.js';

const SAFE = /^[\w.:-]{1,100}$/;

/** The id that a caller gave, where it is one that can be logged and sent back. */
export function requestIdOf(given: string | string[] | undefined): string | undefined {
  return typeof given === 'string' && SAFE.test(given) ? given : undefined;
}

/** Gives each request its correlation id: the caller's, or a new one. It goes back, and into the log. */
export const requestId: RequestHandler = (request, response, next) => {
  const id = requestIdOf(request.headers['x-request-id']) ?? randomUUID();
  response.setHeader('x-request-id', id);
  withLogContext({ requestId: id }, next);
};
