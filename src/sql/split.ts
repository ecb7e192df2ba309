import { isSignificant, tokensIn } from './tokens.js';

/** A statement of a text, and where it begins there. */
export interface PlacedStatement {
  sql: string;
  start: number;
}

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
  let end = 0;
  for (const token of tokensIn(text)) {
    const index = end;
    end += token.text.length;
    if (!isSignificant(token)) continue;
    const piece = token.text;
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
