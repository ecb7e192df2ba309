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
  new Problem(404, 'not-found', `This ${what} does not exist.`);

/** What PostgreSQL refuses and the client can understand. */
const REFUSED: Record<string, [number, string, string]> = {
  '22001': [400, 'invalid-input', 'This text is too long.'],
  '22003': [400, 'invalid-input', 'This number is too large.'],
  '22P02': [400, 'invalid-input', 'This value is not valid.'],
  '23502': [400, 'invalid-input', 'A required value is missing.'],
  '23503': [404, 'not-found', 'This option does not exist.'],
  '23505': [409, 'taken', 'This is already taken.'],
  '23514': [409, 'not-open', 'This question is not open for voting.'],
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
    return new Problem(
      503,
      'unavailable',
      'The service is temporarily unavailable. Try again in a moment.',
    );
  }
  // express.json's own errors.
  if (type === 'entity.parse.failed')
    return new Problem(400, 'invalid-json', 'The request is not valid JSON.');
  if (type === 'entity.too.large')
    return new Problem(413, 'too-large', 'The request is too large.');
  if (Number(status) >= 400 && Number(status) < 500) {
    return new Problem(Number(status), 'bad-request', 'The request cannot be understood.');
  }
  return new Problem(500, 'internal', 'Something went wrong on the server. Try again in a moment.');
}
