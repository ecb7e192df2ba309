import { isSignificant, Scanner } from './tokens.js';

/** A statement of a text, and where it begins there. */
export interface PlacedStatement {
  sql: string;
  start: number;
}

/**
 * Cuts a text into its statements, as the server does. One that the text ends in the middle of is a
 * statement, too.
 */
export function splitStatements(text: string): PlacedStatement[] {
  const statements: PlacedStatement[] = [];
  const nesting = new Nesting();
  const piece = new Scanner(text);
  let start = -1;
  let end = 0;
  const close = () => {
    if (start >= 0) statements.push({ sql: text.slice(start, end), start });
    start = -1;
  };
  while (piece.next()) {
    if (!isSignificant(piece)) continue;
    const isLast = nesting.isEndedBy(piece);
    if (start < 0 && !isLast) start = piece.start;
    end = piece.end;
    if (isLast) close();
  }
  close();
  return statements;
}

/**
 * The semicolons that end no statement: those in brackets, as in a rule that does several things, and
 * those in the body of a routine in SQL's own form. Such a body is what `begin atomic` begins outside
 * of brackets, and what `end` ends where a statement could begin: anywhere else, in PostgreSQL's
 * grammar, the words are a `case` or somebody's names.
 */
class Nesting {
  private brackets = 0;
  private bodies = 0;
  /** Where the innermost statement begins; -1 before its first piece. */
  private start = -1;
  /** Whether the piece before was `begin`, outside of brackets. */
  private isBegun = false;

  /** Takes the next piece of a text, and tells whether it ends a statement. */
  isEndedBy(piece: Scanner): boolean {
    const symbol = piece.kind === 'symbol' ? piece.sql[piece.start] : '';
    if (symbol === '(') this.brackets++;
    if (symbol === ')' && this.brackets > 0) this.brackets--;
    if (this.brackets > 0) return false;
    const isFirst = this.start < 0;
    if (isFirst) this.start = piece.start;
    if (isFirst && this.bodies > 0 && isWord(piece, 'end')) this.bodies--;
    const beginsBody = this.isBegun && isWord(piece, 'atomic') && this.isRoutine(piece.sql);
    if (beginsBody) this.bodies++;
    if (beginsBody || symbol === ';') this.start = -1;
    this.isBegun = isWord(piece, 'begin');
    return symbol === ';' && this.bodies === 0;
  }

  private isRoutine(sql: string): boolean {
    const head = new Scanner(sql, this.start);
    const words: string[] = [];
    while (words.length < 4 && head.next()) if (isSignificant(head)) words.push(head.text);
    return /^create (?:or replace )?(?:function|procedure)\b/i.test(words.join(' '));
  }
}

function isWord(piece: Scanner, word: string): boolean {
  const { kind, start, end } = piece;
  return kind === 'word' && end - start === word.length && piece.text.toLowerCase() === word;
}
