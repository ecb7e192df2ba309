import { type KnexwardError } from '../errors.js';
import { redact } from '../secrets.js';
import { type Colors } from './output.js';

/** An error before any work: what happened, what to do, and where to read on. */
export function renderError(error: KnexwardError, c: Colors, withStack: boolean): string {
  const stack = withStack ? c.dim(redact(framesOf(error))) : '';
  const page = `\n  ${c.dim(`page  ${error.page}`)}`;
  return `${c.red(error.code)} ${error.message}\n  ${error.fix}${stack}${page}\n`;
}

/** Where it came from, without the message, which has been told. */
function framesOf({ stack = '', cause }: Error): string {
  const origin = cause instanceof Error ? (cause.stack ?? '') : stack;
  const frames = origin.split('\n').filter((line) => /^\s+at /.test(line));
  return frames.map((frame) => `\n${frame}`).join('');
}
