import { type RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import { Problem } from '../problem.js';

const MINUTE_MS = 60_000;

/** At most so many requests a minute from one address. */
export function limitPerMinute(limit: number): RequestHandler {
  return rateLimit({
    windowMs: MINUTE_MS,
    limit,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_request, _response, next) =>
      next(new Problem(429, 'too-many', 'Too many requests. Try again in a minute.')),
  });
}
