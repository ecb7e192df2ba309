/** What a piece of SQL is, as PostgreSQL's own scanner sees it. */
export type TokenKind =
  'space' | 'comment' | 'string' | 'name' | 'word' | 'parameter' | 'number' | 'symbol';

/** A piece of SQL. All of a text's pieces, put together, are the text. */
export interface Token {
  kind: TokenKind;
  text: string;
}

/** A literal goes on in a later line: `'a'` and `'b'` with a line's end between them are `'ab'`. */
const CONTINUED = /[ \t\f\v]*(?:--[^\r\n]*)?[\r\n](?:\s|--[^\r\n]*[\r\n])*'/y;

const FIXED: readonly (readonly [TokenKind, RegExp])[] = [
  ['space', /\s+/y],
  ['comment', /--[^\r\n]*/y],
  ['name', /(?:u&)?"[^"]*(?:""[^"]*)*"?/iy],
  ['parameter', /\$\d+/y],
  ['word', /[a-z_\u0080-\uffff][\w$\u0080-\uffff]*/iy],
  ['number', /\d+(?:\.\d+)?(?:e[+-]?\d+)?/iy],
];

/**
 * Cuts SQL into pieces, by the rules of PostgreSQL's scanner with `standard_conforming_strings` on:
 * nested comments, dollar quotes, escape strings, literals that go on in the next line.
 */
export function tokensOf(sql: string): Token[] {
  return [...tokensIn(sql)];
}

/** The same, a piece at a time: whoever has seen enough leaves off. */
export function* tokensIn(sql: string): Generator<Token, void> {
  for (let at = 0; at < sql.length;) {
    const token = literalAt(sql, at) ?? blockCommentAt(sql, at) ?? fixedAt(sql, at);
    yield token;
    at += token.text.length;
  }
}

function fixedAt(sql: string, at: number): Token {
  for (const [kind, pattern] of FIXED) {
    const text = matchAt(pattern, sql, at);
    if (text !== undefined) return { kind, text };
  }
  return { kind: 'symbol', text: sql.charAt(at) };
}

function literalAt(sql: string, at: number): Token | undefined {
  const opening = matchAt(/(?:u&|[bxne])?'/iy, sql, at);
  if (opening !== undefined) {
    const isEscaped = /^e/i.test(opening);
    let end = endOfLiteral(sql, at + opening.length, isEscaped);
    for (;;) {
      const gap = matchAt(CONTINUED, sql, end);
      if (gap === undefined) return { kind: 'string', text: sql.slice(at, end) };
      end = endOfLiteral(sql, end + gap.length, isEscaped);
    }
  }
  const tag = matchAt(/\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/iy, sql, at);
  if (tag === undefined) return undefined;
  const close = sql.indexOf(tag, at + tag.length);
  return { kind: 'string', text: sql.slice(at, close < 0 ? sql.length : close + tag.length) };
}

/** Behind the closing quote, or the text's end. Not a pattern: of a long literal, one would need too much stack. */
function endOfLiteral(sql: string, from: number, isEscaped: boolean): number {
  const special = isEscaped ? /['\\]/g : /'/g;
  for (let at = from; ;) {
    special.lastIndex = at;
    const found = special.exec(sql)?.index ?? sql.length;
    if (found >= sql.length) return sql.length;
    const isPair = sql[found] === '\\' || sql[found + 1] === "'";
    if (!isPair) return found + 1;
    at = found + 2;
  }
}

function blockCommentAt(sql: string, at: number): Token | undefined {
  if (!sql.startsWith('/*', at)) return undefined;
  let end = at;
  let depth = 0;
  do {
    if (sql.startsWith('/*', end)) [depth, end] = [depth + 1, end + 2];
    else if (sql.startsWith('*/', end)) [depth, end] = [depth - 1, end + 2];
    else end++;
  } while (depth > 0 && end < sql.length);
  return { kind: 'comment', text: sql.slice(at, end) };
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Whether a piece means something: neither space nor comment. */
export function isSignificant({ kind }: Token): boolean {
  return kind !== 'space' && kind !== 'comment';
}
