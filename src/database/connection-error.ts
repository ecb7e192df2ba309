import { type Client } from 'pg';
import { type ErrorCode, type ErrorDetails, KnexwardError } from '../errors.js';
import { isLostConnection, serverErrorIn } from '../server-error.js';
import { adviceOn } from '../sqlstates.js';

/**
 * Why no connection could be opened, and what to do about it. The message names the server, the
 * database and the user, and never the password.
 */
export function connectionError(error: unknown, client: Client): KnexwardError {
  const place = `${client.host}:${client.port}`;
  const { database = '', user = '' } = client;
  const message = describe(error);
  const { code, fix } = reasonFor(error, message, database);
  const what: Partial<Record<ErrorCode, string>> = {
    AUTHENTICATION_FAILED: `The server at ${place} refuses the user "${user}": ${message}`,
    DATABASE_MISSING: `The server at ${place} has no database "${database}".`,
    TOO_MANY_CONNECTIONS: `The server at ${place} has no connection left for the user "${user}": ${message}`,
  };
  return new KnexwardError(code, {
    message: what[code] ?? `No connection to the database "${database}" at ${place}: ${message}`,
    ...{ fix, cause: error },
  });
}

/** A connection that was refused or lost later on, which nothing told the place of. */
export function laterConnectionError(error: unknown): KnexwardError | undefined {
  const code = CODES_OF_REFUSALS[serverErrorIn(error)?.code ?? ''];
  const message = describe(error);
  if (code) {
    const { fix } = reasonFor(error, message, '');
    return new KnexwardError(code, {
      message: `The server refuses a further connection: ${message}`,
      ...{ fix, cause: error },
    });
  }
  if ((error as { name?: unknown } | null | undefined)?.name === 'KnexTimeoutError') {
    return new KnexwardError('CONNECTION_FAILED', {
      message: `Knex's pool gave no connection in time: ${message}`,
      fix: "Look at the time limits and the size of the knexfile's pool.",
      cause: error,
    });
  }
  if (!isLostConnection(error)) return undefined;
  return new KnexwardError('CONNECTION_FAILED', {
    message: `The connection to the database was lost: ${message}`,
    fix: adviceOn('08006')?.fix ?? '',
    cause: error,
  });
}

const CODES_OF_REFUSALS: Readonly<Record<string, ErrorCode>> = {
  '28P01': 'AUTHENTICATION_FAILED',
  '28000': 'AUTHENTICATION_FAILED',
  '3D000': 'DATABASE_MISSING',
  '53300': 'TOO_MANY_CONNECTIONS',
};

type Reason = { code: ErrorCode } & Pick<ErrorDetails, 'fix'>;

function reasonFor(error: unknown, message: string, database: string): Reason {
  const server = serverErrorIn(error);
  if (server) return reasonOfServer(server.code, message, database);
  // What pg says where the connection has no password and the server wants one.
  if (/client password must be a string/.test(message)) {
    const fix = 'Give the connection a password: in its URL, as PGPASSWORD, or in ~/.pgpass.';
    return { code: 'AUTHENTICATION_FAILED', fix };
  }
  return { code: 'CONNECTION_FAILED', fix: fixForSilence(error, message) };
}

function reasonOfServer(sqlstate: string, message: string, database: string): Reason {
  const code = CODES_OF_REFUSALS[sqlstate];
  if (/pg_hba\.conf/.test(message)) {
    const fix =
      'Let the user in from this host (pg_hba.conf), or set ssl in the connection: the server may take encrypted ones only.';
    return { code: 'AUTHENTICATION_FAILED', fix };
  }
  switch (code) {
    case 'AUTHENTICATION_FAILED':
      return {
        code,
        fix: 'Correct the user or the password in the connection that the knexfile names.',
      };
    case 'DATABASE_MISSING':
      return {
        code,
        fix: `Create it (createdb ${database || 'NAME'}), or correct the name in the connection.`,
      };
    case undefined: {
      const fix = /^57P03/.test(sqlstate)
        ? 'The server is starting, stopping or recovering: wait a moment, then run the command again.'
        : 'The server answered, and said no: see its message above.';
      return { code: 'CONNECTION_FAILED', fix };
    }
    default:
      return { code, fix: adviceOn(sqlstate)?.fix ?? '' };
  }
}

/** No word of a server's: what is known comes from the system and from pg. */
function fixForSilence(error: unknown, message: string): string {
  const { code = '' } = (error ?? {}) as { code?: string };
  if (/ENOTFOUND|EAI_AGAIN/.test(code + message)) {
    return 'The name of the host is not known here: correct it in the connection, or look into DNS.';
  }
  if (/ETIMEDOUT|timeout expired|EHOSTUNREACH|ENETUNREACH/.test(code + message)) {
    return 'Nothing answers there: correct host and port, or look for a firewall in between.';
  }
  if (/SSL|certificate|self-signed/i.test(message)) {
    return 'Correct the ssl setting of the connection: whether to encrypt, and which certificate to trust.';
  }
  return 'Check that the server runs and that host and port are right.';
}

/** An error for several addresses of one host (`localhost`) has its messages inside. */
function describe(error: unknown): string {
  if (error instanceof AggregateError) {
    return error.errors.map((inner: unknown) => describe(inner)).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}
