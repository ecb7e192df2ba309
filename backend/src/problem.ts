/** What the client is told instead of an answer: a problem document, as RFC 9457 has it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    /** For programs; stable. */
    readonly code: string,
    /** For people. */
    readonly title: string,
    /** What is wrong with which part of the input. */
    readonly errors?: { path: string; message: string }[],
  ) {
    super(title);
  }
}

export const notFound = (what: string): Problem =>
  new Problem(404, 'not-found', `There is no such ${what}.`);

/** What PostgreSQL refuses and the client can understand. */
const REFUSED: Record<string, [number, string, string]> = {
  '22001': [400, 'invalid-input', 'That is too long.'],
  '22003': [400, 'invalid-input', 'That number is too large.'],
  '22P02': [400, 'invalid-input', 'That is not a valid value.'],
  '23502': [400, 'invalid-input', 'Something is missing.'],
  '23503': [404, 'not-found', 'There is no such option.'],
  '23505': [409, 'taken', 'That is taken already.'],
  '23514': [409, 'not-open', 'The question is not open.'],
};

/** The database is away, or has no connection to spare: worth another try. */
const UNAVAILABLE =
  /^(08...|57P0[123]|53300|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/;

/** Any error as a problem. What is not known becomes a 500 that says nothing about the inside. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { code = '', status, name, type } = error as Record<string, string | undefined>;
  const refused = REFUSED[code];
  if (refused) return new Problem(...refused);
  if (UNAVAILABLE.test(code) || name === 'KnexTimeoutError') {
    return new Problem(503, 'unavailable', 'The database does not answer. Try again in a moment.');
  }
  // express.json's own errors.
  if (type === 'entity.parse.failed') return new Problem(400, 'invalid-json', 'Not valid JSON.');
  if (type === 'entity.too.large') return new Problem(413, 'too-large', 'That is too much.');
  if (Number(status) >= 400 && Number(status) < 500) {
    return new Problem(Number(status), 'bad-request', 'The request cannot be understood.');
  }
  return new Problem(500, 'internal', 'Something went wrong. It has been logged.');
}
