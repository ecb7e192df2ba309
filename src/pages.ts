import { calledFrom } from './command-line.js';
import { isAbsolute, join, relative } from 'node:path';

/** The pages of the documentation lie in this package, wherever it is installed. */
const FOLDER = join(__dirname, '..', 'docs', 'errors');

/**
 * The page about a code of the table: the path of a file, relative where it lies in the working
 * directory.
 *
 * @example
 * pageOf('NOT_ADOPTED'); // node_modules/knexward/docs/errors/NOT_ADOPTED.md
 */
export function pageOf(code: string, from = calledFrom()): string {
  return shown(join(FOLDER, `${code}.md`), from);
}

/** The page about one of PostgreSQL's codes, such as `42P07`. */
export function pageOfSqlstate(sqlstate: string, from = calledFrom()): string {
  return pageOf(`sqlstate-${sqlstate}`, from);
}

function shown(path: string, from: string): string {
  const inside = relative(from, path);
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside;
}
