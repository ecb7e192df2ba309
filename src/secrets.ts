import { SECRET_WORD as WORD, secretsInSql, type Span } from './secrets-in-sql.js';

/*
 * What must never be shown: passwords in connection strings and in statements. A secret is found
 * by its place in a URL, or by the name that stands in front of it.
 */

const MASK = '***';
/** A name that a secret goes by: password, db_password, PGPASSWORD, "password" and the like. */
const NAME = `(?<![\\w?&])["'\`]?\\w*${WORD}["'\`]?`;
/** A literal in SQL's quotes, in double ones, or in dollars. Each text matches in one way only, or a long one takes for ever. */
const LITERAL = [
  `(?:e|n|u&)?'(?<single>[^'\\\\]*(?:(?:''|\\\\.?)[^'\\\\]*)*)(?:'|$)`,
  `"(?<double>[^"\\\\]*(?:(?:""|\\\\.?)[^"\\\\]*)*)(?:"|$)`,
  `(?<tag>\\$\\w*\\$)(?<dollars>.*?)(?:\\k<tag>|$)`,
].join('|');
/** What follows a name and is no placeholder; a function's first text, too. */
const bare = (except: string): string =>
  `(?<bare>(?!\\$\\d|\\?|\\*\\*\\*)[^\\s'"${except}]+(?:'(?:''|[^'])*')?)`;

/** In each, the named groups are secrets; only `tag` is none. */
const PATTERNS = [
  // postgres://user:secret@host, and postgres:/user:secret@host, which a path makes of it
  `\\b[a-z][a-z0-9+.-]{0,30}:/{1,2}[^\\s:/@'"]*:(?<inUrl>[^\\s/'"]+)@`,
  // postgres://host/db?password=secret&sslmode=require
  `[?&]\\w*${WORD}=(?<inQuery>[^\\s&'"]+)`,
  // password 'secret', password: "secret", password = $$secret$$
  `${NAME}\\s*(?:[=:]\\s*|\\s)(?:${LITERAL})`,
  // In a connection string that is a SQL literal: password=''secret''
  `${NAME}=''(?<doubled>[^'\\n]+)''`,
  // In a connection string: password=secret
  `${NAME}=${bare('')}`,
  // In a statement: set password = crypt('secret', …)
  `${NAME}\\s*=\\s*${bare(',;)')}`,
].map((source) => new RegExp(source, 'gisd'));

/** What every text has in it that one of them finds something in: most texts have none of it. */
const HINT = new RegExp(`:/|${WORD}`, 'i');

/** A token for each connection would fill the memory without end; a fleet has a password for each target. */
const MOST_KNOWN = 100_000;
/** A shorter one would be found in innocent words. */
const LEAST_LENGTH = 6;
/** A shorter one tells nobody anything. */
const LEAST_QUOTED = 3;

/** Texts that are looked for together: a text is read once, however many there are. */
class KnownSecrets {
  private readonly secrets = new Set<string>();
  private readonly lengthsByStart = new Map<string, Set<number>>();
  private readonly firstLetters = new Set<number>();

  get size(): number {
    return this.secrets.size;
  }

  add(secret: string): void {
    const start = secret.slice(0, LEAST_LENGTH);
    this.secrets.add(secret);
    this.lengthsByStart.set(
      start,
      (this.lengthsByStart.get(start) ?? new Set()).add(secret.length),
    );
    this.firstLetters.add(secret.charCodeAt(0));
  }

  placesIn(text: string): Span[] {
    const places: Span[] = [];
    for (let start = 0; this.size > 0 && start + LEAST_LENGTH <= text.length; start++) {
      if (!this.firstLetters.has(text.charCodeAt(start))) continue;
      const lengths = this.lengthsByStart.get(text.slice(start, start + LEAST_LENGTH));
      for (const length of lengths ?? []) {
        const end = start + length;
        if (this.secrets.has(text.slice(start, end))) places.push({ start, end });
      }
    }
    return places;
  }
}

/** Passwords of connections that were made: of the older ones, as many are kept as of the newer ones. */
let newer = new KnownSecrets();
let older = new KnownSecrets();

/**
 * Remembers a connection's password, so that it is masked wherever it stands in a text: as it is, and
 * as it stands in a URL, in JSON and in a SQL literal.
 *
 * @param shown what is shown of the same connection, such as its user: that is no secret
 */
export function keepSecret(password: unknown, shown: readonly unknown[]): void {
  if (typeof password !== 'string' || password.length < LEAST_LENGTH || shown.includes(password))
    return;
  if (newer.size >= MOST_KNOWN) [newer, older] = [new KnownSecrets(), newer];
  for (const form of formsOf(password)) newer.add(form);
}

function formsOf(password: string): string[] {
  // A lone surrogate cannot be encoded.
  const encoded = encodeURIComponent(password.replace(/\p{Surrogate}/gu, '\uFFFD'));
  const strict = encoded.replace(/[!'()*~]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  const asQuery = new URLSearchParams({ '': password }).toString().slice(1);
  const inUrls = [encoded, strict.replace(/%../g, (hex) => hex.toUpperCase()), asQuery];
  const lower = inUrls.map((text) => text.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()));
  const escaped = [JSON.stringify(password).slice(1, -1), password.replace(/'/g, "''")];
  return [password, ...inUrls, ...lower, ...escaped];
}

/**
 * The text with every password in it replaced: those in URLs and connection strings, those that a
 * statement gives a role or a user mapping, and those that are assigned to a name that says so.
 *
 * @example
 * redact("create role app login password 'hunter2'"); // create role app login password '***'
 */
export function redact(text: string): string {
  return redactAround(text, 0).text;
}

/**
 * As `redact`, and tells where a place in the text has moved to.
 *
 * @param offset an index into the text
 */
export function redactAround(text: string, offset: number): { text: string; offset: number } {
  let shown = '';
  let copied = 0;
  let moved = offset;
  for (const { start, end } of findSecrets(text)) {
    // Its line breaks stay, so that the lines behind it keep their numbers.
    const mask = MASK + text.slice(start, end).replace(/[^\n]/g, '');
    if (offset >= end) moved += mask.length - (end - start);
    else if (offset > start) moved -= offset - start;
    shown += text.slice(copied, start) + mask;
    copied = end;
  }
  return { text: shown + text.slice(copied), offset: moved };
}

/**
 * Redacts what the server says about a statement, too: it quotes the piece that it stumbled over, which
 * may be one of the statement's secrets. A value that the statement shows anyway, as the name of a
 * table perhaps, is none.
 *
 * @returns what does as `redact` for any text about that statement
 */
export function redactionAbout(statement: string): (text: string) => string {
  const spans = findSecrets(statement);
  const values = new Set(
    spans
      .map(({ start, end }) => statement.slice(start, end).replace(/^['"$]+|['"$;]+$/g, ''))
      .filter((value) => value.length >= LEAST_QUOTED),
  );
  const rest = values.size === 0 ? '' : without(statement, spans);
  return (text) => {
    const quoted = [...values].filter((value) => text.includes(value) && !rest.includes(value));
    const longestFirst = quoted.sort((a, b) => b.length - a.length);
    return redact(longestFirst.reduce(maskQuoted, text));
  };
}

/** What stands before a value that the server quotes, and behind it. */
const BEFORE = /(?:["'(=]|[,:] )$/;
const BEHIND = /^(?:["'),\n]|$)/;

function maskQuoted(text: string, value: string): string {
  let shown = '';
  let copied = 0;
  for (const { start, end } of placesOf(value, text)) {
    const isQuoted = BEFORE.test(text.slice(0, start)) && BEHIND.test(text.slice(end));
    if (!isQuoted) continue;
    shown += text.slice(copied, start) + MASK;
    copied = end;
  }
  return shown + text.slice(copied);
}

function without(text: string, spans: readonly Span[]): string {
  const edges = [0, ...spans.flatMap(({ start, end }) => [start, end]), text.length];
  const pieces = edges.flatMap((edge, at) =>
    at % 2 === 0 ? [text.slice(edge, edges[at + 1])] : [],
  );
  return pieces.join(' ');
}

/** Where the secrets are: in order, and apart from each other. */
function findSecrets(text: string): Span[] {
  const literal = [...newer.placesIn(text), ...older.placesIn(text)];
  if (!HINT.test(text) && literal.length === 0) return [];
  const byPattern = PATTERNS.flatMap((pattern) => [...text.matchAll(pattern)].flatMap(spansOf));
  const spans = byPattern.concat(literal, secretsInKeys(text), secretsInSql(text));
  spans.sort((a, b) => a.start - b.start);
  const apart: Span[] = [];
  for (const span of spans) {
    const last = apart.at(-1);
    if (last && span.start <= last.end) last.end = Math.max(last.end, span.end);
    else apart.push(span);
  }
  return apart;
}

const SECRET_NAME = new RegExp(WORD, 'i');

/**
 * In PostgreSQL's words on a unique constraint: Key (api_key)=(secret) already exists. Not by a pattern: of a long text
 * that is full of parentheses, it would read the rest at each of them.
 */
export function secretsInKeys(text: string): Span[] {
  const found: Span[] = [];
  const closing = /\)(?= |$)/g;
  let end = 0;
  for (let at = text.indexOf(')=('); at !== -1; at = text.indexOf(')=(', Math.max(at + 1, end))) {
    const open = text.lastIndexOf('(', at);
    const isOne = open >= end && open > text.lastIndexOf(')', at - 1);
    if (at === 0 || !isOne || !SECRET_NAME.test(text.slice(open, at))) continue;
    closing.lastIndex = at + 3;
    const closed = closing.exec(text);
    if (!closed) break;
    end = closed.index + 1;
    if (closed.index > at + 3) found.push({ start: at + 3, end: closed.index });
  }
  return found;
}

function placesOf(secret: string, text: string): Span[] {
  const places: Span[] = [];
  for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + secret.length)) {
    places.push({ start: at, end: at + secret.length });
  }
  return places;
}

function spansOf(match: RegExpMatchArray): Span[] {
  const groups: Record<string, [number, number] | undefined> = match.indices?.groups ?? {};
  return Object.entries(groups).flatMap(([name, place]) => {
    if (name === 'tag' || place === undefined || place[0] === place[1]) return [];
    return [{ start: place[0], end: place[1] }];
  });
}
