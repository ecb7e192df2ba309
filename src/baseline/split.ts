/** A statement of a text, and where it begins there. */
export interface PlacedStatement {
  sql: string;
  start: number;
}

/**
 * What matters in the SQL that the server renders: what a semicolon may stand in, words, and the
 * semicolon itself.
 */
const PIECE =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\b[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1|[A-Za-z_][\w$]*|[();]/g;

/**
 * Cuts a text into its statements, as psql does: the body of a routine in SQL's own form (`begin
 * atomic`) has semicolons of its own, and so has a rule that does several things, in brackets.
 */
export function splitStatements(text: string): PlacedStatement[] {
  const statements: PlacedStatement[] = [];
  let start = -1;
  let depth = 0;
  let brackets = 0;
  let isRoutine = false;
  for (const { 0: piece, index } of text.matchAll(PIECE)) {
    if (piece.startsWith('--') || piece.startsWith('/*')) continue;
    if (start < 0 && piece !== ';') [start, depth, brackets, isRoutine] = [index, 0, 0, false];
    if (piece === '(') brackets++;
    if (piece === ')') brackets--;
    const word = piece.toLowerCase();
    if (word === 'function' || word === 'procedure') isRoutine = true;
    if (isRoutine && (word === 'begin' || (depth > 0 && word === 'case'))) depth++;
    if (depth > 0 && word === 'end') depth--;
    if (piece !== ';' || depth > 0 || brackets > 0 || start < 0) continue;
    statements.push({ sql: text.slice(start, index + 1), start });
    start = -1;
  }
  return statements;
}
