import { KnexwardError } from '../errors.js';
import { type Colors } from './output.js';

/** Any error as one that has a code and a way out. What was not foreseen is knexward's own fault. */
export function asKnexwardError(error: unknown): KnexwardError {
  if (error instanceof KnexwardError) return error;
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  if (code === '42501') {
    return new KnexwardError('PERMISSION_DENIED', {
      message: `The database role lacks a right: ${message ?? ''}`,
      fix: 'Grant the right, or run the command with the role that owns the tables.',
      cause: error,
    });
  }
  if (code === '25006') {
    return new KnexwardError('PERMISSION_DENIED', {
      message: `The database can only be read: ${message ?? ''}`,
      fix: 'Connect to the primary server, or with a role that may write.',
      cause: error,
    });
  }
  return new KnexwardError('INTERNAL', {
    message: message ?? String(error),
    fix: 'This was not foreseen. Run again with --log-level debug and report what it shows.',
    cause: error,
  });
}

/** An error before any work: what happened, and what to do. */
export function renderError(error: KnexwardError, c: Colors, withStack: boolean): string {
  const cause = error.cause instanceof Error ? `\n${error.cause.stack ?? ''}` : '';
  const stack = withStack ? `\n${c.dim(`${error.stack ?? ''}${cause}`)}` : '';
  return `${c.red(error.code)} ${error.message}\n  ${error.fix}${stack}\n`;
}
