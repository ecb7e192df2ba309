import { laterConnectionError } from '../database/connection-error.js';
import { KnexwardError } from '../errors.js';
import { reasonOf, type ServerError, serverErrorIn } from '../server-error.js';
import { adviceOn } from '../sqlstates.js';

/** Any error as one that has a code and a way out. What was not foreseen is knexward's own fault. */
export function asKnexwardError(error: unknown): KnexwardError {
  if (error instanceof KnexwardError) return error;
  const connection = laterConnectionError(error);
  if (connection) return connection;
  const server = serverErrorIn(error);
  if (server) return refusal(server);
  return new KnexwardError('INTERNAL', {
    message: error instanceof Error ? error.message : `It threw ${reasonOf(error)}`,
    fix: 'knexward did not expect this error. If the first line below is in your own code (a hook, a migration source), correct it there; otherwise report it with the output of --log-level debug.',
    cause: error,
  });
}

/** The server said no to a statement that is no migration's, as a rule for a reason of its own. */
function refusal(error: ServerError): KnexwardError {
  const { code, message, detail, hint } = error;
  const words = [message, detail, hint].filter(Boolean).join('. ');
  if (code === '42501' || code === '25006') {
    const what =
      code === '42501' ? 'The database role lacks a privilege' : 'The database can only be read';
    return new KnexwardError('PERMISSION_DENIED', {
      message: `${what}: ${words}`,
      fix: adviceOn(code)?.fix ?? '',
      cause: error,
    });
  }
  const advice = adviceOn(code);
  return new KnexwardError('SERVER_REFUSED', {
    message: `The server refused a statement of knexward's: ${words} (SQLSTATE ${code}).`,
    fix: advice ? `${advice.cause} ${advice.fix}` : "See the message and the server's log.",
    cause: error,
  });
}
