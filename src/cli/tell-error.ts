import { type Output } from '../report/output.js';

/**
 * Tells what went wrong, in the form that was asked for, and returns the exit code.
 *
 * @param done what the command has done before, as a part of its document
 */
export async function tellError(
  output: Output,
  error: unknown,
  done: Record<string, unknown> = {},
): Promise<number> {
  const { asKnexwardError } = await import('../failure/known-error.js');
  const { renderError } = await import('../report/error-text.js');
  const known = asKnexwardError(error);
  const { code, message, fix, page } = known;
  output.result({ ...done, error: { code, message, fix, page } }, () => '');
  if (!output.options.json || output.options.logFormat === 'json') {
    const withStack = output.shows('debug') || code === 'INTERNAL';
    const text = renderError(known, output.colors, withStack).trimEnd();
    const fields = { code, fix, page, ...(withStack && { stack: known.stack }) };
    output.note('error', text, { message, fields });
  }
  const { findingOfError } = await import('../report/finding.js');
  output.point([findingOfError(known)]);
  return known.exitCode;
}
