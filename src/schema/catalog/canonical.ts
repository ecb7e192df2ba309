import { type TokenKind, tokensIn } from '../../sql/tokens.js';
import { type CatalogObject, type ObjectKind } from './model.js';

/** A piece of SQL: a run of text, something in quotes, or what stands within brackets. */
type Piece = string | Group;

interface Group {
  open: '(' | '[';
  inside: Piece[];
}

const CLOSES = { '(': ')', '[': ']' } as const;

/** The kinds whose parts hold expressions that the server wrote. */
const WITH_EXPRESSIONS: ReadonlySet<ObjectKind> = new Set([
  ...([
    'domain',
    'column',
    'constraint',
    'index',
    'statistics',
    'view',
    'materialized view',
  ] as const),
  ...(['function', 'procedure', 'trigger', 'rule', 'policy', 'publication'] as const),
]);

/** An object whose expressions are worded as they would be after one more trip through the server. */
export function inCanonicalWords<T extends CatalogObject>(object: T): T {
  if (!WITH_EXPRESSIONS.has(object.kind)) return object;
  return { ...object, parts: everyText(object.parts, canonicalSql) as T['parts'] };
}

/**
 * What the server writes for an expression is not always what it writes when it has read that
 * again, so a schema that came from a dump would differ from one that came from migrations. Two
 * wordings are known, and are brought to the form that then stays:
 *
 * - `(ARRAY['a'::character varying])::text[]`, from `in ('a')`: each element is cast by itself;
 * - `((a OR b) OR c)`, from `between` or `in` beside others: the brackets within go.
 */
export function canonicalSql(sql: string): string {
  if (!/ARRAY\[| OR | AND /.test(sql)) return sql;
  const pieces = parse(sql);
  // Never seen; but what is not understood is better left as it is.
  return textOf(pieces) === sql ? textOf(rewritten(pieces)) : sql;
}

function everyText(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => everyText(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, everyText(item, change)]),
  );
}

function parse(sql: string): Piece[] {
  const stack: Group[] = [{ open: '(', inside: [] }];
  let inRun = false;
  for (const { kind, text } of tokensIn(sql)) {
    const { inside } = stack[stack.length - 1] as Group;
    const isRun = !isQuoted(kind) && !/^[()[\]]$/.test(text);
    if (text === '(' || text === '[') {
      const group: Group = { open: text, inside: [] };
      inside.push(group);
      stack.push(group);
    } else if ((text === ')' || text === ']') && stack.length > 1) stack.pop();
    else if (isRun && inRun) inside.push(`${inside.pop() as string}${text}`);
    else inside.push(text);
    inRun = isRun;
  }
  return stack[0]?.inside ?? [];
}

/** What holds no operator, bracket or comma of the expression itself. */
function isQuoted(kind: TokenKind): boolean {
  return kind === 'string' || kind === 'name';
}

function textOf(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) =>
      typeof piece === 'string'
        ? piece
        : `${piece.open}${textOf(piece.inside)}${CLOSES[piece.open]}`,
    )
    .join('');
}

function rewritten(pieces: readonly Piece[]): Piece[] {
  const inner = pieces.map((piece): Piece =>
    typeof piece === 'string' ? piece : { ...piece, inside: flattened(rewritten(piece.inside)) },
  );
  const result: Piece[] = [];
  for (let index = 0; index < inner.length; index++) {
    const cast = castArray(inner, index);
    if (cast) {
      result.push(...cast.pieces);
      index = cast.last;
    } else result.push(inner[index] as Piece);
  }
  return result;
}

/** `(a OR b) OR c`, and the same with AND, without the brackets. */
function flattened(pieces: Piece[]): Piece[] {
  const [first, second] = pieces;
  if (typeof first !== 'object' || first.open !== '(' || typeof second !== 'string') return pieces;
  const word = /^ (OR|AND) /.exec(second)?.[1];
  if (word === undefined || operatorOf(first.inside) !== word) return pieces;
  return [...first.inside, ...pieces.slice(1)];
}

/** The one operator between the operands of a list in brackets. */
function operatorOf(pieces: readonly Piece[]): string | undefined {
  const words = pieces.flatMap((piece) =>
    typeof piece === 'string'
      ? [...piece.matchAll(/(?<= )(OR|AND)(?= )/g)].map(([word]) => word)
      : [],
  );
  const isQuery =
    typeof pieces[0] === 'string' && /^\s*(SELECT|WITH|VALUES|PARTITION|ORDER)\b/.test(pieces[0]);
  return new Set(words).size === 1 && !isQuery ? words[0] : undefined;
}

/** An array with a cast of the whole, where one begins: its pieces with a cast of each element. */
function castArray(
  pieces: readonly Piece[],
  start: number,
): { pieces: Piece[]; last: number } | undefined {
  const piece = pieces[start];
  const before = typeof piece === 'string' ? /^(.*\b)?ARRAY$/s.exec(piece) : null;
  const [array, next] = before ? [pieces[start + 1], start + 2] : [arrayWithin(piece), start + 1];
  // An empty array has the cast as its type.
  if (typeof array !== 'object' || array.open !== '[' || array.inside.length === 0)
    return undefined;
  const cast = typeAfter(pieces, next);
  if (cast === undefined) return undefined;
  const elements = castElements(array, cast.type, before === null);
  return { pieces: [before?.[1] ?? '', 'ARRAY', elements], last: cast.last };
}

/** The elements of `(ARRAY[…])`. */
function arrayWithin(piece: Piece | undefined): Group | undefined {
  if (typeof piece !== 'object' || piece.open !== '(' || piece.inside.length !== 2)
    return undefined;
  const [word, array] = piece.inside;
  return word === 'ARRAY' && typeof array === 'object' ? array : undefined;
}

/** `::type[]`, where that stands: not with a length, which the elements do not take over. */
function typeAfter(
  pieces: readonly Piece[],
  start: number,
): { type: string; last: number } | undefined {
  let type = '';
  for (let index = start; index < pieces.length; index++) {
    const piece = pieces[index] as Piece;
    if (typeof piece === 'string') type += piece;
    else if (
      piece.open === '[' &&
      piece.inside.length === 0 &&
      /^::(?:"(?:[^"]|"")+"|[\w. ])+$/.test(type)
    ) {
      return { type: type.slice(2), last: index };
    } else return undefined;
  }
  return undefined;
}

function castElements(array: Group, type: string, inBrackets: boolean): Group {
  const inside = elementsOf(array.inside).flatMap((element, index): Piece[] => {
    const [word, group] = element;
    const nested = element.length === 2 && word === 'ARRAY' && typeof group === 'object';
    const isSimple =
      element.length === 1 && typeof word === 'string' && /^\S*$|::[\w. ]+$/.test(word);
    const cast: Piece[] = nested
      ? ['ARRAY', castElements(group, type, inBrackets)]
      : inBrackets || !(isSimple || endsInCast(element))
        ? [{ open: '(', inside: element }, `::${type}`]
        : [...element, `::${type}`];
    return index === 0 ? cast : [', ', ...cast];
  });
  return { open: '[', inside };
}

function endsInCast(element: readonly Piece[]): boolean {
  const last = element[element.length - 1];
  return typeof last === 'string' && /^::[\w. ]+$/.test(last);
}

function elementsOf(pieces: readonly Piece[]): Piece[][] {
  const elements: Piece[][] = [[]];
  const current = (): Piece[] => elements[elements.length - 1] as Piece[];
  for (const piece of pieces) {
    if (typeof piece !== 'string' || /^(?:[a-z]&?)?['"]|^\$/i.test(piece)) {
      current().push(piece);
      continue;
    }
    piece.split(', ').forEach((part, index) => {
      if (index > 0) elements.push([]);
      if (part !== '') current().push(part);
    });
  }
  return elements;
}
