/** What a piece of SQL is, as PostgreSQL's own scanner sees it. */
export type TokenKind =
  'space' | 'comment' | 'string' | 'name' | 'word' | 'parameter' | 'number' | 'symbol';

/** A piece of SQL. All of a text's pieces, put together, are the text. */
export interface Token {
  kind: TokenKind;
  text: string;
}

/**
 * Cuts SQL into pieces, by the rules of PostgreSQL's scanner with `standard_conforming_strings` on:
 * nested comments, dollar quotes, escape strings, literals that go on in the next line.
 */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  const scanner = new Scanner(sql);
  while (scanner.next()) tokens.push({ kind: scanner.kind, text: scanner.text });
  return tokens;
}

/** The same, a piece at a time: whoever has seen enough leaves off. */
export function* tokensIn(sql: string): Generator<Token, void> {
  const scanner = new Scanner(sql);
  while (scanner.next()) yield { kind: scanner.kind, text: scanner.text };
}

/** Whether a piece means something: neither space nor comment. */
export function isSignificant({ kind }: Pick<Token, 'kind'>): boolean {
  return kind !== 'space' && kind !== 'comment';
}

/** The same again, for texts of many megabytes: nothing is made of a piece that nobody asks for. */
export class Scanner {
  kind: TokenKind = 'space';
  start = 0;

  /** @param end where to begin */
  constructor(
    readonly sql: string,
    public end = 0,
  ) {}

  /** Goes to the next piece. @returns whether there is one */
  next(): boolean {
    this.start = this.end;
    return this.start < this.sql.length && this.read();
  }

  get text(): string {
    return this.sql.slice(this.start, this.end);
  }

  private read(): boolean {
    const { sql, start } = this;
    switch (classAt(sql, start)) {
      case 'space':
        return this.is('space', behindSpace(sql, start));
      case "'":
        return this.is('string', behindLiteral(sql, start + 1, behindQuote));
      case '"':
        return this.is('name', behindQuote(sql, start + 1, '"'));
      case 'prefix':
        return this.readPrefixed() || this.is('word', behindWord(sql, start));
      case 'letter':
        return this.is('word', behindWord(sql, start));
      case 'digit':
        return this.is('number', behindNumber(sql, start));
      case '$':
        if (this.is('string', behindDollarQuoted(sql, start))) return true;
        if (this.is('parameter', behindMatch(PARAMETER, sql, start))) return true;
        return this.is('symbol', start + 1);
      case 'comment':
        return this.is('comment', behindComment(sql, start)) || this.is('symbol', start + 1);
      case 'symbol':
        return this.is('symbol', start + 1);
    }
  }

  /** A literal or a name such as `U&'…'`, `e'…'`, `U&"…"`. */
  private readPrefixed(): boolean {
    const { sql, start } = this;
    const opened = behindMatch(PREFIXED, sql, start);
    if (opened < 0) return false;
    if (sql[opened - 1] === '"') return this.is('name', behindQuote(sql, opened, '"'));
    const behind = /e/i.test(sql.charAt(start)) ? behindEscaped : behindQuote;
    return this.is('string', behindLiteral(sql, opened, behind));
  }

  private is(kind: TokenKind, end: number): boolean {
    if (end < 0) return false;
    this.kind = kind;
    this.end = end;
    return true;
  }
}

/** What a character may begin. */
type Class = 'space' | 'letter' | 'prefix' | 'digit' | "'" | '"' | '$' | 'comment' | 'symbol';

const CLASSES: readonly Class[] = Array.from({ length: 128 }, (_, code) =>
  classOf(String.fromCharCode(code)),
);

function classOf(character: string): Class {
  if (/[ \t\n\r\f\v]/.test(character)) return 'space';
  if (/[ubxne]/i.test(character)) return 'prefix';
  if (/[a-z_]/i.test(character)) return 'letter';
  if (/\d/.test(character)) return 'digit';
  if (/[-/]/.test(character)) return 'comment';
  return /['"$]/.test(character) ? (character as Class) : 'symbol';
}

/** To PostgreSQL, every character beyond ASCII is a letter, even a space. */
function classAt(sql: string, at: number): Class {
  return CLASSES[sql.charCodeAt(at)] ?? 'letter';
}

const NUMBER = /\d+(?:\.\d+)?(?:e[+-]?\d+)?/iy;
const PARAMETER = /\$\d+/y;
const TAG = /\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/iy;
const PREFIXED = /u&['"]|[bxne]'/iy;
const LINE_END = /[\r\n]/g;
const COMMENT_BRACKET = /\/\*|\*\//g;
const QUOTE_OR_BACKSLASH = /['\\]/g;

/*
 * Where pieces end: -1 where there is none. What may be long is not left to a pattern, which would
 * need a stack as long.
 */

function behindSpace(sql: string, from: number): number {
  let at = from;
  while (at < sql.length && classAt(sql, at) === 'space') at++;
  return at;
}

function behindWord(sql: string, from: number): number {
  let at = from;
  while (at < sql.length && isInWord(classAt(sql, at))) at++;
  return at;
}

function isInWord(one: Class): boolean {
  return one === 'letter' || one === 'prefix' || one === 'digit' || one === '$';
}

function behindNumber(sql: string, from: number): number {
  let at = from;
  while (at < sql.length && classAt(sql, at) === 'digit') at++;
  // Most numbers are whole.
  return /[.e]/i.test(sql.charAt(at)) ? behindMatch(NUMBER, sql, from) : at;
}

/** `'a'` and `'b'` with a line's end between them are `'ab'`. */
function behindLiteral(sql: string, opened: number, behind: typeof behindQuote): number {
  let end = opened;
  for (let next = opened; next >= 0; next = behindContinuation(sql, end)) {
    end = behind(sql, next, "'");
  }
  return end;
}

/** Behind the closing quote, or the text's end. */
function behindQuote(sql: string, from: number, quote: string): number {
  for (let at = from; ; at += 2) {
    at = sql.indexOf(quote, at);
    if (at < 0) return sql.length;
    if (sql[at + 1] !== quote) return at + 1;
  }
}

/** The same of an escape string. */
function behindEscaped(sql: string, from: number): number {
  for (let at = from; ; at += 2) {
    at = find(QUOTE_OR_BACKSLASH, sql, at);
    if (at >= sql.length) return sql.length;
    if (sql[at] === "'" && sql[at + 1] !== "'") return at + 1;
  }
}

/** Behind the quote with which a literal goes on in a later line. */
function behindContinuation(sql: string, end: number): number {
  let at = behindSpace(sql, end);
  while (sql.startsWith('--', at)) at = behindSpace(sql, find(LINE_END, sql, at));
  if (sql[at] !== "'") return -1;
  return find(LINE_END, sql.slice(end, at), 0) < at - end ? at + 1 : -1;
}

function behindDollarQuoted(sql: string, from: number): number {
  const opened = behindMatch(TAG, sql, from);
  if (opened < 0) return -1;
  const tag = sql.slice(from, opened);
  const close = sql.indexOf(tag, opened);
  return close < 0 ? sql.length : close + tag.length;
}

function behindComment(sql: string, from: number): number {
  if (sql.startsWith('--', from)) return find(LINE_END, sql, from);
  if (!sql.startsWith('/*', from)) return -1;
  let at = from;
  let depth = 0;
  do {
    const bracket = find(COMMENT_BRACKET, sql, at);
    depth += sql[bracket] === '/' ? 1 : -1;
    at = bracket + 2;
  } while (depth > 0 && at < sql.length);
  return Math.min(at, sql.length);
}

function behindMatch(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** Where a pattern is next found; the text's end where it is not. */
function find(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
}
