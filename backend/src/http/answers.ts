import { type ErrorRequestHandler, type Request, type RequestHandler } from 'express';
import { type z } from 'zod';
import { currentRequestId } from '../log.js';
import { notFound, Problem, problemOf } from '../problem.js';

/**
 * Checks a part of a request.
 *
 * @throws Problem that names what is wrong, and where
 */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input ?? {}, { error: () => 'This value is not valid.' });
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) => ({
    path: path.join('.'),
    message,
  }));
  throw new Problem(400, 'invalid-input', 'Some values are missing or not valid.', errors);
}

/** The token that a request brings, as `Authorization: Bearer …`. */
export function tokenOf({ headers }: Request): string | undefined {
  return /^Bearer ([\w-]{1,200})$/.exec(headers.authorization ?? '')?.[1];
}

/** For an address that nothing answers to. */
export const nothingHere: RequestHandler = () => {
  throw notFound('page');
};

/** Answers an error with its problem document. What the client is not told is in the log. */
export const answerProblem: ErrorRequestHandler = (error, request, response, next) => {
  const problem = problemOf(error);
  if (problem.status >= 500) request.log.error({ err: error as Error }, problem.title);
  if (response.headersSent) return next(error);
  if (problem.status === 503) response.setHeader('retry-after', '1');
  response.status(problem.status).type('application/problem+json');
  const { status, code, title, errors } = problem;
  const requestId = currentRequestId();
  response.send(JSON.stringify({ type: 'about:blank', status, code, title, errors, requestId }));
};
