import { isSignificant, type Token, tokensIn } from './sql/tokens.js';

/*
 * The passwords in SQL, by what PostgreSQL reads: behind a comment, in a literal inside of a literal
 * (`do $$ … execute 'alter role a password ''…''' … $$`), and put together from pieces. Where the
 * password cannot be told from the other pieces, all of them are taken for one.
 */

/** A piece of a text that is not to be shown. */
export interface Span {
  start: number;
  end: number;
}

/** What a name has in it that a secret goes by. */
export const SECRET_WORD =
  '(?:password|passwd|passphrase|passcode|pwd|secret(?:_?(?:access_?)?key)?|api_?key|private_?key|token|credentials|_pass|_pw)';
const NAMED = new RegExp(SECRET_WORD, 'i');
/** A literal that ends where the secret is to be put: `'alter role a password ' || …`, `'… password %L'`. */
const OPEN_ENDED = new RegExp(
  `${SECRET_WORD}"?(?:[\\s=:'"]+|[\\s=:'"]*%(?:\\d{1,3}\\$)?-?\\d{0,4}[sLI].*)$`,
  'is',
);
/** A literal that is such a name: what stands behind it is its value. */
const NAME_ALONE = new RegExp(`^[\\w.-]*${SECRET_WORD}$`, 'i');
/** How deep literals are looked into. */
const DEEPEST = 4;
/** Between a variable and its value stands no more than its type. */
const LONGEST_TYPE = 8;

/** As far back as is looked for what a list begins with. */
const LONGEST_LIST = 200;

/** A text that may stand inside of a literal, and where each of its characters is in the whole. */
interface Inner {
  text: string;
  /** The place of a character, and of the end. */
  at: (index: number) => number;
}

interface Piece extends Token {
  start: number;
}

/** Where the secrets of an SQL text are, in no order. */
export function secretsInSql(text: string): Span[] {
  if (!NAMED.test(text)) return [];
  return secretsIn({ text, at: (index) => index }, 0);
}

function secretsIn(inner: Inner, depth: number): Span[] {
  const found: Span[] = [];
  const pieces = piecesOf(inner.text);
  // In a block, what one statement keeps in a variable is the next one's password.
  const statements = depth === 0 ? splitAtSemicolons(pieces) : [pieces];
  for (const statement of statements) {
    if (!statement.some(({ text }) => NAMED.test(text))) continue;
    // One by one: of a long list, a spread would be more arguments than a call can have.
    const spans = isPutTogether(statement)
      ? statement.flatMap((piece) => allOf(piece, inner))
      : namedSecrets(statement, inner);
    for (const span of spans) found.push(span);
    if (depth === DEEPEST) continue;
    for (const piece of statement) {
      const body = NAMED.test(piece.text) ? bodyOf(piece, inner) : undefined;
      for (const span of body ? secretsIn(body, depth + 1) : []) found.push(span);
    }
  }
  return found;
}

function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  for (const token of tokensIn(text)) {
    if (isSignificant(token)) pieces.push({ ...token, start });
    start += token.text.length;
  }
  return pieces;
}

function splitAtSemicolons(pieces: readonly Piece[]): Piece[][] {
  const statements: Piece[][] = [[]];
  for (const piece of pieces) {
    if (piece.text === ';') statements.push([]);
    else statements.at(-1)?.push(piece);
  }
  return statements;
}

/** Whether a literal of a statement is a password though no name stands in front of it. */
function isPutTogether(statement: readonly Piece[]): boolean {
  return (
    statement.some(({ kind, text }) => kind === 'string' && OPEN_ENDED.test(contentOf(text))) ||
    insertsSecrets(statement)
  );
}

/** `insert into users (name, password) values (…)`: which value is which is for the server to count. */
function insertsSecrets(statement: readonly Piece[]): boolean {
  let isColumn = false;
  for (const [index, piece] of statement.entries()) {
    if (/^into$/i.test(piece.text)) isColumn = /^insert$/i.test(statement[index - 1]?.text ?? '');
    else if (piece.text === ')') isColumn = false;
    else if (isColumn && isNameOfSecret(piece) && /^[,()]$/.test(statement[index - 1]?.text ?? ''))
      return true;
  }
  return false;
}

function isNameOfSecret({ kind, text }: Piece): boolean {
  return (kind === 'word' || kind === 'name') && NAMED.test(text);
}

/** All of a literal, or what follows the name of a secret in it. */
function allOf(piece: Piece, inner: Inner): Span[] {
  const body = bodyOf(piece, inner);
  if (!body) return [];
  // What is a program is shown, but for its own literals.
  if (piece.text.startsWith('$') && /[\s;]/.test(body.text)) {
    return piecesOf(body.text).flatMap((each) => allOf(each, body));
  }
  const name = NAMED.exec(body.text);
  const from = name === null ? 0 : name.index + name[0].length;
  return spanOf(body, from, body.text.length);
}

function spanOf(inner: Inner, from: number, to: number): Span[] {
  return from < to ? [{ start: inner.at(from), end: inner.at(to) }] : [];
}

/** The values that follow the name of a secret. */
function namedSecrets(statement: readonly Piece[], inner: Inner): Span[] {
  const ofRole = isAboutRole(statement);
  return statement.flatMap((_, index) => {
    const value = valueBehind(statement, index);
    if (!value) return [];
    const body = bodyOf(value, inner);
    if (body) return spanOf(body, 0, body.text.length);
    const isBare = ofRole && value === statement[index + 1] && value.kind !== 'symbol';
    if (!isBare || /^(?:null|valid|login|text|is|not|default|as)$/i.test(value.text)) return [];
    return spanOf(inner, value.start, value.start + value.text.length);
  });
}

function isAboutRole(statement: readonly Piece[]): boolean {
  return statement.some(
    ({ text }, index) =>
      /^(?:create|alter)$/i.test(text) &&
      /^(?:role|user|group)$/i.test(statement[index + 1]?.text ?? ''),
  );
}

function valueBehind(statement: readonly Piece[], index: number): Piece | undefined {
  const piece = statement[index] as Piece;
  if (piece.kind === 'string') {
    const isName = NAME_ALONE.test(contentOf(piece.text)) && !isInList(statement, index);
    return isName && statement[index + 1]?.text === ',' ? statement[index + 2] : undefined;
  }
  if (!isNameOfSecret(piece)) return undefined;
  let at = index + 1;
  while (/^[=:>]$/.test(statement[at]?.text ?? '')) at++;
  // set app.jwt_secret to '…'
  if (/^to$/i.test(statement[at]?.text ?? '') && statement[at + 1]?.kind === 'string') at++;
  const next = statement[at];
  if (next?.kind === 'string') return next;
  if (at > index + 1) return firstArgument(statement, at);
  // password text not null default '…', password constant text := '…'
  for (let to = at; to < at + LONGEST_TYPE; to++) {
    const { text = ',' } = statement[to] ?? {};
    if (text === ',') break;
    if (/^default$/i.test(text) || (text === ':' && statement[to + 1]?.text === '=')) {
      return statement[text === ':' ? to + 2 : to + 1];
    }
  }
  return next;
}

/** `password = crypt('…', gen_salt('bf'))` */
function firstArgument(statement: readonly Piece[], from: number): Piece | undefined {
  let at = from;
  while (statement[at]?.kind === 'word' || statement[at]?.text === '.') at++;
  while (statement[at]?.text === '(') at++;
  return at > from && statement[at - 1]?.text === '(' ? statement[at] : statement[from];
}

/** The labels of an enum, and what a value may be one of. */
function isInList(statement: readonly Piece[], index: number): boolean {
  let at = index;
  while (
    at > 0 &&
    index - at < LONGEST_LIST &&
    statement[at]?.text !== '(' &&
    statement[at]?.text !== '['
  )
    at--;
  return /^(?:enum|in|any|array)$/i.test(statement[at - 1]?.text ?? '');
}

function contentOf(literal: string): string {
  return literal.replace(/^(?:u&|[bxne])?'|'$/gi, '');
}

/** What stands in a literal, as the server reads it. */
function bodyOf({ kind, text, start }: Piece, outer: Inner): Inner | undefined {
  if (kind === 'comment') return slice(outer, start, start + text.length);
  if (kind !== 'string') return undefined;
  const tag = /^\$\w*\$/.exec(text)?.[0] ?? /^\$[^$]*\$/.exec(text)?.[0];
  if (tag !== undefined) {
    const isClosed = text.length >= 2 * tag.length && text.endsWith(tag);
    return slice(outer, start + tag.length, start + text.length - (isClosed ? tag.length : 0));
  }
  return quotedBody(text, start, outer);
}

function slice(outer: Inner, from: number, to: number): Inner {
  return { text: outer.text.slice(from, to), at: (index) => outer.at(from + index) };
}

function quotedBody(literal: string, start: number, outer: Inner): Inner {
  const opening = /^(?:u&|[bxne])?'/i.exec(literal)?.[0] ?? "'";
  const escapes = /^e/i.test(opening);
  const end =
    literal.endsWith("'") && literal.length > opening.length ? literal.length - 1 : literal.length;
  const content = literal.slice(opening.length, end);
  // As a rule each character stands for itself.
  if (!content.includes("''") && !(escapes && content.includes('\\'))) {
    return slice(outer, start + opening.length, start + end);
  }
  const places: number[] = [];
  let text = '';
  for (let at = opening.length; at < end; at++) {
    const isPair = literal[at] === "'" && literal[at + 1] === "'";
    if (isPair || (escapes && literal[at] === '\\' && at + 1 < end)) at++;
    places.push(start + at);
    text += literal[at];
  }
  return { text, at: (index) => outer.at(places[index] ?? start + end) };
}
