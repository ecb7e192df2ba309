import { isComment, type Span } from './mentions.js';

/** A package of db-migrate's that code loads, and where. */
export interface Import extends Span {
  module: string;
}

const IMPORT =
  /(?:\brequire(?:\.resolve)?\s*\(\s*|\bfrom\s*|\bimport\s*\(?\s*)(["'`])(db-migrate(?:-pg|-shared|-base)?)(?:\/[^"'`\n]*)?\1/g;

/** The places where a program loads db-migrate, its driver or what the two share. */
export function importsInCode(text: string): Import[] {
  return [...text.matchAll(IMPORT)]
    .map(({ 0: found, 2: module = '', index }) => ({
      module,
      start: index,
      end: index + found.length,
    }))
    .filter(({ start }) => !isComment(text, start));
}
