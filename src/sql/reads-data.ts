import { isSignificant, type Token, tokensOf } from './tokens.js';

/*
 * Whether what a statement answers depends on data. Where it does, code that looks at the answer may
 * decide otherwise in a database that holds other data.
 */

/** What makes rows of nothing but its arguments and the server's own catalog. */
const FUNCTIONS =
  /^(?:pg_\w+|has_\w+|to_reg\w+|current_\w+|set_config|setval|version|format_type|generate_series|unnest|coalesce|nullif|exists|count|min|max|bool_or|bool_and|array_agg|string_agg|json\w*_agg|lower|upper|concat|concat_ws|format|quote_\w+|array|cast|obj_description|col_description|txid_current|string_to_array|string_to_table|regexp_\w+|replace|left|right|length|trim|position|substring|overlay|extract|row_number|array_length|array_to_string)$/;

/** Words that a parenthesis may follow and that call nothing. */
const WORDS =
  /^(?:select|from|where|and|or|not|in|any|all|some|as|on|using|values|case|when|then|else|join|lateral|distinct|over|filter|by|union|except|intersect|limit|offset|is|like|ilike|between|materialized|with|recursive|array|row|exists|having|within|group|char|varchar|character|numeric|decimal|time|timestamp|bit)$/;

/** What `from` follows within the parentheses of these is no table. */
const TAKES_FROM = new Set(['extract', 'substring', 'trim', 'overlay', 'position']);

const ENDS_LIST = new Set(
  'where group order having window limit offset fetch for union except intersect returning set'.split(
    ' ',
  ),
);

/**
 * Whether an answer of rows depends on data: on a table of somebody's, on a sequence, on a function
 * that is not known. What only the server's catalogs are asked for does not: in a shadow they are
 * those of the real database. Pure.
 */
export function readsData(sql: string): boolean {
  const tokens = tokensOf(sql).filter(isSignificant);
  const words = tokens.map(wordOf);
  if (words.includes('returning') || words[0] === 'fetch' || words[0] === 'table') return true;
  const ownNames = commonTables(tokens, words);
  return readsTable(tokens, words, ownNames) || callsUnknown(tokens, words, ownNames);
}

/** A word as the server reads it: a quoted one as it is, any other in lower case. */
function wordOf({ kind, text }: Token): string {
  if (kind === 'word') return text.toLowerCase();
  return kind === 'name' ? text.replace(/^u&/i, '').slice(1, -1).replaceAll('""', '"') : text;
}

/** The names that `with` gives to queries. */
function commonTables(tokens: readonly Token[], words: readonly string[]): Set<string> {
  const names = words.filter((_, index) => {
    const rest = words
      .slice(index + 1, index + 4)
      .filter((w) => w !== 'not' && w !== 'materialized');
    return isName(tokens[index]) && rest[0] === 'as' && rest[1] === '(';
  });
  return new Set(words.includes('with') ? names : []);
}

function isName(token: Token | undefined): boolean {
  return token?.kind === 'word' || token?.kind === 'name';
}

function readsTable(
  tokens: readonly Token[],
  words: readonly string[],
  ownNames: ReadonlySet<string>,
): boolean {
  const opened: string[] = [];
  /** How deep in parentheses the list of tables is that is being read; one for each query. */
  const lists: number[] = [];
  for (const [index, word] of words.entries()) {
    if (word === '(') opened.push(words[index - 1] ?? '');
    if (word === ')') {
      if (lists.at(-1) === opened.length) lists.pop();
      opened.pop();
    }
    const isFrom =
      word === 'from' && words[index - 1] !== 'distinct' && !TAKES_FROM.has(opened.at(-1) ?? '');
    if (isFrom && lists.at(-1) !== opened.length) lists.push(opened.length);
    if (ENDS_LIST.has(word) && lists.at(-1) === opened.length) lists.pop();
    const nextOfList = word === ',' && lists.at(-1) === opened.length;
    if (!isFrom && !nextOfList && word !== 'join') continue;
    if (isTable(tokens, words, index + 1, ownNames)) return true;
  }
  return false;
}

/** Whether a table of somebody's is named at a place where one may be. */
function isTable(
  tokens: readonly Token[],
  words: readonly string[],
  at: number,
  ownNames: ReadonlySet<string>,
): boolean {
  const start = words[at] === 'only' || words[at] === 'lateral' ? at + 1 : at;
  const [first = '', dot] = words.slice(start, start + 2);
  if (!isName(tokens[start])) return false;
  const qualified = dot === '.';
  // A function in the place of a table is looked at with the other functions.
  if (words[start + (qualified ? 3 : 1)] === '(') return false;
  if (qualified) return first !== 'information_schema' && first !== 'pg_catalog';
  return !ownNames.has(first) && !first.startsWith('pg_');
}

function callsUnknown(
  tokens: readonly Token[],
  words: readonly string[],
  ownNames: ReadonlySet<string>,
): boolean {
  return words.some((word, index) => {
    if (words[index + 1] !== '(' || !isName(tokens[index])) return false;
    if (tokens[index]?.kind === 'word' && WORDS.test(word)) return false;
    return !FUNCTIONS.test(word) && !ownNames.has(word) && words[index - 1] !== 'as';
  });
}
