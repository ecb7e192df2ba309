import { splitStatements } from './split.js';
import { isSignificant, tokensOf } from './tokens.js';

/** A longer text takes so long that a round trip does not matter. */
const LONGEST = 64 * 1024;

/** First words of statements that begin or end a transaction, undo the settings of its beginning, or wait for data. */
const EXCLUDED = new Set([
  ...['abort', 'begin', 'commit', 'end', 'prepare', 'release', 'rollback', 'savepoint', 'start'],
  ...['copy', 'discard', 'reset'],
]);

/** What decides how the server reads a text, wherever it is named. */
const READS_OTHERWISE =
  /client_encoding|set\s+names|set\s+(?:local|session)\s+names|standard_conforming_strings|backslash_quote/i;

const BEHIND = 'select behind';

/**
 * Whether a SQL text can be sent to the server in one message with what its transaction begins and ends with: it has
 * a statement, it is whole, and nothing in it ends the transaction, resets the session or waits for data. What may be
 * something else to a server with other settings does not fit, nor does what only looks like it: to be sent by
 * itself takes a moment more, and is never wrong. Pure.
 */
export function fitsInPipeline(sql: string): boolean {
  if (sql.length > LONGEST || sql.includes('\0') || READS_OTHERWISE.test(sql)) return false;
  let isFirst = true;
  for (const token of tokensOf(sql)) {
    const { kind, text } = token;
    if (!isSignificant(token)) continue;
    // Within the body of a function, too: what only looks like such a statement does not fit.
    if (isFirst && kind === 'word' && EXCLUDED.has(text.toLowerCase())) return false;
    isFirst = text === ';';
    if (kind === 'string' && /^['xbn]/i.test(text) && text.includes('\\')) return false;
  }
  const statements = splitStatements(`${sql}\n;${BEHIND}`);
  return statements.length > 1 && statements.at(-1)?.sql === BEHIND;
}
